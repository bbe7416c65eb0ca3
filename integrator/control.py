"""The control socket: how a command on the same machine asks the `serve` that holds the store.

One JSON line {"command", "args"} in, one JSON line {"answer"} or {"error", "text"} out, over a Unix socket of mode 0600
in the data folder. Whoever may open the socket is whoever may read the store.
"""

from __future__ import annotations

import contextlib
import inspect
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from integrator.errors import ConfigError, Held, IntegratorError, Refused, Rejected, RetryLater, Waiting
from integrator.telemetry.logs import logger, place_of

log = logger(part="control")

NAME = "control.sock"  # in the data folder
LONGEST_PATH = 100  # bytes; Linux allows 107, macOS 103
LONGEST_LINE = 1 << 20  # bytes of a request
PATIENCE = 600.0  # seconds that a command may take

ERRORS = {error.__name__: error for error in (ConfigError, Rejected, Held, RetryLater, Refused, Waiting)}


class Control:
    """Answers commands with plain functions; each takes the named arguments of its request and returns JSON values."""

    def __init__(self, path: Path, commands: Mapping[str, Callable[..., Any]]):
        self.path, self._commands = path, dict(commands)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def taken(self) -> bool:
        """Whether another process listens already."""
        other = _connect(self.path)
        if other:
            other.close()
        return other is not None

    def start(self) -> None:
        """Listens. ConfigError: another process does so already, or the path is too long for a socket."""
        if len(bytes(self.path)) > LONGEST_PATH:
            raise ConfigError(f"the path of the control socket is too long, choose a shorter folder: {self.path}")
        if self.taken():
            raise ConfigError(f"another process listens at {self.path}")
        self.path.unlink(missing_ok=True)  # left by a process that was killed
        self._socket.bind(str(self.path))
        self.path.chmod(0o600)  # before listen: until then nobody can connect
        self._socket.listen(8)
        self._thread.start()

    def stop(self) -> None:
        """Ends listening; commands that are being answered end by themselves."""
        self._stopped.set()
        waker = _connect(self.path)
        if waker:
            waker.close()
            self._thread.join(timeout=5)  # where another process took the path meanwhile, nobody wakes it
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if self._stopped.is_set():
                connection.close()
                return
            threading.Thread(target=self._answer, args=(connection,), name="control command", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            try:
                line = _line(connection, LONGEST_LINE)
            except OSError:
                return  # the asker went away
            if not line:
                return
            answer = orjson.dumps(self._reply(line), default=str) + b"\n"
            with contextlib.suppress(OSError):  # the asker went away; the command is done all the same
                connection.sendall(answer)

    def _reply(self, line: bytes) -> dict[str, Any]:
        try:
            return {"answer": self._run(line)}
        except IntegratorError as error:
            kinds = (kind.__name__ for kind in type(error).__mro__)
            return {"error": next(kind for kind in kinds if kind in ERRORS), "text": str(error)}
        except Exception as fault:  # the asker gets a word, the log the place, and serve goes on
            log.error("a fault of Integrator in a command", at=place_of(fault))
            text = f"a fault of Integrator ({type(fault).__name__}); its transaction was undone, the log has the place"
            return {"error": "Held", "text": text}

    def _run(self, line: bytes) -> Any:
        try:
            request = orjson.loads(line)
            command, args = request["command"], request["args"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Rejected("a request is one line of JSON with command and args") from None
        function = self._commands.get(command)
        if function is None:
            raise Rejected(f"there is no command {command!r}; there are {', '.join(sorted(self._commands))}")
        try:
            inspect.signature(function).bind(**args)
        except TypeError as wrong:
            raise Rejected(f"{command}: {wrong}") from None
        return function(**args)


def ask(path: Path, command: str, **args: Any) -> dict[str, Any] | None:
    """Asks the running `serve`. None: nobody listens at this path.

    Raises the error of ours that the command raised there, by name and text; RetryLater: it went away meanwhile.
    """
    connection = _connect(path)
    if connection is None:
        return None
    with connection:
        connection.settimeout(PATIENCE)
        try:
            connection.sendall(orjson.dumps({"command": command, "args": args}) + b"\n")
            line = _line(connection)
        except OSError as error:
            raise RetryLater(f"the running integrator did not answer: {error}", ambiguous=True) from None
    if not line:
        raise RetryLater("the running integrator closed the connection without an answer", ambiguous=True)
    reply = orjson.loads(line)
    if "error" in reply:
        raise ERRORS[reply["error"]](reply["text"])
    answer: dict[str, Any] = reply["answer"]
    return answer


def _connect(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    return connection


def _line(connection: socket.socket, longest: int | None = None) -> bytes:
    """The bytes up to a line end; empty where the other side closed first or sent more than the longest line."""
    line = bytearray()
    while not line.endswith(b"\n"):
        part = connection.recv(1 << 16)
        if not part or (longest is not None and len(line) + len(part) > longest):
            return b""
        line += part
    return bytes(line)

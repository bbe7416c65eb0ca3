"""A sandbox system as a process of its own: what tests and the demo start, stop, kill and start again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import requests


class SandboxProcess:
    """`with` starts the real process; it is stopped by its own pid. `options` are those of its command line."""

    program: ClassVar[str]  # the module that is run
    below: ClassVar[str]  # path of its interface

    def __init__(self, store: Path | str, clock: Path | str | None, port: int, options: tuple[str, ...]):
        self.store, self.clock, self.port = Path(store), clock, port
        self._options = options
        self.process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`; stays the same over restarts."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        """The address of its interface."""
        return f"{self.address}{self.below}"

    def start(self) -> Self:
        """Starts the process and waits until it says that it is ready."""
        command = [sys.executable, "-m", self.program, "--port", str(self.port), "--store", str(self.store)]
        command += ["--until-stdin-ends", *self._options]
        command += ["--clock", str(self.clock)] if self.clock else []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C on a terminal reaches whoever started this, and that one stops it
        )
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError(f"{self.program} did not start: {line!r}, exit {self.process.wait(10)}")
        self.port = int(line.split(self.below)[0].rsplit(":", 1)[1])
        return self

    def stop(self) -> None:
        """Ends the process orderly."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the process as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Starts again on the same port and store, after ending what still runs."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        process.wait(10)
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def _get(self, what: str, **asked: Any) -> Any:
        answer = requests.get(f"{self.address}/sandbox/{what}", params=asked, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _post(self, what: str, wish: Any) -> Any:
        answer = requests.post(f"{self.address}/sandbox/{what}", json=wish, timeout=30)
        answer.raise_for_status()
        return answer.json()

"""The MLLP sender: one message out, its answer back, and no answer is ever credited to another message."""

from __future__ import annotations

import contextlib
import socket
import time

from integrator.connectors.mllp.connection import keep_alive
from integrator.errors import Rejected, RetryLater
from integrator.formats.hl7v2.answers import acknowledgement
from integrator.formats.hl7v2.headers import header
from integrator.formats.hl7v2.mllp import Frame, TooLong, Unframer, frame

LONGEST_ANSWER = 1024 * 1024


class MllpSender:
    """A connection to one receiver; it is opened when needed and kept. Not for several threads at once.

    `timeout` in seconds is for connecting, and again for sending and the answer together.
    """

    def __init__(self, host: str, port: int, timeout: float = 30.0) -> None:
        self.host = host
        self.port = port
        self.timeout = timeout
        self._socket: socket.socket | None = None

    def send(self, data: bytes) -> bytes:
        """Sends a message and gives back the answer whose MSA-2 is its MSH-10.

        Raises RetryLater, with `ambiguous` where the receiver may have taken the message: no answer in time, the
        connection closed before it, an answer to something else, or one that cannot be read. The connection is then
        closed, so that a late answer cannot be taken for the next one; so it is where more came than was asked.
        """
        wanted = header(data).control_id
        connection = self._connected()
        until = time.monotonic() + self.timeout
        in_step = False
        try:
            connection.settimeout(self.timeout)
            connection.sendall(frame(data))
            answer, alone = self._answer(connection, until)
            self._check(answer, wanted)
            in_step = alone
            return answer
        except TimeoutError as error:
            raise RetryLater(f"no answer within {self.timeout:g} s", ambiguous=True) from error
        except OSError as error:
            raise RetryLater(f"the connection broke: {error.strerror or error}", ambiguous=True) from error
        finally:
            if not in_step:
                self.close()

    def close(self) -> None:
        """Closes the connection; the next `send` opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> MllpSender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> socket.socket:
        """The kept connection, if the receiver has neither closed it nor said something unasked; else a new one."""
        if self._socket is not None and not _silent(self._socket):
            self.close()
        if self._socket is None:
            try:
                self._socket = socket.create_connection((self.host, self.port), self.timeout)
            except OSError as error:
                reason = f"no connection to {self.host}:{self.port}: {error.strerror or error}"
                raise RetryLater(reason) from error
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            keep_alive(self._socket)
        return self._socket

    def _answer(self, connection: socket.socket, until: float) -> tuple[bytes, bool]:
        """The first answer that comes, and whether nothing came behind it."""
        unframer = Unframer(LONGEST_ANSWER)
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            # An FS whose CR does not come is the end, as for the listener; the time-out need not pass first.
            connection.settimeout(min(left, 0.25) if unframer.ends_in_doubt else left)
            data: bytes | None = None
            with contextlib.suppress(TimeoutError):
                data = connection.recv(65536)
            pieces = unframer.feed(data) if data else unframer.settle()
            for position, piece in enumerate(pieces, 1):
                if isinstance(piece, Frame):
                    return piece.data, position == len(pieces) and not unframer.open
                if isinstance(piece, TooLong):
                    raise RetryLater("an answer without end", ambiguous=True)
            if data == b"":
                raise RetryLater("the connection was closed before an answer came", ambiguous=True)

    def _check(self, answer: bytes, wanted: str) -> None:
        try:
            found = acknowledgement(answer, "latin-1").control_id
        except Rejected as error:
            raise RetryLater(f"an answer that is no acknowledgement: {error.text}", ambiguous=True) from error
        if found != wanted:
            raise RetryLater("an answer to another message (MSA-2 is not our MSH-10)", ambiguous=True)


def _silent(connection: socket.socket) -> bool:
    """Whether the kept connection is open and has nothing to read: an end or an unasked answer makes it useless."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False

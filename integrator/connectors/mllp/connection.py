"""One accepted connection: bytes in, frames out, answers waiting to be written."""

from __future__ import annotations

import socket
import time

from integrator.formats.hl7v2.mllp import Frame, Junk, TooLong, Unframer, frame

CHUNK = 64 * 1024


def keep_alive(connection: socket.socket) -> None:
    """Notices a sender that is gone without a word within two minutes; firewalls forget idle connections after five."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):  # not on every system
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


class Connection:
    """The state of one sender's connection; the listener's thread is the only one that touches it."""

    def __init__(self, accepted: socket.socket, source: str, peer: str, max_frame: int) -> None:
        self.socket = accepted
        self.source = source
        self.peer = peer
        self.unframer = Unframer(max_frame)
        self.out = bytearray()
        self.closing = False  # no further message is taken; ends when all answers are written
        self.heard_end = False  # the sender has ended its half
        self.closes_at = 0.0  # on the monotonic clock; 0: not before the sender wants to
        self.heard_at = 0.0
        self.watched = 0  # the events that the listener's selector waits for
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_alive(accepted)

    @property
    def ends_in_doubt(self) -> bool:
        """Whether an FS was the last byte: the clock decides whether it was the end."""
        return self.unframer.ends_in_doubt and not self.closing

    def read(self) -> tuple[list[Frame | Junk | TooLong], bool]:
        """What has come, and whether that was all there will be."""
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return [], False
        except OSError:  # reset by the sender, or timed out by keep-alive
            self.heard_end = True
            return [], True
        self.heard_at = time.monotonic()
        if self.closing:  # already told why; what still comes is thrown away
            self.heard_end = not data
            return [], not data
        if data:
            return self.unframer.feed(data), False
        self.heard_end = True
        return self.unframer.settle(), True

    def answer(self, data: bytes | None, close: bool) -> None:
        """Puts an answer in line."""
        if data is not None:
            self.out += frame(data)
        self.closing = self.closing or close

    def write(self) -> bool:
        """Writes what the network takes now; False if nobody takes it any more."""
        try:
            while self.out:
                sent = self.socket.send(self.out)
                del self.out[:sent]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Closes; what has come unread is thrown away first, for it would turn the close into a reset.

        A reset makes some senders lose the answers that they had not read yet.
        """
        try:
            for _ in range(64):
                if not self.socket.recv(CHUNK):
                    break
        except OSError:
            pass  # nothing more to read, or nobody there
        self.socket.close()

    def end_our_half(self) -> bool:
        """Says that no more answers will come; False if the connection is gone."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True

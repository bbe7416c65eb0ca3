"""MLLP framing, pure: VT message FS CR, however the network cuts it (HL7 v2 transport, MLLP release 1)."""

from __future__ import annotations

from typing import NamedTuple

VT, FS, CR, LF = 0x0B, 0x1C, 0x0D, 0x0A


def frame(data: bytes) -> bytes:
    """A message as it travels."""
    return b"\x0b" + data + b"\x1c\r"


class Frame(NamedTuple):
    """One whole message, without its frame."""

    data: bytes


class Junk(NamedTuple):
    """Bytes outside of frames, skipped."""

    size: int


class TooLong(NamedTuple):
    """A frame over the limit; `head` are its first bytes. It is reported once, the rest of it is skipped."""

    head: bytes


class Unframer:
    """Takes bytes as they come and gives whole frames, in order.

    FS ends a frame when CR, LF or the VT of the next frame follows. An FS that is followed by anything else is part
    of the message. An FS that is the last byte so far ends it when `settle` says that the sender has paused.
    """

    HEAD = 8192

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._inside = False
        self._skipping = False  # the rest of a frame that was too long
        self._looked = 0  # no end of frame before this position

    @property
    def open(self) -> int:
        """Bytes of a frame that has begun and not ended: truncated, if the connection closes now."""
        return len(self._buffer) + 1 if self._inside else 0

    @property
    def ends_in_doubt(self) -> bool:
        """Whether the last byte was an FS that may or may not be the end."""
        return self._inside and self._buffer.endswith(b"\x1c")

    def feed(self, data: bytes) -> list[Frame | Junk | TooLong]:
        """What these bytes complete."""
        if not (self._inside or self._buffer) and self._is_one_frame(data):
            return [Frame(data[1:-2])]
        self._buffer += data
        out: list[Frame | Junk | TooLong] = []
        while self._buffer and (self._take_frame(out) if self._inside else self._find_start(out)):
            pass
        return out

    def settle(self) -> list[Frame | Junk | TooLong]:
        """The sender has paused or closed: an FS at the end ends the frame, though no CR came."""
        if not self.ends_in_doubt:
            return []
        out = self.feed(b"\r")
        return out

    def _is_one_frame(self, data: bytes) -> bool:
        """Whether these bytes are one frame and nothing else, as they mostly come: then nothing needs to be kept."""
        whole = data.startswith(b"\x0b") and data.endswith(b"\x1c\r") and len(data) <= self.limit
        return whole and data.find(b"\x1c") == len(data) - 2

    def _find_start(self, out: list[Frame | Junk | TooLong]) -> bool:
        start = self._buffer.find(VT)
        before = bytes(self._buffer if start < 0 else self._buffer[:start])
        # The CR of a frame whose FS was taken for its end, and line feeds between frames, are not worth a count.
        if junk := len(before.strip(b"\r\n")):
            out.append(Junk(junk))
        del self._buffer[: len(before) + (start >= 0)]
        self._inside = start >= 0
        self._looked = 0
        return self._inside

    def _take_frame(self, out: list[Frame | Junk | TooLong]) -> bool:
        end = self._find_end()
        length = len(self._buffer) if end is None else end
        if length > self.limit and not self._skipping:
            self._skipping = True
            out.append(TooLong(bytes(self._buffer[: min(self.HEAD, self.limit)])))
        if end is None:
            if self._skipping:
                self._forget_all_but_last()
            return False
        if not self._skipping:
            out.append(Frame(bytes(self._buffer[:end])))
        # A VT right behind FS begins the next frame and stays; CR or LF goes with this one.
        del self._buffer[: end + (1 if self._buffer[end + 1] == VT else 2)]
        self._inside = self._skipping = False
        return True

    def _find_end(self) -> int | None:
        """The position of the FS that ends the frame, None if it has not come."""
        position = self._buffer.find(FS, self._looked)
        while position >= 0:
            if position + 1 == len(self._buffer):
                self._looked = position
                return None
            if self._buffer[position + 1] in (CR, LF, VT):
                return position
            position = self._buffer.find(FS, position + 1)
        self._looked = len(self._buffer)
        return None

    def _forget_all_but_last(self) -> None:
        del self._buffer[:-1]
        self._looked = 0

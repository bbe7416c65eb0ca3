"""Files of messages: one or many, plain, in MLLP frames or in a batch (FHS, BHS ... BTS, FTS), cut into messages."""

from __future__ import annotations

import re

from integrator.formats.hl7v2.charsets import sniff
from integrator.formats.hl7v2.mllp import Frame, Unframer

_BEGIN = re.compile(r"(?:\A|(?<=[\r\n]))(MSH|FHS|BHS|BTS|FTS)(?=[^\w\s])")


def split_messages(data: bytes) -> list[bytes]:
    """The messages of a file, in order, each with the bytes that it had; envelopes of batches are left out.

    What stands before the first MSH and is no envelope comes as a piece of its own: parsing it says what is wrong.
    """
    if data.lstrip(b"\r\n \t").startswith(b"\x0b"):
        # A last frame that was cut off is a piece too: parsing it shows what is there.
        closed = data.rstrip(b"\r\n").removesuffix(b"\x1c") + b"\x1c\r"
        return [piece.data for piece in Unframer(len(closed)).feed(closed) if isinstance(piece, Frame)]
    seen = sniff(data)
    if seen is not None and seen != "utf-8":
        try:
            return [piece.encode(seen) for piece in _split(data.decode(seen))]
        except UnicodeDecodeError:
            return [data]  # parsing it says where the bytes go wrong
    return [piece.encode("latin-1") for piece in _split(data.decode("latin-1"))]


def _split(text: str) -> list[str]:
    mark = re.match(r"(?:\ufeff|ï»¿)?", text)
    lead = mark[0] if mark else ""
    body = text[len(lead) :]
    starts = [(found.start(), found[1]) for found in _BEGIN.finditer(body)]
    pieces = [body[: starts[0][0]]] if starts else [body]
    for position, (start, name) in enumerate(starts):
        end = starts[position + 1][0] if position + 1 < len(starts) else len(body)
        if name == "MSH":
            pieces.append(body[start:end])
    pieces = [piece for piece in pieces if piece.strip()]
    # A byte order mark says what the bytes of every message are, so each keeps it.
    return [lead + piece for piece in pieces]

"""A quick look at MSH (and EVN-2, PID-3) for receiving: enough to store, to route and to answer, without parsing."""

from __future__ import annotations

from typing import NamedTuple

from integrator.errors import Rejected
from integrator.formats.hl7v2.charsets import choose, decode, sniff
from integrator.formats.hl7v2.escapes import STANDARD, Delimiters, delimiters, unescape


class Header(NamedTuple):
    """MSH as sent. `fields` are raw, position n is MSH-n; `codec` reads and writes the header's own bytes."""

    fields: tuple[str, ...]
    delimiters: Delimiters
    codec: str
    event_time: str = ""  # EVN-2.1
    patient: str = ""  # PID-3, raw and whole
    evn_event: str = ""  # EVN-1: the event, where senders of 2.1 leave it out of MSH-9

    def raw(self, field: int) -> str:
        """MSH-n, raw and whole; "" where it is absent."""
        return self.fields[field] if field < len(self.fields) else ""

    def part(self, field: int, component: int = 1) -> str:
        """A component of the first repetition of MSH-n, unescaped."""
        fields, delims = self.fields, self.delimiters
        raw = fields[field] if field < len(fields) else ""
        if not raw:  # most of MSH mostly is
            return ""
        if delims.repetition and delims.repetition in raw:
            raw = raw.split(delims.repetition, 1)[0]
        parts = raw.split(delims.component)
        return unescape(parts[component - 1], delims) if component <= len(parts) else ""

    @property
    def control_id(self) -> str:
        """MSH-10 exactly as sent."""
        return self.raw(10)

    @property
    def sent_at(self) -> str:
        """MSH-7.1, as sent."""
        return self.part(7)

    @property
    def type(self) -> str:
        """MSH-9.1: "SIU"."""
        return self.part(9)

    @property
    def event(self) -> str:
        """MSH-9.2: "S12"; else EVN-1."""
        return self.part(9, 2) or self.evn_event

    @property
    def structure(self) -> str:
        """MSH-9.3: "SIU_S12"; "" up to 2.3 and for many later senders."""
        return self.part(9, 3)

    @property
    def version(self) -> str:
        """MSH-12.1: "2.5.1"."""
        return self.part(12)

    @property
    def processing_id(self) -> str:
        """MSH-11.1: P, T or D."""
        return self.part(11)

    @property
    def charset(self) -> str:
        """The first repetition of MSH-18, as sent."""
        return self.charsets[0] if self.charsets else ""

    @property
    def charsets(self) -> tuple[str, ...]:
        """All repetitions of MSH-18, as sent."""
        return charset_names(self.raw(18), self.delimiters.repetition)

    @property
    def accept_ack(self) -> str:
        """MSH-15: AL, NE, ER, SU or ""."""
        return self.part(15)

    @property
    def application_ack(self) -> str:
        """MSH-16: AL, NE, ER, SU or ""."""
        return self.part(16)

    @property
    def enhanced(self) -> bool:
        """Whether the sender asked for enhanced acknowledgement: CA, CE, CR instead of AA, AE, AR."""
        return bool(self.accept_ack or self.application_ack)

    @property
    def application(self) -> str:
        """MSH-3.1."""
        return self.part(3)

    @property
    def facility(self) -> str:
        """MSH-4.1."""
        return self.part(4)

    @property
    def receiving_application(self) -> str:
        """MSH-5.1."""
        return self.part(5)

    @property
    def receiving_facility(self) -> str:
        """MSH-6.1."""
        return self.part(6)


def charset_names(raw: str, repetition: str) -> tuple[str, ...]:
    """The repetitions of MSH-18, at the repetition separator ("" if there is none)."""
    if not raw:
        return ()
    return tuple(raw.split(repetition)) if repetition else (raw,)


def header(data: bytes, charset: str | None = None) -> Header:
    """MSH of one message; `charset` is the source's codec, for a header that is not ASCII.

    Raises Rejected (table 0357) for no MSH, for two of them, for delimiters that separate nothing and for no MSH-10.
    An unknown version, type or event is none of its business: a router carries what it does not understand.
    """
    found = _look(data, charset)
    if not found.control_id.strip():
        raise Rejected("no message control id (MSH-10)", "100", "MSH-10")
    return found


def glimpse(data: bytes, charset: str | None = None) -> Header:
    """As much of a header as can be read, to answer what `header` rejects; never raises."""
    try:
        return _look(data, charset)
    except Rejected:
        pass
    start = data.find(b"MSH")
    line = data[start : line_end(data, start)].decode("latin-1") if start >= 0 else ""
    try:
        delims = _delimiters(line)
    except Rejected:
        return Header(("MSH", "|", "^~\\&"), STANDARD, "latin-1")
    return Header(_fields(line, delims), delims, "latin-1")


def _look(data: bytes, charset: str | None) -> Header:
    seen = sniff(data)
    plain = data.decode(seen, "replace").encode() if seen and seen != "utf-8" else data
    start = message_start(plain)
    end = line_end(plain, start)
    line = plain[start:end]
    text = line.decode("latin-1")
    delims = _delimiters(text)
    fields = _fields(text, delims)
    _only_one(plain, end)
    evn = _line_of(plain, b"EVN", delims, end)
    pid = _line_of(plain, b"PID", delims, end)
    patient = pid[3] if len(pid) > 3 else ""
    codec = "ascii"
    if seen or not (line.isascii() and patient.isascii()):
        codec = _codec_of(data, seen, fields, delims, charset, line + patient.encode("latin-1"))
        written = "utf-8" if plain is not data else codec
        fields = _fields(line.decode(written), delims)
        patient = patient.encode("latin-1").decode(written)
    event_time = evn[2].split(delims.component)[0] if len(evn) > 2 else ""
    return Header(fields, delims, codec, event_time, patient, evn[1] if len(evn) > 1 else "")


def _codec_of(
    data: bytes, seen: str | None, fields: tuple[str, ...], delims: Delimiters, charset: str | None, sample: bytes
) -> str:
    """The codec that reads these bytes, or latin-1, which keeps every byte as it is until somebody can read them."""
    if seen and seen != "utf-8":
        return seen if _decodes(data, seen) else "latin-1"
    names = charset_names(fields[18] if len(fields) > 18 else "", delims.repetition)
    codec, _ = choose(names, charset, seen)
    return codec if _decodes(sample, codec) else "latin-1"


def _decodes(data: bytes, codec: str) -> bool:
    try:
        return decode(data, codec).encode(codec) == data
    except UnicodeError:
        return False


def message_start(plain: bytes) -> int:
    """Where MSH begins: at once, or behind blank lines and a byte order mark. Raises Rejected for anything else."""
    if plain.startswith(b"MSH"):
        return 0
    stripped = plain.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \t")
    if stripped.startswith(b"MSH"):
        return len(plain) - len(stripped)
    if stripped.startswith((b"FHS", b"BHS")):
        raise Rejected("a batch (FHS, BHS), not a message: batches are read from files", "100", "FHS")
    raise Rejected("no MSH segment at the start", "100", "MSH")


def line_end(plain: bytes, start: int) -> int:
    """Where the line that begins at `start` ends."""
    end = plain.find(b"\r", start)
    newline = plain.find(b"\n", start, end if end >= 0 else len(plain))
    if newline >= 0:
        return newline
    return end if end >= 0 else len(plain)


def _delimiters(line: str) -> Delimiters:
    """MSH-1 and MSH-2 of the line of an MSH."""
    field = line[3:4]
    end = line.find(field, 4) if field else -1
    return delimiters(field, line[4:end] if end >= 0 else line[4:])


def _fields(line: str, delims: Delimiters) -> tuple[str, ...]:
    name, *rest = line.split(delims.field)
    return (name, delims.field, *rest)


def _only_one(plain: bytes, end: int) -> None:
    position = plain.find(b"MSH", end)
    while position >= 0:
        follows = plain[position + 3 : position + 4]
        if plain[position - 1 : position] in (b"\r", b"\n") and follows and not follows.isalnum():
            raise Rejected("two MSH segments in one frame", "100", "MSH[2]")
        position = plain.find(b"MSH", position + 3)


def _line_of(plain: bytes, name: bytes, delims: Delimiters, start: int) -> list[str]:
    """The fields of the first segment of that name, each byte as one character; [] if there is none."""
    wanted = name + delims.field.encode()
    position = plain.find(wanted, start)
    while position >= 0 and plain[position - 1 : position] not in (b"\r", b"\n"):
        position = plain.find(wanted, position + 1)
    if position < 0:
        return []
    return plain[position : line_end(plain, position)].decode("latin-1").split(delims.field, 4)

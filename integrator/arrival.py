"""What is decided about a frame before anything is stored: which answer it gets, and when it was said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from integrator.config import Source
from integrator.errors import Rejected
from integrator.formats.hl7v2 import Header
from integrator.formats.hl7v2.times import instants, parse_time

Error = tuple[str, str, str]  # table 0357 code, place, text

REUSED = "the control id was used before, with the same MSH-7 and other bytes"
ACKS = ("AL", "ER", "SU")  # MSH-16: always, on error, on success (table 0155)
UNDECODABLE = "bytes that are not"  # how the reason of a message that does not decode begins


@dataclass(frozen=True, slots=True)
class Verdict:
    """The code of the answer, of original mode; `spoken` makes it the one that this sender's mode expects."""

    code: str  # AA, AE, AR
    text: str | None = None
    error: Error | None = None


ACCEPTED = Verdict("AA")


def rejected(why: Rejected) -> Verdict:
    """The answer to a frame that is not stored."""
    return Verdict("AR", why.text, (why.code, why.place or "", why.text))


def unfit(header: Header, source: Source, processing_id: str) -> Rejected | None:
    """Why a well-formed frame is not taken: another environment's, or an answer is wanted that we cannot give."""
    if header.processing_id != processing_id:
        return Rejected(
            f"processing id {header.processing_id or 'missing'}: this environment takes {processing_id}",
            "202",
            "MSH-11",
        )
    if header.application_ack in ACKS and not source.ack_to:
        return Rejected("no address is configured for application acknowledgements (ack_to)", "207", "MSH-16")
    return None


def spoken(header: Header, verdict: Verdict) -> str | None:
    """The code to send: AA, AE, AR in original mode, CA, CE, CR in enhanced mode; None where MSH-15 wants none.

    HL7 v2.5.1 section 2.9: either of MSH-15 and MSH-16 valued means enhanced mode; table 0155.
    """
    if not (header.accept_ack or header.application_ack):
        return verdict.code
    good = verdict.code == "AA"
    wanted = {"NE": False, "ER": not good, "SU": good}.get(header.accept_ack, True)
    return f"C{verdict.code[1]}" if wanted else None


def source_time(header: Header, source: Source, received: datetime, ahead: timedelta) -> tuple[datetime, str | None]:
    """When the sender said it, fixed once: EVN-2 where there is an EVN, else MSH-7; and what was odd about it.

    A coarse time counts as its first moment; in the hour that autumn repeats, the reading nearest to receipt.
    """
    text = header.event_time or header.sent_at
    if not text:
        return received, "missing"
    try:
        stamp = parse_time(text)
        if not stamp.offset:
            stamp = replace(stamp, offset=parse_time(header.sent_at).offset if header.sent_at else None)
        readings = instants(stamp, source.zone)
    except ValueError:
        return received, "not a time"
    if not readings:
        return received, "an hour that does not exist"
    said = min(readings, key=lambda reading: abs(reading - received))
    if said > received + ahead:
        return received, "ahead of our clock"
    return said, None

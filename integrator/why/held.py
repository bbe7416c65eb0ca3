"""Why a message is held: its place, what stands there, its bytes; and what a person can do."""

from __future__ import annotations

import re
from typing import Any

from integrator import __version__, identity
from integrator.errors import ConfigError, Held, Rejected
from integrator.formats.hl7v2 import parse
from integrator.line import Line
from integrator.reading import Read
from integrator.security.keys import Unopenable
from integrator.store import Tx, messages, records
from integrator.store.messages import Stored
from integrator.why.told import message_json

Json = dict[str, Any]

TO_DO = (
    (r"a code that has no row", "add a row to mappings/sites/<site>/codes for this code, then replay the message"),
    (r"bytes that are not|bytes that no", "the sender's character set: mend MSH-18 there, or `charset` of the source"),
    (r"a time without offset", "set `zone` of the source in config.toml, restart, then replay the message"),
    (r"a start without an end", "set `default_minutes` of the source in config.toml, restart, then replay the message"),
    (r"a length that is not a number|a dose", "the sender must correct this number and send the message again"),
    (
        r"no day of service|a day without a time",
        "the sender must say it more finely, or a site's face reads another place",
    ),
    (
        r"no number of the charge|without the day on which",
        "the sender gave no number or day; a site's face can name a place",
    ),
    (r"still to come", "the sender must correct the day; where it is right, replay the message once the day has come"),
    (r"an unknown unit of a length", "ask the sender which unit this is; a site's face can read it"),
    (r"the hour that spring leaves out", "the sender has booked an hour that does not exist: it must send it again"),
    (r"does not exist|not written as HL7 says", "the sender must correct this value and send the message again"),
    (r"the end is before the start", "the sender must correct the times and send the message again"),
    (
        r"no (filler|placer) appointment",
        "it has no number; where another field has one, set the source's key",
    ),
    (r"no patient (number|or participant)", "link the participant (integrator participant add), then replay"),
    (r"known with another patient", "ask the sender whose appointment it is; until then nothing of it is sent"),
    (r"second identifier", "compare the participant's second identifier with the EHR's before anything else"),
    (r"control id", "the sender used one control id for two messages of one time: ask there which counts"),
    (r"an HL7 version", "Integrator reads 2.1 to 2.8; the sender must say one of these in MSH-12"),
    (r"do not open|wrapped key|erased", "the bytes do not open: restore them from a backup, or ask for them again"),
    (r"a fault of Integrator", "the log names the place; report it, and replay the message after the next release"),
)  # reason -> what to do; the first that fits
OF_FORM = {
    "csv": "correct the row in the file and import it again",
    "record": "enter it again with what the reason says corrected",
    "ctgov": "look at the registry's record; the next version is read by itself",
}  # format of the message -> what to do, where the reason has no answer of its own
ELSE = "look at the place that the reason names; when it is mended, replay the message"
UNWANTED = "it is not the trial's: its bytes stand on no page, and are erased after [line] keep_unwanted"


def message_why(line: Line, tx: Tx, number: int) -> Json:
    """A message: its state and why, what nobody mapped, the records it spoke of. Rejected: there is none."""
    message = messages.get(tx, number)
    if message is None:
        raise Rejected(f"there is no message {number}")
    shown = message.state != "unwanted"
    detail = _detail(line, tx, message) if shown else {}
    found = {
        **message_json(message),
        "reason": message.reason,
        "place": detail.get("place"),
        "text": detail.get("text"),
        "span": None,
        "unmapped": detail.get("unmapped", []),
        "notes": detail.get("notes", []),
        "records": [_record(tx, *link) for link in records.links(tx, number)],
        "to_do": to_do(message),
        "today": None,
    }
    if message.state == "held":
        found["span"] = _span(line, tx, message, detail.get("place"))
        found["today"] = _today(line, tx, message)
    return found


def to_do(message: Stored) -> str | None:
    """What a person can do about a message; None: nothing need be done."""
    if message.state == "unwanted":
        return UNWANTED
    if message.state != "held":
        return None
    reason = message.reason or ""
    return next((text for pattern, text in TO_DO if re.search(pattern, reason)), OF_FORM.get(message.format, ELSE))


def _detail(line: Line, tx: Tx, message: Stored) -> Json:
    try:
        return identity.open_detail(tx, line.keys, message)
    except Unopenable:
        return {}


def _record(tx: Tx, record_id: int, outcome: str) -> Json:
    row = records.by_id(tx, record_id)
    return {"kind": row.kind if row else None, "key": row.key if row else None, "outcome": outcome}


def _today(line: Line, tx: Tx, message: Stored) -> Json:
    """What would become of a held message if it were read today."""
    said = line.read(message, tx)
    held = None if isinstance(said, Read) else said.whole()
    return {"release": __version__, "held": held, "changed": isinstance(said, Read) or said.reason != message.reason}


def _span(line: Line, tx: Tx, message: Stored, place: str | None) -> list[int] | None:
    """Where the place of the reason stands in the bytes."""
    if message.format != "hl7v2" or not place:
        return None
    try:
        data = identity.open_body(tx, line.keys, message)
        span = parse(data, "latin-1").span_at(place)
    except (ConfigError, Held, Rejected):
        return None
    return list(span) if span else None

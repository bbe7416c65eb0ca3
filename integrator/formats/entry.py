"""An entry: what a person or a program says of one record of one participant, as JSON; the form of our own messages.

    {"record": "Observation", "subject": "DISPO-017", "key": "t1-vas", "at": "2026-03-13T09:40:00+01:00",
     "said": {"instrument": "pain-vas", "value": 3, "time": "2026-03-13"}}

`said` has the fields of records/schemas; what stands beside it says of which record, whose, when and why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from integrator.errors import Held

NAMES = ("record", "subject", "key", "study", "at", "why", "correction", "said")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Empty texts stand for what is not there."""

    record: str  # kind of record: Observation
    subject: str  # subject code
    said: dict[str, Any] = field(default_factory=dict)
    key: str = ""  # the trial's own name of it; empty: made of what it is about
    study: str = ""  # NCT number
    at: datetime | None = None  # when it was entered; nothing in it may be later
    why: str = ""  # why it was changed, for the journal
    correction: bool = False  # an earlier entry was a mistake


def build(entry: Entry) -> bytes:
    """The bytes of an entry; what is empty is left out."""
    found: dict[str, Any] = {"record": entry.record, "subject": entry.subject}
    for name in ("key", "study", "why"):
        if getattr(entry, name):
            found[name] = getattr(entry, name)
    if entry.correction:
        found["correction"] = True
    if entry.at is not None:
        found["at"] = entry.at.isoformat()
    found["said"] = entry.said
    return orjson.dumps(found)


def parse(data: bytes) -> Entry:
    """The entry of these bytes. Held: they are none."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as wrong:
        raise Held("an entry that is not JSON", "", str(wrong)) from None
    if not isinstance(found, dict):
        raise Held("an entry that is no object")
    if unknown := [name for name in found if name not in NAMES]:
        raise Held(f"an entry has {', '.join(NAMES)} and nothing else", unknown[0])
    for name in ("record", "subject", "key", "study", "why", "at"):
        if not isinstance(found.get(name, ""), str):
            raise Held("a part of the entry that is no text", name)
    if not found.get("record") or not found.get("subject"):
        raise Held("an entry needs record and subject", "subject" if found.get("record") else "record")
    said = found.get("said", {})
    if not isinstance(said, dict):
        raise Held("what the entry says is no object", "said")
    words = {name: found.get(name, "") for name in ("key", "study", "why")}
    at, correction = _instant(found.get("at", "")), found.get("correction") is True
    return Entry(found["record"], found["subject"], said, at=at, correction=correction, **words)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Held("a time of entry that is none", "at", text) from None
    if at.tzinfo is None:
        raise Held("a time of entry without an offset", "at", text)
    return at

"""Receiving: one frame on its way into the store; what is stored of it, and what it is answered."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrator import identity
from integrator.arrival import ACCEPTED, ACKS, REUSED, UNDECODABLE, Verdict, rejected, source_time, spoken, unfit
from integrator.config import Source
from integrator.connectors.mllp import Answer, Arrival
from integrator.errors import Held, Rejected
from integrator.formats.hl7v2 import Header, answer, charset_codec, decode_message, glimpse, header
from integrator.house import House
from integrator.store import Tx, messages, tallies
from integrator.store.messages import NewMessage, Twin


@dataclass
class Looked:
    """One frame: what was seen of it, what will be stored (None: nothing), and what it is answered."""

    arrival: Arrival
    header: Header
    verdict: Verdict = ACCEPTED
    message: NewMessage | None = None
    close: bool = False
    silent: bool = False  # no answer at all: the sender keeps it


def look(house: House, arrival: Arrival, now: datetime) -> Looked:
    """Everything about a frame that needs no store: is it a message, is it for us, does it decode."""
    source = house.sources[arrival.source]
    codec = charset_codec(source.charset)
    if arrival.too_long:
        why = Rejected(f"the frame is longer than {source.longest} bytes")
        return Looked(arrival, glimpse(arrival.data, codec), rejected(why), close=True)
    try:
        head = header(arrival.data, codec)
    except Rejected as wrong:
        return Looked(arrival, glimpse(arrival.data, codec), rejected(wrong), close=True)
    if unfitting := unfit(head, source, house.settings.integrator.processing_id):
        return Looked(arrival, head, rejected(unfitting))
    looked = Looked(arrival, head, _decodes(arrival.data, head, codec, source))
    looked.message = _new_message(house, looked, source, now)
    return looked


def _decodes(data: bytes, head: Header, codec: str | None, source: Source) -> Verdict:
    """Bytes that do not decode without loss are stored and held, and answered AE unless the source says AA."""
    try:
        decode_message(data, codec, head.charsets)
    except Held as lossy:
        if source.undecodable == "AE":
            return Verdict("AE", lossy.reason, ("102", lossy.place or "", lossy.reason))
    return ACCEPTED


def _new_message(house: House, looked: Looked, source: Source, now: datetime) -> NewMessage:
    head, data = looked.header, looked.arrival.data
    said_at, note = source_time(head, source, now, timedelta(seconds=house.settings.line.clock_ahead))
    sealed = identity.seal_body(house.keys, source.name, data)
    return NewMessage(
        source=source.name,
        system=source.system,
        control_id=head.control_id,
        digest=house.keys.digest(data),
        sent_at=head.sent_at,
        received_at=now,
        source_time=said_at,
        source_time_note=note,
        type=head.type,
        event=head.event,
        version=head.version,
        processing_id=head.processing_id,
        facility=head.facility,
        body=sealed.body,
        body_key=sealed.body_key,
        body_key_of=sealed.body_key_of,
        size=len(data),
        answer=looked.verdict.code,
        ack_wanted=head.application_ack if source.ack_to and head.application_ack in ACKS else None,
    )


@dataclass(frozen=True, slots=True)
class Document:
    """A message that comes from a form, a program, a file or a registry: its bytes, and what a header would say."""

    source: str
    data: bytes
    format: str  # key of reading.READERS
    type: str  # what it is about: Observation, study record, ...
    control_id: str  # the sender's own number of it, or one made for it
    said_at: datetime | None = None  # source time; None: now
    event: str = ""


def take(house: House, tx: Tx, document: Document, now: datetime) -> int:
    """Stores a document as a message; the same document again is the one that is there. Returns its number."""
    digest = house.keys.digest(document.data)
    for twin in messages.twins(tx, document.source, document.control_id):
        if twin.digest == digest:
            tallies.add(tx, document.source, "duplicate")
            return twin.id
    source = house.sources[document.source]
    ahead = timedelta(seconds=house.settings.line.clock_ahead)
    early = document.said_at is not None and document.said_at > now + ahead
    sealed = identity.seal_body(house.keys, source.name, document.data)
    new = NewMessage(
        source=source.name,
        system=source.system,
        control_id=document.control_id,
        digest=digest,
        sent_at=document.said_at.isoformat() if document.said_at else "",
        received_at=now,
        source_time=now if document.said_at is None or early else document.said_at,
        source_time_note="ahead of our clock" if early else None,
        type=document.type,
        event=document.event,
        format=document.format,
        body=sealed.body,
        body_key=sealed.body_key,
        body_key_of=sealed.body_key_of,
        size=len(document.data),
    )
    return messages.append(tx, [new])[0]


def keep(tx: Tx, looked: Sequence[Looked]) -> None:
    """Appends what is new. Same bytes again: counted, and answered by the present state; same control id with other
    bytes: a new message where MSH-7 differs (systems restart their counters), else one that a person must look at."""
    known = messages.twins_of(tx, ((one.message.source, one.message.control_id) for one in looked if one.message))
    counted: Counter[tuple[str, str]] = Counter()
    kept: list[NewMessage] = []
    together: dict[tuple[str, str], list[NewMessage]] = {}  # what this commit keeps, by source and control id
    for one in looked:
        new = one.message
        if new is None:
            continue
        beside = together.setdefault((new.source, new.control_id), [])
        twins = known[new.source, new.control_id] + [_as_twin(other) for other in beside]
        same = next((twin for twin in twins if twin.digest == new.digest), None)
        if same:
            one.message, one.verdict = None, _present(same, one.verdict)
            counted[new.source, "duplicate"] += 1
            continue
        if any(twin.sent_at == new.sent_at for twin in twins):
            new = new._replace(reason=REUSED)
        elif twins:
            counted[new.source, "control id reused"] += 1
        kept.append(new)
        beside.append(new)
    messages.append(tx, kept)
    for (source, what), n in sorted(counted.items()):
        tallies.add(tx, source, what, n)


def _as_twin(new: NewMessage) -> Twin:
    return Twin(0, new.digest, new.sent_at, new.state, new.reason, new.answer)


def _present(twin: Twin, fresh: Verdict) -> Verdict:
    """AE until somebody mended it, then AA."""
    broken = twin.state == "received" or (twin.state == "held" and (twin.reason or "").startswith(UNDECODABLE))
    return fresh if broken and twin.answer == "AE" else ACCEPTED


def say(one: Looked, now: datetime) -> Answer:
    """The answer in the sender's own words and mode; none where the sender wants none."""
    code = None if one.silent else spoken(one.header, one.verdict)
    if code is None:
        return Answer(None, one.close)
    verdict, control_id = one.verdict, secrets.token_hex(10)
    said = answer(one.header, code, verdict.text, verdict.error, control_id=control_id, at=now.astimezone())
    return Answer(said, one.close)

"""The line: receive, read, merge, deliver, reconcile. Read it from top to bottom; every message and record goes this way.

    bytes -> receive -> read -> merge -> deliver -> reconcile
             commit     face    claims   face       compare with what they hold
             then ack   in      folded   out        and owe again
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson

from integrator import __version__, identity
from integrator.arrival import ACCEPTED, REUSED, UNDECODABLE, Verdict, rejected, source_time, spoken, unfit
from integrator.claims import claims_from_json, claims_to_json, said_from_json, said_to_json
from integrator.clock import Clock
from integrator.config import Settings, Source
from integrator.connectors.fhir_client import FhirTarget, Known, Written
from integrator.connectors.mllp import Answer, Arrival
from integrator.errors import CannotWrite, Held, Refused, Rejected, RetryLater, Waiting
from integrator.formats.hl7v2 import Header, answer, charset_codec, glimpse, header, parse
from integrator.mapping import Faces
from integrator.merge import Origin, changed, fold, is_owed, outcome, take, waits_for
from integrator.reading import Read, Spoken, number_as_sent, read
from integrator.records import Said
from integrator.rendering import Outgoing, render
from integrator.security.keys import Keyring
from integrator.store import Store, Tx, journal, messages, owed, people, questions, records, tallies
from integrator.store.messages import NewMessage, Stored, Twin
from integrator.store.owed import Owed, TargetId
from integrator.store.people import Participant
from integrator.store.records import Change, Row


@dataclass
class Looked:
    """One frame on its way into the store: what was seen of it, and what it is answered."""

    arrival: Arrival
    header: Header
    verdict: Verdict = ACCEPTED
    message: NewMessage | None = None
    close: bool = False


@dataclass(frozen=True, slots=True)
class Drift:
    """Where a target and a record differ. `what`: agrees, missing, changed, extra."""

    target: str
    what: str
    key: str
    subject: str | None
    resource_id: str | None
    field: str | None = None
    ours: Any = None
    theirs: Any = None


class Line:
    """The five verbs, over one store, one set of faces and the targets of the configuration."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        keys: Keyring,
        faces: Faces,
        clock: Clock,
        targets: Mapping[str, FhirTarget],
    ):
        self.settings, self.store, self.keys, self.faces = settings, store, keys, faces
        self.clock, self.targets = clock, targets
        self.sources = {source.name: source for source in settings.source}
        self.linked = identity.Linked(store)
        self._chance = Random()
        self._answered = secrets.token_hex(4)
        self._patients: dict[tuple[str, bytes], str] = {}

    # ---------------------------------------------------------------- receive

    def receive(self, arrivals: Sequence[Arrival]) -> list[Answer]:
        """Stores every frame that can be stored, in one durable commit, and only then says what each is answered."""
        now = self.clock.now()
        looked = [self._look(arrival, now) for arrival in arrivals]
        if any(one.message for one in looked):
            with self.store.write() as tx:
                self._keep(tx, looked)
        return [self._say(one, now) for one in looked]

    def _look(self, arrival: Arrival, now: datetime) -> Looked:
        source = self.sources[arrival.source]
        codec = charset_codec(source.charset)
        if arrival.too_long:
            text = f"the frame is longer than {source.longest} bytes"
            return Looked(arrival, glimpse(arrival.data, codec), rejected(Rejected(text)), close=True)
        try:
            head = header(arrival.data, codec)
        except Rejected as wrong:
            return Looked(arrival, glimpse(arrival.data, codec), rejected(wrong), close=True)
        if why := unfit(head, source, self.settings.integrator.processing_id):
            return Looked(arrival, head, rejected(why))
        looked = Looked(arrival, head)
        try:
            parse(arrival.data, codec)
        except Held as lossy:
            if source.undecodable == "AE":
                looked.verdict = Verdict("AE", lossy.reason, ("102", lossy.place or "", lossy.reason))
        except Rejected:
            pass  # it has a header and can be carried; reading it will hold it with the reason
        looked.message = self._new_message(looked, source, now)
        return looked

    def _new_message(self, looked: Looked, source: Source, now: datetime) -> NewMessage:
        head, data = looked.header, looked.arrival.data
        said_at, note = source_time(head, source, now, timedelta(seconds=self.settings.line.clock_ahead))
        sealed = identity.seal_body(self.keys, source.name, data)
        return NewMessage(
            source=source.name,
            system=source.system,
            control_id=head.control_id,
            digest=self.keys.digest(data),
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
        )

    def _keep(self, tx: Tx, looked: Sequence[Looked]) -> None:
        """Appends what is new; a duplicate gets the answer of its present state."""
        kept: list[NewMessage] = []
        for one in looked:
            new = one.message
            if new is None:
                continue
            twins = messages.twins(tx, new.source, new.control_id)
            twins += [_as_twin(m) for m in kept if (m.source, m.control_id) == (new.source, new.control_id)]
            same = next((twin for twin in twins if twin.digest == new.digest), None)
            if same:
                one.message, one.verdict = None, self._present(same, one.verdict)
                tallies.add(tx, new.source, "duplicate")
                continue
            if any(twin.sent_at == new.sent_at for twin in twins):
                new = replace(new, reason=REUSED)
            elif twins:
                tallies.add(tx, new.source, "control id reused")
            kept.append(new)
        messages.append(tx, kept)

    def _present(self, twin: Twin, fresh: Verdict) -> Verdict:
        """AE until somebody mended it, then AA."""
        broken = twin.state == "received" or (twin.state == "held" and (twin.reason or "").startswith(UNDECODABLE))
        return fresh if broken and twin.answer == "AE" else ACCEPTED

    def _say(self, one: Looked, now: datetime) -> Answer:
        code = spoken(one.header, one.verdict)
        if code is None:
            return Answer(None, one.close)
        control_id = f"{self._answered}{secrets.token_hex(6)}"
        said = answer(
            one.header, code, one.verdict.text, one.verdict.error, control_id=control_id, at=now.astimezone()
        )
        return Answer(said, one.close)

    # ---------------------------------------------------------------- read

    def read(self, message: Stored) -> Read | Held:
        """What a stored message says; looks at the message and the settings only, so it is always read alike."""
        if message.reason == REUSED:
            return Held(REUSED, "MSH-10")
        with self.store.read() as tx:
            data = identity.open_body(tx, self.keys, message)
        try:
            return read(data, self.sources[message.source], self.faces)
        except Held as held:
            return held

    # ---------------------------------------------------------------- merge

    def merge(self, tx: Tx, message: Stored, said: Read | Held) -> str:
        """Folds a message into the records it speaks of, within one transaction; returns the message's state."""
        number = self._number(tx, message, said)
        index = identity.number_index(self.keys, number) if number else None
        participant = self.linked.get(tx, index) if index else None
        if index and participant is None:
            return self._unwanted(tx, message, index, "of a patient who is not in the trial")
        if isinstance(said, Held):
            return self._held(tx, message, said, index, participant)
        if not said.records:
            return self._unwanted(tx, message, index, "no face takes this type of message")
        if index is None or participant is None:
            return self._held(tx, message, Held("no patient number", "PID-3"), None, None)
        try:
            outcomes = [self._merge_record(tx, message, one, said.trigger, index, participant) for one in said.records]
        except Held as held:
            return self._held(tx, message, held, index, participant)
        state = next(s for s in ("held", "merged", "superseded", "unchanged", "unwanted") if s in outcomes)
        if state == "unwanted":
            return self._unwanted(tx, message, index, "outside what the participant's consent and the trial cover")
        self._settle(tx, message, state, said.records, index, participant)
        return state

    def _number(self, tx: Tx, message: Stored, said: Read | Held) -> str | None:
        if isinstance(said, Read) and said.records:
            return said.records[0].patient.value
        return number_as_sent(identity.open_body(tx, self.keys, message))

    def _unwanted(self, tx: Tx, message: Stored, index: bytes | None, reason: str) -> str:
        erase_at = self.clock.now() + timedelta(days=self.settings.line.keep_unwanted)
        messages.settle(tx, message.id, "unwanted", reason, patient_index=index, erase_at=erase_at)
        return "unwanted"

    def _held(
        self, tx: Tx, message: Stored, held: Held, index: bytes | None, participant: Participant | None
    ) -> str:
        detail = identity.seal_detail(tx, self.keys, message, {"place": held.place, "text": held.text})
        key = identity.rewrap(tx, self.keys, message, participant.patient_id) if participant else {}
        messages.settle(
            tx, message.id, "held", held.reason, detail, patient_index=index, release=__version__, **key
        )
        return "held"

    def _settle(
        self,
        tx: Tx,
        message: Stored,
        state: str,
        spoken_of: Sequence[Spoken],
        index: bytes,
        participant: Participant,
    ) -> None:
        unmapped = [{"place": leaf.place, "text": leaf.text} for one in spoken_of for leaf in one.unmapped]
        notes = [note for one in spoken_of for note in one.notes]
        detail = identity.seal_detail(tx, self.keys, message, {"unmapped": unmapped, "notes": notes})
        key = identity.rewrap(tx, self.keys, message, participant.patient_id)
        face = spoken_of[0].face.hash
        messages.settle(
            tx, message.id, state, None, detail, face=face, release=__version__, patient_index=index, **key
        )

    def _merge_record(
        self, tx: Tx, message: Stored, one: Spoken, trigger: str | None, index: bytes, participant: Participant
    ) -> str:
        at = one.said["time"].start if one.said.get("time") else message.source_time
        if not identity.consent_covers(participant, at) or one.said.get("activity") == "other":
            return "unwanted"
        origin = Origin(message.system, message.source_time, message.id, trigger, one.why)
        if one.kind == "Patient":
            return self._merge_patient(tx, message, one, origin, participant)
        row = records.get(tx, one.kind, one.key)
        if row and row.patient != index:
            return self._other_patient(tx, message, row)
        seal, open_ = identity.field_keys(tx, self.keys, participant.patient_id)
        identity.keep_number(tx, self.keys, participant.patient_id, one.patient, index)
        claims = claims_from_json(one.kind, row.claims, open_) if row else {}
        before = said_from_json(one.kind, row.body, open_) if row else None
        claims = take(claims, one.said, origin)
        folded = fold(one.kind, claims, lambda field: self.settings.owner(one.kind, field))
        result = outcome(before, folded, origin)
        body = said_to_json(one.kind, folded.said, seal)
        fresh = self._row(row, one, index, participant, body, claims_to_json(one.kind, claims, seal), folded.said)
        fields = changed(before, folded.said)
        change = None
        if fields:
            why = identity.seal_why(tx, self.keys, participant.patient_id, one.why)
            change = Change(sorted(fields), message.id, self.clock.now(), why)
        saved = records.save(tx, fresh, change)
        records.link(tx, message.id, saved.number, result)
        if fields:
            journal.write(
                tx,
                self.clock.now(),
                message.system,
                "record changed",
                one.kind,
                saved.number,
                saved.version,
                message.id,
                {"fields": sorted(fields)},
            )
            self._owe(tx, saved, folded.said, fields)
        self._ask(tx, message, one, saved, fields)
        return result

    def _row(
        self,
        row: Row | None,
        one: Spoken,
        index: bytes,
        participant: Participant,
        body: dict[str, Any],
        claims: dict[str, Any],
        said: Said,
    ) -> Row:
        time = said.get("time")
        facts = {
            "body": body,
            "claims": claims,
            "changed_at": self.clock.now(),
            "starts": time.start if time else None,
            "status": said.get("status") or "booked",
            "subject": participant.subject,
            "study": participant.study,
            "patient": index,
        }
        return replace(row, **facts) if row else Row(one.kind, one.key, **facts)

    def _owe(self, tx: Tx, row: Row, said: Said, fields: frozenset[str]) -> None:
        """Marks what each target must now be told: where a field changed that its face carries and it does not own."""
        now = self.clock.now()
        for target in self.settings.target:
            if row.kind not in target.records or target.write == "off":
                continue
            face = self.faces.writing(row.kind, target.form, target.site or None)
            ours = {f for f in fields & face.carries if self.settings.owner(row.kind, f) != target.system}
            standing = owed.get(tx, target.name, row.number, face.name)
            if not ours or not is_owed(row.kind, said, held_by_target=standing is not None):
                continue
            waits = waits_for(row.kind, said)
            owed.mark(tx, target.name, row.number, face.name, "waiting" if waits else "owed", waits, now)

    def _other_patient(self, tx: Tx, message: Stored, row: Row) -> str:
        """A known key with another patient is never folded: a question, and what is owed of the record waits."""
        text = "A message names an appointment that we know, with another patient."
        questions.ask(
            tx, "other patient", str(row.number), message.source, text, self.clock.now(), row.number, message.id
        )
        for standing in owed.of_record(tx, row.number):
            owed.mark(
                tx, standing.target, row.number, standing.face, "waiting", "a person: another patient", self.clock.now()
            )
        raise Held("the appointment is known with another patient", "PID-3")

    def _merge_patient(
        self, tx: Tx, message: Stored, one: Spoken, origin: Origin, participant: Participant
    ) -> str:
        """Folds demographics into the identity room; they are nobody's to send yet."""
        if identity.second_agrees(tx, self.keys, participant, one.said) is False:
            text = "A message gives the participant's number with another second identifier."
            questions.ask(
                tx, "second identifier", participant.subject, message.source, text, self.clock.now(), None, message.id
            )
            raise Held("the second identifier is not the participant's", "PID-7")
        before, claims = identity.patient_record(tx, self.keys, participant.patient_id)
        claims = take(claims, one.said, origin)
        folded = fold("Patient", claims, lambda field: self.settings.owner("Patient", field))
        identity.keep_patient_record(tx, self.keys, participant.patient_id, folded.said, claims)
        return outcome(before, folded, origin)

    def _ask(self, tx: Tx, message: Stored, one: Spoken, row: Row, fields: frozenset[str]) -> None:
        """Questions that a message raises beside its claims; they may depend on order, records never."""
        now = self.clock.now()
        for code_map, code in one.open_codes:
            if code_map == "siu-activity":
                text = f"What is the activity {code!r}: planning, fraction, visit or other?"
                questions.ask(tx, "activity", code, message.source, text, now, row.number, message.id)
        late = message.received_at - message.source_time > timedelta(seconds=self.settings.line.late_after)
        if late and fields & {"time", "status"}:
            text = f"Messages of {message.source} are more than a day old when they come: is its clock right?"
            questions.ask(tx, "late", message.source, message.source, text, now, row.number, message.id)

    # ---------------------------------------------------------------- deliver

    def deliver(self, row: Owed) -> str:
        """Writes what is owed as the record is now, in the best way that the target can; returns the row's state."""
        now = self.clock.now()
        target = self.settings.target_named(row.target)
        with self.store.read() as tx:
            outgoing = self._outgoing(tx, row)
        try:
            if waits := waits_for(outgoing.kind, outgoing.said):
                raise Waiting(waits)
            written = self._write(row, outgoing)
        except Waiting as waiting:
            self._let_wait(row, waiting, now)
            return "waiting"
        except RetryLater as later:
            self._retry(row, later, now)
            return "owed"
        except Refused as refused:
            with self.store.write() as tx:
                sealed = identity.seal_answer(tx, self.keys, outgoing.patient_id, refused.outcome)
                owed.settle(tx, row, "refused", now, refused.reason, answer=sealed)
            return "refused"
        with self.store.write() as tx:
            reason = None if written or target.write == "on" else "shadow: rendered and compared, not sent"
            digest = outgoing.digest if written else None
            owed.settle(tx, row, "delivered", now, reason, digest=digest)
            if written:
                self._remember(tx, row, outgoing, written, now)
        return "delivered"

    def _outgoing(self, tx: Tx, row: Owed) -> Outgoing:
        record = records.by_id(tx, row.record_id)
        assert record is not None
        participant = people.by_subject(tx, record.subject or "")
        assert participant is not None
        _, open_ = identity.field_keys(tx, self.keys, participant.patient_id)
        return Outgoing(
            kind=record.kind,
            key=record.key,
            said=said_from_json(record.kind, record.body, open_),
            patient_id=participant.patient_id,
            index=record.patient or b"",
            known=owed.known(tx, row.target, row.record_id, row.face),
        )

    def _write(self, row: Owed, outgoing: Outgoing) -> Written | None:
        """Sends only what differs from what the target last confirmed; None: nothing had to be sent or remembered."""
        target, client = self.settings.target_named(row.target), self.targets[row.target]
        face = self.faces.writing(outgoing.kind, target.form, target.site or None)
        render(outgoing, face, target, lambda value: self._patient_at(row.target, outgoing.index, value))
        known = outgoing.known
        if known and known.digest == outgoing.digest:
            return Written(known.resource_id, known.version_id, outgoing.fresh, wrote=False)
        if target.write != "on":
            return None
        kind, identifier = outgoing.fresh["resourceType"], outgoing.identifier
        if known is None and outgoing.said.get("status") == "entered-in-error" and not client.find(kind, *identifier):
            return None
        place = Known(known.resource_id, known.version_id) if known else None
        return client.write(kind, outgoing.fresh, identifier, place, outgoing.onto)

    def _patient_at(self, target: str, index: bytes, value: str) -> str | None:
        """The target's own reference of a patient, found by hospital number; None where it has none."""
        settings = self.settings.target_named(target)
        if not settings.patient_system:
            return None
        if (target, index) not in self._patients:
            found = self.targets[target].find("Patient", settings.patient_system, value)
            if len(found) > 1:
                raise Waiting("a person: the target has two patients with this number")
            if not found:
                return None
            self._patients[target, index] = f"Patient/{found[0]['id']}"
        return self._patients[target, index]

    def _remember(self, tx: Tx, row: Owed, outgoing: Outgoing, written: Written, now: datetime) -> None:
        held = identity.seal_answer(tx, self.keys, outgoing.patient_id, written.held)
        owed.remember(
            tx,
            TargetId(
                target=row.target,
                record_id=row.record_id,
                face=row.face,
                resource_type=outgoing.fresh["resourceType"],
                resource_id=written.resource_id,
                version_id=written.version_id,
                digest=outgoing.digest,
                held=held,
                at=now,
            ),
        )

    def _let_wait(self, row: Owed, waiting: Waiting, now: datetime) -> None:
        """What a person or a message must bring is not looked for; what the target may learn is tried each hour."""
        own = isinstance(waiting, CannotWrite) or waiting.what.startswith("the target")
        due = now + timedelta(hours=1) if own else None
        with self.store.write() as tx:
            owed.settle(tx, row, "waiting", now, waiting.what, due_at=due)

    def _retry(self, row: Owed, later: RetryLater, now: datetime) -> None:
        """Again later: doubled each time with jitter, or when the target said."""
        line = self.settings.line
        pause = min(line.longest_retry, line.first_retry * 2 ** min(row.attempts, 20))
        seconds = later.after if later.after is not None else pause * self._chance.uniform(0.5, 1.0)
        with self.store.write() as tx:
            due = now + timedelta(seconds=seconds)
            owed.settle(tx, row, "owed", now, later.reason, due_at=due, attempts=row.attempts + 1)

    # ---------------------------------------------------------------- reconcile

    def reconcile(self, name: str, dry_run: bool = False) -> list[Drift]:
        """Asks a target what it holds of ours, compares field by field, and owes again where we own."""
        with self.store.read() as tx:
            known = owed.all_known(tx, name)
        return [drift for one in known for drift in self._compare(name, one, dry_run)]

    def _compare(self, name: str, one: TargetId, dry_run: bool) -> list[Drift]:
        target, client = self.settings.target_named(name), self.targets[name]
        with self.store.read() as tx:
            standing = owed.get(tx, name, one.record_id, one.face)
            record = records.by_id(tx, one.record_id)
            assert standing is not None and record is not None
            outgoing = self._outgoing(tx, standing)
        about = (record.key, record.subject, f"{one.resource_type}/{one.resource_id}")
        current = client.read(one.resource_type, one.resource_id)
        if current is None:
            if not dry_run:
                self._ask_missing(one, record)
            return [Drift(name, "missing", *about)]
        face = self.faces.writing(record.kind, target.form, target.site or None)
        render(outgoing, face, target, lambda value: self._patient_at(name, outgoing.index, value))
        wanted = outgoing.onto(current)
        if wanted == current:
            return [Drift(name, "agrees", *about)]
        if not dry_run:
            self._owe_again(one, record, standing)
        ours, theirs = face.read(wanted, outgoing.context).said, face.read(current, outgoing.context).said
        fields = sorted(changed(theirs, ours)) or ["an element that we only write"]
        return [Drift(name, "changed", *about, field, ours.get(field), theirs.get(field)) for field in fields]

    def _owe_again(self, one: TargetId, record: Row, standing: Owed) -> None:
        """Ours is written once more; edited again within an hour, a person must look."""
        now = self.clock.now()
        with self.store.write() as tx:
            before = [e for e in journal.about(tx, "drift", f"{one.target}/{one.record_id}") if e.action == "changed"]
            again = bool(before) and now - before[-1].at < timedelta(hours=1)
            journal.write(tx, now, one.target, "changed", "drift", f"{one.target}/{one.record_id}", record.version)
            owed.remember(tx, replace(one, digest=None))
            state = "waiting" if again else "owed"
            reason = "a person: the target changed it again within the hour" if again else "drift"
            owed.mark(tx, one.target, one.record_id, standing.face, state, reason, now)

    def _ask_missing(self, one: TargetId, record: Row) -> None:
        text = f"{one.target} no longer has {one.resource_type}/{one.resource_id}; nothing is made again by itself."
        with self.store.write() as tx:
            questions.ask(
                tx, "missing", f"{one.target}/{one.record_id}", one.target, text, self.clock.now(), record.number
            )


def _as_twin(new: NewMessage) -> Twin:
    return Twin(0, new.digest, new.sent_at, new.state, new.reason, new.answer)


def canonical(resource: Mapping[str, Any]) -> bytes:
    """The one spelling of a resource that digests are taken of."""
    return orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)

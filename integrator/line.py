"""The line: receive, read, merge, deliver, reconcile. Every message and record goes this way.

    bytes -> receive -> read -> merge -> deliver -> reconcile
             commit     face    claims   face       compare with what they hold
             then ack   in      folded   out        and owe again

Each verb is a few lines here; how one frame, one record or one row fares is in receiving, reading, folding, delivering
and reconciling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from integrator import __version__, fractions, identity, unmapped_codes
from integrator.arrival import REUSED
from integrator.connectors.fhir_client import Gone
from integrator.connectors.mllp import Answer, Arrival
from integrator.delivering import confirm, next_look, next_try, outgoing_of, send
from integrator.errors import Held, Refused, RetryLater, Waiting
from integrator.folding import OUTSIDE, Speaking, merge_record
from integrator.formats.hl7v2 import glimpse
from integrator.house import House
from integrator.mapping import Faces
from integrator.mapping.sets import FaceSet
from integrator.merge import Origin
from integrator.reading import Read, numbers_as_sent, read
from integrator.receiving import Document, Looked, keep, look, say, take
from integrator.reconciling import Drift, ask_missing, compare
from integrator.refolding import refold, summary
from integrator.renumbering import renumber
from integrator.security.keys import Unopenable
from integrator.spoken import Spoken
from integrator.store import Tx, messages, owed, people, records
from integrator.store.messages import Stored
from integrator.store.owed import Owed
from integrator.store.people import Participant
from integrator.telemetry.logs import logger, place_of
from integrator.triggers import NO_FACE

log = logger(part="line")

OF_MANY = ("held", "merged", "superseded", "unchanged", "unwanted")  # the state of a message with many records


class Line(House):
    """The five verbs, over one store, one set of faces and the targets of the configuration."""

    def receive(self, arrivals: Sequence[Arrival]) -> list[Answer]:
        """Stores every frame that can be stored, in one durable commit, and only then says what each is answered."""
        now = self.clock.now()
        looked = [self._look(arrival, now) for arrival in arrivals]
        if any(one.message for one in looked):
            with self.store.write() as tx:
                keep(tx, looked)
        return [say(one, now) for one in looked]

    def _look(self, arrival: Arrival, now: datetime) -> Looked:
        """A fault of ours in one frame ends its connection without an answer; the other connections go on."""
        try:
            return look(self, arrival, now)
        except Exception as fault:  # whatever it is: the sender keeps its frame, the log has the place
            log.error("a fault of Integrator in a frame", source=arrival.source, at=place_of(fault))
            return Looked(arrival, glimpse(b""), close=True, silent=True)

    def take(self, documents: Sequence[Document]) -> list[int]:
        """Stores what forms, programs, files and registries say, in one durable commit; returns receipt numbers."""
        now = self.clock.now()
        with self.store.write() as tx:
            return [take(self, tx, document, now) for document in documents]

    def read(self, message: Stored, tx: Tx | None = None, faces: Faces | None = None) -> Read | Held:
        """What a stored message says; looks at the message and the settings only, so it is always read alike.

        The store is asked for the key of its body alone: in `tx` where one is open. faces: others than those in use."""
        if message.reason == REUSED:
            return Held(REUSED, "MSH-10")
        try:
            with nullcontext(tx) if tx else self.store.read() as asked:
                data = identity.open_body(asked, self.keys, message)
            return read(data, self.sources[message.source], faces or self.faces, message.format)
        except Held as held:
            return held

    def reserve(self, tx: Tx, said: Iterable[Read | Held], used: FaceSet | None = None) -> None:
        """Before a batch is merged: who is in the trial, and every record that is spoken of, is this transaction's to
        its end. Taken in one order, so that workers of several processes wait for each other and never crosswise.

        used: the faces that read it. RetryLater: others were accepted meanwhile, so it must be read again."""
        understood = [read for read in said if isinstance(read, Read)]
        if any(read.numbers is not None for read in understood):
            people.begin_change(tx)
        self.look_for_faces(tx)
        if used is not None and used.hash != self.used.hash:
            raise RetryLater("other mappings were accepted meanwhile; what was read is read again")
        if self.store.alone:
            return
        spoken = [one for read in understood for one in read.records]
        found = records.reserve(tx, ((one.kind, one.key) for one in spoken))
        owed.look_ahead(tx, [row.number for row in found])
        whose = [(one, participant) for one in spoken if (participant := self.of_whom(tx, one)[1])]
        sent = (one.said.get("patient") for one, _ in whose)
        identity.look_ahead(tx, self.keys, {participant.patient_id for _, participant in whose}, sent)
        weighed = {p.subject: p for one, p in whose if one.kind in fractions.WEIGHED}
        fractions.reserve(self, tx, weighed.values(), any(one.kind == "Treatment" for one, _ in whose))

    def merge(self, tx: Tx, message: Stored, said: Read | Held) -> str:
        """Folds a message into the records it speaks of, within one transaction; returns the message's state."""
        if isinstance(said, Read) and said.numbers is not None:
            return self._renumbered(tx, message, said)
        index, participant = self.whose(tx, message, said)
        if index and participant is None:
            return self._unwanted(tx, message, index, "of a patient who is not in the trial")
        if isinstance(said, Held):
            return self._held(tx, message, said, index, participant)
        if not said.records:
            return self._unwanted(tx, message, index, said.beside or NO_FACE)
        if participant is None and not said.of_nobody:
            return self._held(tx, message, Held("no patient or participant that we know"), index, None)
        outcomes = []
        for one in said.records:
            origin = Origin(message.system, message.source_time, message.id, said.trigger, one.why)
            try:
                outcomes.append(merge_record(self, tx, Speaking(message, one, origin, index, participant)))
            except Held as held:
                return self._held(tx, message, held, index, participant)
        state = next(state for state in OF_MANY if state in outcomes)
        if state == "unwanted":
            return self._unwanted(tx, message, index, OUTSIDE)
        self._merged(tx, message, state, said, index, participant)
        return state

    def deliver(self, row: Owed) -> str:
        """Writes what is owed as the record is now, in the best way that the target can; returns the row's state."""
        now = self.clock.now()
        try:
            with self.store.read() as tx:
                self.look_for_faces(tx)
                outgoing = outgoing_of(self, tx, row)
            written = send(self, row, outgoing)
        except Waiting as waiting:
            with self.store.write() as tx:
                owed.settle(tx, row, "waiting", now, waiting.what, due_at=next_look(waiting, now))
                if isinstance(waiting, Gone):
                    ask_missing(tx, row.target, row.record_id, waiting.resource, now)
            return "waiting"
        except RetryLater as later:
            with self.store.write() as tx:
                ended = self.clock.now()  # the EHR may have kept us waiting longer than the rest is
                due = next_try(self, row, later, ended)
                owed.settle(tx, row, "owed", ended, later.reason, due_at=due, attempts=row.attempts + 1)
            return "owed"
        except Refused as refused:
            with self.store.write() as tx:
                sealed = identity.seal_answer(tx, self.keys, outgoing.patient_id, refused.outcome)
                owed.settle(tx, row, "refused", now, refused.reason, answer=sealed)
            return "refused"
        with self.store.write() as tx:
            confirm(self, tx, row, outgoing, written, now)
        return "delivered"

    def reconcile(self, target: str, dry_run: bool = False) -> list[Drift]:
        """Asks a target what it holds of ours, compares field by field, and owes again where we own."""
        with self.store.read() as tx:
            known = owed.all_known(tx, target)
        return [drift for one in known for drift in compare(self, one, dry_run)]

    # ---------------------------------------------------------------- again

    def read_again(self, ids: Sequence[int], dry_run: bool = False) -> dict[str, Any]:
        """Reads messages again as they would be read today: records they spoke of are folded from nothing out of all
        their messages, in one transaction each; messages that made no record are `received` again."""
        with self.store.read() as tx:
            spoke = {number: [record for record, _ in records.links(tx, number)] for number in ids}
        alone = [number for number, of in spoke.items() if not of]
        found, used = [], self.used
        for record_id in sorted({record for of in spoke.values() for record in of}):
            with self.store.read() as tx:
                voices = messages.of_record(tx, record_id)
            reads = self._reads(voices)
            with self.store.write() as tx:
                self.reserve(tx, (), used)
                row = records.by_id(tx, record_id)
                known = {message.id for message in voices}
                reads |= self._reads(m for m in messages.of_record(tx, record_id) if m.id not in known)
                if row is not None and row.kind != "Patient":
                    found.append(refold(self, tx, row, reads, dry_run))
        if not dry_run:
            with self.store.write() as tx:
                messages.reopen(tx, alone)
        return {"messages": len(ids), "dry_run": dry_run, **summary(found)}

    def _reads(self, found: Iterable[Stored]) -> dict[int, Read]:
        return {message.id: said for message in found if isinstance(said := self.read(message), Read)}

    # ---------------------------------------------------------------- the states of a message

    def whose(self, tx: Tx, message: Stored, said: Read | Held) -> tuple[bytes | None, Participant | None]:
        """The blind index of the patient and their participant: by subject code, by number, or by the numbers alone
        where the message could not be read."""
        if isinstance(said, Read) and said.records:
            return self.of_whom(tx, said.records[0])
        sent = [identity.number_index(self.keys, number) for number in self._numbers_as_sent(tx, message)]
        known = ((index, self.linked.get(tx, index)) for index in sent)
        return next((one for one in known if one[1]), (sent[0] if sent else None, None))

    def of_whom(self, tx: Tx, spoken: Spoken) -> tuple[bytes | None, Participant | None]:
        """The same of one record that was read."""
        if spoken.subject or spoken.patient is None:
            known = self.linked.of_subject(tx, spoken.subject or "")
            return (known.number_index, known) if known else (None, None)
        index = identity.number_index(self.keys, spoken.patient.value)
        return index, self.linked.get(tx, index)

    def _renumbered(self, tx: Tx, message: Stored, said: Read) -> str:
        """What speaks of hospital numbers themselves; see integrator/renumbering.py."""
        try:
            done = renumber(self, tx, message, said, lambda one: self.read(one, tx))
        except Held as held:
            return self._held(tx, message, held, *self.whose(tx, message, held))
        if done.state == "unwanted":
            return self._unwanted(tx, message, done.index, done.reason)
        if done.state == "held":
            return self._held(tx, message, Held(done.reason, done.place), done.index, done.participant)
        self._merged(tx, message, done.state, said, done.index, done.participant)
        return done.state

    def _numbers_as_sent(self, tx: Tx, message: Stored) -> list[str]:
        try:
            return numbers_as_sent(identity.open_body(tx, self.keys, message)) if message.format == "hl7v2" else []
        except Unopenable:
            return []

    def _unwanted(self, tx: Tx, message: Stored, index: bytes | None, reason: str) -> str:
        erase_at = self.clock.now() + timedelta(days=self.settings.line.keep_unwanted)
        messages.settle(tx, message.id, "unwanted", reason, patient_index=index, erase_at=erase_at, unasked=True)
        return "unwanted"

    def _held(self, tx: Tx, message: Stored, held: Held, index: bytes | None, participant: Participant | None) -> str:
        """Place and text of the reason are sealed with the body; the data key goes to the patient, where known."""
        shut = isinstance(held, Unopenable)  # damaged on the disk, or its patient was erased
        place = {"place": held.place, "text": held.text}
        if held.unknown is not None:
            place["code"] = held.unknown.codes[held.unknown.which]
        detail = None if shut else identity.seal_detail(tx, self.keys, message, place)
        key = identity.rewrap(tx, self.keys, message, participant.patient_id) if participant else {}
        key |= {"release": __version__, "patient_index": index, "unasked": True}
        messages.settle(tx, message.id, "held", held.reason, detail, **key)
        if held.unknown is not None:
            unmapped_codes.ask(self, tx, message, held.unknown)
        return "held"

    def _merged(
        self, tx: Tx, message: Stored, state: str, said: Read, index: bytes | None, participant: Participant | None
    ) -> None:
        """What nobody mapped and what was noted is kept with the message; so is the face that read it."""
        unmapped = [{"place": leaf.place, "text": leaf.text} for one in said.records for leaf in one.unmapped]
        notes = [note for one in said.records for note in one.notes]
        detail = identity.seal_detail(tx, self.keys, message, {"unmapped": unmapped, "notes": notes})
        key = identity.rewrap(tx, self.keys, message, participant.patient_id) if participant else {}
        face = next((one.face.hash for one in said.records if one.face), None)
        key |= {"face": face, "release": __version__, "patient_index": index, "unasked": True}
        messages.settle(tx, message.id, state, None, detail, **key)

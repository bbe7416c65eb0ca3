"""What is asked of the trial's own records: a participant's status and consent, entries of sessions and scores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from integrator import entering
from integrator.entering import Entered
from integrator.errors import Rejected
from integrator.formats.entry import Entry
from integrator.formats.rows import Rows, build
from integrator.house import TRIAL
from integrator.line import Line
from integrator.receiving import Document, take
from integrator.records import wire
from integrator.records.schemas import SCHEMAS
from integrator.store import journal, messages, people, records

Json = dict[str, Any]


class Trial:
    """Each method is one command; it takes and returns JSON values, so that the control socket can carry them."""

    def __init__(self, line: Line, wake: Callable[[], None]):
        self.line, self.wake = line, wake

    def commands(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names that the socket knows."""
        return {
            "participant status": self.status,
            "participant consent": self.consent,
            "participant withdraw": self.withdraw,
            "participant show": self.show,
            "enter": self.enter,
            "import rows": self.import_rows,
            "import done": self.import_done,
        }

    def status(
        self,
        subject: str,
        status: str,
        on: str,
        reason: str = "",
        arm: str = "",
        randomised: str = "",
        correction: bool = False,
        actor: str = "command line",
    ) -> Json:
        """A participant's new status from a day on, with its reason; with an arm and the day of randomisation."""
        said = {"status": status, "since": on, "reason": reason, "arm": arm, "randomised": randomised}
        told = {name: value for name, value in said.items() if value}
        return self._entered(Entry("Participant", subject, told, why=reason, correction=correction), actor)

    def consent(
        self,
        subject: str,
        date: str,
        version: str,
        scope: str = "",
        correction: bool = False,
        actor: str = "command line",
    ) -> Json:
        """A consent to another version of the form."""
        consent = {"date": date, "version": version, "scope": scope}
        said = {"consent": {name: value for name, value in consent.items() if value}}
        return self._entered(Entry("Participant", subject, said, correction=correction), actor)

    def withdraw(self, subject: str, scope: str, on: str, reason: str = "", actor: str = "command line") -> Json:
        """Ends a participant's consent from a day on, for a scope."""
        with self.line.store.write() as tx:
            done = entering.withdraw(self.line, tx, subject, scope, on, reason, actor)
        self.wake()
        return asdict(done)

    def show(self, subject: str) -> Json:
        """A participant's record in clear, without the patient."""
        with self.line.store.read() as tx:
            participant = people.by_subject(tx, subject)
            if participant is None:
                raise Rejected(f"there is no participant {subject}")
            said = entering.said_of(self.line, tx, "Participant", subject, participant) or {}
            kinds = ("Appointment", "ExerciseSession", "Observation")
            counted = {kind: len(records.of_subject(tx, subject, kind)) for kind in kinds}
        return {"subject": subject, "record": wire.to_json("Participant", said), "records": counted}

    def enter(
        self,
        record: str,
        subject: str,
        said: Json,
        key: str = "",
        why: str = "",
        correction: bool = False,
        actor: str = "command line",
    ) -> Json:
        """One entry of a participant, a session or an observation."""
        if record not in SCHEMAS:
            raise Rejected(f"an entry is of {', '.join(SCHEMAS)}, not of {record!r}")
        return self._entered(Entry(record, subject, said, key=key, why=why, correction=correction), actor)

    def import_rows(self, parts: list[Json], at: str) -> Json:
        """Stores rows of a table as messages, each of one participant; what is there already is not stored again."""
        said_at = datetime.fromisoformat(at)
        with self.line.store.write() as tx:
            newest = messages.page(tx, limit=1)
            before = newest[0].id if newest else 0
            numbers = [take(self.line, tx, _document(part, said_at), self.line.clock.now()) for part in parts]
        self.wake()
        stored = sum(1 for number in numbers if number > before)
        return {"stored": stored, "known": len(numbers) - stored}

    def import_done(self, kind: str, rows: int, wrong: int, at: str, stored: int, actor: str = "command line") -> Json:
        """Notes in the journal that a table was imported."""
        detail = {"kind": kind, "rows": rows, "wrong": wrong, "as_of": at, "messages": stored}
        with self.line.store.write() as tx:
            journal.write(tx, self.line.clock.now(), actor, "table imported", detail=detail)
        return detail

    def _entered(self, entry: Entry, actor: str) -> Json:
        with self.line.store.write() as tx:
            done: Entered = entering.enter(self.line, tx, entry, actor)
        self.wake()
        return asdict(done)


def _document(part: Json, said_at: datetime) -> Document:
    """The message of some rows; the same rows as of the same time are the same message."""
    rows = Rows(part["face"], part["subject"], tuple(part["rows"]), part["study"], part["comma"], part["site"])
    data = build(rows)
    name = hashlib.sha256(data + said_at.isoformat().encode()).hexdigest()[:40]
    return Document(TRIAL, data, "csv", rows.face.partition("/")[2], name, said_at)

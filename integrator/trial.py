"""What is asked of the trial's own records: a participant's status and consent, entries of sessions and scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from integrator import entering
from integrator.entering import Entered
from integrator.errors import Rejected
from integrator.formats.entry import Entry
from integrator.line import Line
from integrator.records import wire
from integrator.records.schemas import SCHEMAS
from integrator.store import people, records

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
        entry = Entry("Participant", subject, {name: value for name, value in said.items() if value}, why=reason)
        return self._entered(entry, actor, correction)

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
        return self._entered(Entry("Participant", subject, said), actor, correction)

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
        return self._entered(Entry(record, subject, said, key=key, why=why), actor, correction)

    def _entered(self, entry: Entry, actor: str, correction: bool) -> Json:
        with self.line.store.write() as tx:
            done: Entered = entering.enter(self.line, tx, entry, actor, correction)
        self.wake()
        return asdict(done)

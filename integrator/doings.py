"""What a person may ask of a running Integrator: the commands behind the control socket, and of a store at rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from integrator.accepting import Accepting
from integrator.answering import Answering
from integrator.entering import add_participant
from integrator.errors import Rejected
from integrator.house import TRIAL
from integrator.line import Line
from integrator.number_doings import NumberDoings
from integrator.records import wire
from integrator.registry_doings import Registries
from integrator.store import Tx, journal, messages, owed, people, questions, records, tallies
from integrator.store.people import Participant
from integrator.token_doings import Tokens
from integrator.trial import Trial
from integrator.why import Whys

Json = dict[str, Any]


class Doings:
    """Each method is one command; it takes and returns JSON values, so that the socket can carry them."""

    def __init__(self, line: Line, wake: Callable[[], None]):
        self.line, self.wake = line, wake
        self.accepting = Accepting(line, wake)

    def commands(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names that the socket knows."""
        return {
            "participant add": self.participant_add,
            "participant list": self.participant_list,
            "replay": self.replay,
            "reconcile": self.reconcile,
            "counts": self.counts,
            "held": self.held,
            **Trial(self.line, self.wake).commands(),
            **Registries(self.line, self.wake).commands(),
            **Tokens(self.line).commands(),
            **NumberDoings(self.line, self.wake).commands(),
            **self.accepting.commands(),
            **Answering(self.line, self.accepting).commands(),
            **Whys(self.line).commands(),
        }

    def participant_add(
        self,
        subject: str,
        number: str,
        second: str,
        consent: str,
        arm: str = "",
        status: str = "",
        version: str = "",
        actor: str = "command line",
    ) -> Json:
        """Links a participant to a patient; their unwanted messages are read again."""
        zone = ZoneInfo(self.line.settings.integrator.zone)
        try:
            day = datetime.fromisoformat(consent).date()
        except ValueError as wrong:
            raise Rejected(f"the date of consent is {consent!r}; write it as 2026-03-02") from wrong
        with self.line.store.write() as tx:
            participant, again = add_participant(
                self.line,
                tx,
                subject=subject,
                number=number,
                second=second,
                consent=datetime.combine(day, time(), zone),
                arm=arm,
                status=status,
                version=version,
                actor=actor,
            )
        self.wake()
        return {"subject": participant.subject, "read_again": again}

    def participant_list(self) -> list[Json]:
        """Every participant by subject code; no numbers."""
        with self.line.store.read() as tx:
            return [self._participant(tx, one) for one in people.everyone(tx)]

    def _participant(self, tx: Tx, one: Participant) -> Json:
        row = records.get(tx, "Participant", one.subject)
        return {
            "subject": one.subject,
            "arm": one.arm,
            "status": row.status if row else None,
            "since": row.body.get("since") if row else None,
            "randomised": row.body.get("randomised") if row else None,
            "enrolled": row.body.get("enrolled") if row else None,
            "consent_from": self._here(one.consent_from),
            "consent_until": self._here(one.consent_until),
            "scope": one.scope,
            "appointments": len(records.of_subject(tx, one.subject, "Appointment")),
        }

    def _here(self, at: datetime | None) -> str | None:
        """An instant in the hospital's zone, so that its day is the day that was signed."""
        return at.astimezone(ZoneInfo(self.line.settings.integrator.zone)).isoformat() if at else None

    def replay(self, state: str = "", message: int = 0, reason: str = "command line", dry_run: bool = False) -> Json:
        """Reads messages again: one, or all of a state; what they touch is folded from nothing."""
        done = self.line.read_again(self._chosen(state, message), dry_run)
        if not dry_run:
            with self.line.store.write() as tx:
                detail = {"messages": done["messages"], "changed": done["changed"], "reason": reason}
                journal.write(tx, self.line.clock.now(), "command line", "replay", detail=detail)
            self.wake()
        return done

    def _chosen(self, state: str, message: int) -> list[int]:
        with self.line.store.read() as tx:
            if message:
                if messages.get(tx, message) is None:
                    raise Rejected(f"there is no message {message}")
                return [message]
            found: list[int] = []
            before = None
            while page := messages.page(tx, state or None, before=before, limit=500):
                found += [one.id for one in page]
                before = page[-1].id
            return found

    def reconcile(self, target: str = "", dry_run: bool = False) -> list[Json]:
        """What every target, or one, holds beside the records; drift is owed again where we own."""
        names = [one.name for one in self.line.settings.target]
        if target and target not in names:
            raise Rejected(f"there is no target {target}; there are {', '.join(names)}")
        found = [drift for name in ([target] if target else names) for drift in self.line.reconcile(name, dry_run)]
        self.wake()
        kind = "Appointment"
        shown = []
        for drift in found:
            row = asdict(drift) | {"ours": drift.ours, "theirs": drift.theirs}
            for side in ("ours", "theirs"):
                row[side] = wire.to_json(kind, {"value": row[side]})["value"]
            shown.append(row)
        return shown

    def counts(self) -> Json:
        """Messages by state, owed rows by state, records, open questions and what was counted."""
        with self.line.store.read() as tx:
            return {
                "messages": messages.counts(tx, without=TRIAL),
                "entered": messages.counts(tx, only=TRIAL),
                "owed": {target.name: owed.counts(tx, target.name) for target in self.line.settings.target},
                "waiting": [
                    {"target": row.target, "record": row.record_id, "reason": row.reason}
                    for row in owed.in_state(tx, "waiting")
                ],
                "records": records.count(tx, "Appointment"),
                "questions": [q.text for q in questions.in_state(tx)],
                "counted": {f"{source}: {what}": n for (source, what), n in tallies.read(tx).items()},
            }

    def held(self) -> list[Json]:
        """The held messages with their reasons; no body and no value."""
        with self.line.store.read() as tx:
            return [
                {
                    "id": m.id,
                    "source": m.source,
                    "control_id": m.control_id,
                    "type": f"{m.type}^{m.event}",
                    "reason": m.reason,
                }
                for m in messages.page(tx, "held", limit=500)
            ]

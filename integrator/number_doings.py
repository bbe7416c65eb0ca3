"""What is asked of hospital numbers: what became of a participant's, and taking a merge back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from integrator.errors import Rejected
from integrator.house import TRIAL
from integrator.identity_reading import FORMAT, build_undo
from integrator.line import Line
from integrator.linked import told_numbers
from integrator.numbers_told import NumberTold
from integrator.reading import read
from integrator.receiving import Document, take
from integrator.store import Tx, journal, messages, people
from integrator.store.people import Participant

Json = dict[str, Any]


class NumberDoings:
    """Each method is one command; it takes and returns JSON values, so that the control socket can carry them."""

    def __init__(self, line: Line, wake: Callable[[], None]):
        self.line, self.wake = line, wake

    def commands(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names that the socket knows."""
        return {"participant numbers": self.numbers, "participant unmerge": self.unmerge}

    def numbers(self, subject: str) -> list[Json]:
        """What the hospital said of a participant's numbers, oldest first; no number is shown."""
        with self.line.store.read() as tx:
            found = told_numbers(tx, _participant(tx, subject))
        return [asdict(one) | {"at": one.at.isoformat()} for one in found]

    def unmerge(self, subject: str, reason: str, change: int = 0, actor: str = "command line") -> Json:
        """Takes back one change of a participant's numbers, or the latest that stands; what was read by it is read
        again from nothing. Rejected: no reason, or there is nothing to take back."""
        if not reason.strip():
            raise Rejected("say why the numbers are taken apart; it is kept")
        with self.line.store.write() as tx:
            people.begin_change(tx)
            participant = _participant(tx, subject)
            chosen = _chosen(told_numbers(tx, participant), subject, change)
            now = self.line.clock.now()
            data = build_undo(chosen.change, reason.strip())
            document = Document(TRIAL, data, FORMAT, "numbers", secrets.token_hex(10), now, "undo")
            number = take(self.line, tx, document, now)
            message = messages.get(tx, number)
            if message is None:
                raise LookupError(f"message {number} is not there")
            state = self.line.merge(tx, message, read(data, self.line.sources[TRIAL], self.line.faces, FORMAT))
            detail = {"change": chosen.change}
            journal.write(tx, now, actor, "numbers taken apart", "Participant", subject, None, number, detail)
        self.wake()
        return {"subject": subject, "change": chosen.change, "message": number, "state": state}


def _participant(tx: Tx, subject: str) -> Participant:
    found = people.by_subject(tx, subject)
    if found is None:
        raise Rejected(f"there is no participant {subject}")
    return found


def _chosen(told: list[NumberTold], subject: str, change: int) -> NumberTold:
    """The change that is taken back."""
    standing = [one for one in told if one.stands and one.tie]
    found = [one for one in standing if change in (0, one.change)]
    if not found:
        which = f"change {change} of" if change else "no change of"
        ways = f"; there are {', '.join(str(one.change) for one in standing)}" if standing and change else ""
        raise Rejected(f"{which} the numbers of {subject} {'does not stand' if change else 'stands'}{ways}")
    return found[-1]

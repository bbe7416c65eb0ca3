"""What the page of the study asks the store: how many participants there are, by status and arm."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, select

from integrator.store.schema import participants, records
from integrator.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Share:
    """Participants who are alike in status and arm; None: nobody said it."""

    status: str | None
    arm: str | None
    count: int


def shares(tx: Tx, nct: str) -> list[Share]:
    """The participants of a study, counted by status and arm."""
    said = and_(records.c.kind == "Participant", records.c.key == participants.c.subject)
    found = (
        select(records.c.status, participants.c.arm, func.count())
        .select_from(participants.outerjoin(records, said))
        .where(participants.c.study == nct)
        .group_by(records.c.status, participants.c.arm)
    )
    return [Share(*row) for row in tx.all(found)]

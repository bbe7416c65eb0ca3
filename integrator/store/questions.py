"""Questions: whatever a person must decide, each asked once however often its cause comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from integrator.store.schema import questions
from integrator.store.statement import Statement, given
from integrator.store.transaction import Tx

q = questions.c


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `text` names no value of a person; `detail` does and is sealed."""

    id: int
    cause: str
    subject: str
    source: str | None
    text: str
    detail: bytes | None
    record_id: int | None
    message_id: int | None
    state: str
    count: int
    at: datetime


COLUMNS = [questions.c[name] for name in Question.__match_args__]
_about = {name: given(name) for name in ("source", "text", "record_id", "message_id", "detail", "at")}

ASK = Statement(
    lambda insert: (
        insert(questions)
        .values(cause=given("cause"), subject=given("subject"), state="open", count=1, **_about)
        .on_conflict_do_update(
            index_elements=["cause", "subject"], set_={"state": "open", "count": q.count + 1, **_about}
        )
        .returning(q.count)
    )
)
"""Asks, or counts what was asked before and opens it again; gives how often its cause came."""


def ask(
    tx: Tx,
    cause: str,
    subject: str,
    source: str | None,
    text: str,
    now: datetime,
    record_id: int | None = None,
    message_id: int | None = None,
    detail: bytes | None = None,
) -> bool:
    """Asks; a question of the same cause and subject is counted and, if it was answered, open again.

    True: it is a new one.
    """
    about = {"source": source, "text": text, "record_id": record_id, "message_id": message_id, "detail": detail}
    return bool(ASK.value(tx, cause=cause, subject=subject, at=now, **about) == 1)


def get(tx: Tx, cause: str, subject: str) -> Question | None:
    """One question, open or answered."""
    row = tx.first(select(*COLUMNS).where(q.cause == cause, q.subject == subject))
    return Question(*row) if row else None


def answer(tx: Tx, question_id: int) -> bool:
    """Closes an open question; the answer itself is a message. False: it is not open."""
    return bool(tx.changed(update(questions).where(q.id == question_id, q.state == "open").values(state="answered")))


def standing(tx: Tx, causes: Sequence[str], subjects: Sequence[str]) -> dict[tuple[str, str], str]:
    """The texts of the open questions of these causes about these subjects, by cause and subject."""
    found = select(q.cause, q.subject, q.text).where(q.cause.in_(causes), q.subject.in_(subjects), q.state == "open")
    return {(cause, subject): text for cause, subject, text in tx.all(found)}


def settled(tx: Tx, cause: str, subject: str) -> bool:
    """Closes a question that has answered itself; False: it was not open."""
    closed = update(questions).where(q.cause == cause, q.subject == subject, q.state == "open").values(state="answered")
    return bool(tx.changed(closed))


def in_state(tx: Tx, state: str = "open") -> list[Question]:
    """The questions in one state, the latest first."""
    return [Question(*row) for row in tx.all(select(*COLUMNS).where(q.state == state).order_by(q.at.desc()))]

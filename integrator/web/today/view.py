"""The page of the day as plain values for its template, computed from the store's answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from integrator.store import today as store_today
from integrator.store.today import Held, Question, Slot, Step, Stuck
from integrator.store.transaction import Tx
from integrator.web.today.days import (
    ago,
    day_and_hour,
    hour,
    midnight,
    short_day,
    whole_day,
    working_day_before,
)
from integrator.web.today.lists import Day, Row, coming_days, day_of, is_gone, left_today, next_days, row_of
from integrator.web.today.live import Feed, Live, live_of
from integrator.web.today.moves import Move, net_moves
from integrator.web.today.sentences import (
    Voice,
    counted,
    held_told,
    moves_told,
    question_told,
    stuck_told,
)

TAKEN_WITHIN = timedelta(minutes=2)  # a target that has not taken a change for longer is named


@dataclass(frozen=True)
class Wait:
    """One thing that a person must look at."""

    sign: str
    since: str
    told: Markup
    stops: bool = False


@dataclass(frozen=True)
class Known:
    """What the store said, in one reading."""

    now: datetime
    seen: datetime | None
    heard: dict[str, datetime]
    slots: list[Slot]
    steps: list[Step]
    held: list[Held]
    questions: list[Question]
    stuck: list[Stuck]
    participants: int = 0
    next_start: datetime | None = None


@dataclass(frozen=True)
class Page:
    """Everything that the template of the day shows."""

    heading: str
    as_of: str
    now: str
    lead: Markup
    live: Live
    news: list[tuple[str, Markup]]
    news_since: str
    news_until: str  # what "Mark all as seen" marks: the newest change on this page
    rows: list[Row]
    gone: list[Row]
    next_days: list[Day]
    waits: list[Wait]
    empty: Markup  # what to say when nobody comes

    @property
    def now_before(self) -> int:
        """The place of the row before which the line "now" stands; None of them is over below it."""
        return next((place for place, row in enumerate(self.rows) if row.time > self.now), len(self.rows))

    @property
    def coming(self) -> int:
        """How many participants come today."""
        return len({row.subject for row in self.rows})


def known(tx: Tx, now: datetime, voice: Voice, heard: dict[str, datetime]) -> Known:
    """Asks the store all that the page of this day needs."""
    start = midnight(voice.today, voice.zone)
    last_day = next_days(voice.today, set())[-1] + timedelta(days=1)
    return Known(
        now=now,
        seen=store_today.seen_until(tx),
        heard=heard,
        slots=store_today.slots(tx, start, midnight(last_day, voice.zone)),
        steps=store_today.steps(tx, midnight(working_day_before(voice.today), voice.zone)),
        held=store_today.held(tx),
        questions=store_today.open_questions(tx),
        stuck=store_today.stuck(tx, now - TAKEN_WITHIN),
        participants=store_today.participants_known(tx),
        next_start=store_today.next_start(tx, now),
    )


def page(known: Known, voice: Voice, feeds: tuple[Feed, ...]) -> Page:
    """The page of the day."""
    day_moves = {move.record_id: move for move in net_moves(known.steps)}
    fresh = [step for step in known.steps if known.seen is None or step.at > known.seen]
    fresh_moves = net_moves(fresh)
    today = [slot for slot in known.slots if day_of(slot, voice) == voice.today]
    rows = [row_of(slot, day_moves.get(slot.record_id), known.now, voice) for slot in today if not is_gone(slot)]
    waits = waiting(known, voice)
    return Page(
        heading=whole_day(voice.today),
        as_of=day_and_hour(known.now, voice.zone),
        now=hour(known.now, voice.zone),
        lead=lead(rows, fresh_moves, waits),
        live=live_of(known.now, known.heard, known.stuck, feeds, voice),
        news=moves_told(fresh_moves, voice),
        news_since=_news_since(known, voice),
        news_until=max((step.at for step in fresh), default=known.now).isoformat(),
        rows=rows,
        gone=left_today(today, day_moves, voice),
        next_days=coming_days(known.slots, day_moves, voice),
        waits=waits,
        empty=empty_told(known, voice) if not rows else Markup(""),
    )


def lead(rows: list[Row], moves: list[Move], waits: list[Wait]) -> Markup:
    """The counts that matter, in one line of whole sentences."""
    coming, moved = len({row.subject for row in rows}), len({move.subject for move in moves})
    sentences = [
        Markup("<b>{} today.</b>").format(counted(coming, "participant comes", "participants come"))
        if coming
        else Markup("<b>Nobody comes today.</b>"),
        Markup("Dates of {} moved.").format(counted(moved, "participant", "participants"))
        if moved
        else Markup("No date moved."),
        Markup("<b>{} for you.</b>").format(counted(len(waits), "thing waits", "things wait"))
        if waits
        else Markup("Nothing waits for you."),
    ]
    return Markup(" ").join(sentences)


def _news_since(known: Known, voice: Voice) -> str:
    before = working_day_before(voice.today)
    if known.seen and known.seen > midnight(before, voice.zone):
        return f"since all was marked as seen, {ago(known.seen, voice.today, voice.zone)}"
    return f"since {short_day(before)}"


def waiting(known: Known, voice: Voice) -> list[Wait]:
    """What a person must look at, most urgent first: refused, held, asked, waiting."""

    def since(at: datetime) -> str:
        return f"since {ago(at, voice.today, voice.zone)}"

    refused = [stuck for stuck in known.stuck if stuck.state == "refused"]
    waits = [stuck for stuck in known.stuck if stuck.state == "waiting"]
    return [
        *(Wait("stop", since(stuck.since), stuck_told(stuck, voice), stops=True) for stuck in refused),
        *(Wait("held", since(held.since), held_told(held, voice)) for held in known.held),
        *(Wait("ask", since(question.at), question_told(question, voice)) for question in known.questions),
        *(Wait("clock", since(stuck.since), stuck_told(stuck, voice)) for stuck in waits),
    ]


def empty_told(known: Known, voice: Voice) -> Markup:
    """What is so when nobody comes, and what to do next."""
    if not known.participants:
        return Markup(
            "<b>No participant is known yet.</b> <span>Add one on this machine with "
            "<code>integrator participant add</code>; the messages that came before are then read again.</span>"
        )
    if known.next_start:
        following = day_and_hour(known.next_start, voice.zone)
        return Markup("<b>Nobody comes today.</b> <span>The next appointment is {}.</span>").format(following)
    return Markup("<b>Nobody comes today.</b> <span>No later appointment is known.</span>")

"""The page of the day as plain values for its template, computed from the store's answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from integrator.records import Said
from integrator.records.appointment import EVIDENCE
from integrator.store import today as store_today
from integrator.store.today import Held, Question, Slot, Step, Stuck
from integrator.store.transaction import Tx
from integrator.web.today.days import (
    DAYS,
    ago,
    day_and_hour,
    day_heading,
    hour,
    midnight,
    short_day,
    whole_day,
    working_day_before,
)
from integrator.web.today.live import Feed, Live, live_of
from integrator.web.today.moves import GONE, Move, net_moves, place_of, start_of
from integrator.web.today.sentences import (
    Voice,
    counted,
    fraction,
    held_told,
    moves_told,
    question_told,
    stuck_told,
)

COUNTS_FROM = EVIDENCE.index("evidenced")  # from here on a fraction counts as delivered
GONE_CHIPS = {
    "cancelled": ("cancel", "cancelled"),
    "noshow": ("no", "no show"),
    "deleted": ("no", "entered in error"),
}
DAYS_AHEAD = 3
TAKEN_WITHIN = timedelta(minutes=2)  # a target that has not taken a change for longer is named


@dataclass(frozen=True)
class Chip:
    """A sign and a word; `look` is the class of its colour."""

    sign: str
    word: str
    look: str = ""


@dataclass(frozen=True)
class Row:
    """One appointment in a list."""

    id: int
    time: str
    subject: str
    what: str  # Fraction 7 of 10
    where: str | None
    number: str = ""  # 7 of 10
    arm: str | None = None
    rung: int = 0  # 1 to 5; 0: none known
    evidence: str = ""
    counts: bool = False
    over: bool = False
    chips: tuple[Chip, ...] = ()


@dataclass(frozen=True)
class Day:
    """One of the next days."""

    heading: str
    rows: list[Row]


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
    today = [slot for slot in known.slots if _day(slot, voice) == voice.today]
    rows = [_row(slot, day_moves.get(slot.record_id), known.now, voice) for slot in today if not _gone(slot)]
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


def _day(slot: Slot, voice: Voice) -> date | None:
    start = start_of(slot.said)
    return start.astimezone(voice.zone).date() if start else None


def _gone(slot: Slot) -> bool:
    return slot.said.get("status") in GONE


def _row(slot: Slot, move: Move | None, now: datetime, voice: Voice, chips: tuple[Chip, ...] | None = None) -> Row:
    said = slot.said
    time = said["time"]
    evidence = said.get("evidence") or ""
    rung = EVIDENCE.index(evidence) + 1 if evidence in EVIDENCE else 0
    return Row(
        id=slot.record_id,
        time=hour(time.start, voice.zone),
        subject=slot.subject,
        what=fraction(said, of=True),
        where=place_of(said),
        number=fraction(said, of=True).removeprefix("Fraction ") if said.get("fraction") is not None else "",
        arm=slot.arm,
        rung=rung,
        evidence=evidence,
        counts=rung > COUNTS_FROM,
        over=(time.end or time.start) <= now,
        chips=was_chips(move, voice) if chips is None else chips,
    )


def was_chips(move: Move | None, voice: Voice) -> tuple[Chip, ...]:
    """Where a moved appointment was before: the hour if the day is the same, the machine if it is another."""
    if move is None or move.kind not in ("moved", "place"):
        return ()
    was, now = start_of(move.was), start_of(move.now)
    parts = []
    if move.kind == "moved" and was and now:
        local = was.astimezone(voice.zone)
        same_day = local.date() == now.astimezone(voice.zone).date()
        parts.append(hour(was, voice.zone) if same_day else f"{DAYS[local.weekday()][:3]} {local:%H:%M}")
    if place_of(move.was) and place_of(move.was) != place_of(move.now):
        parts.append(str(place_of(move.was)))
    return (Chip("move", "was " + ", ".join(parts), "move"),)


def left_today(today: list[Slot], moves: dict[int, Move], voice: Voice) -> list[Row]:
    """Rows that stood on today's list and do not any more, with where they went."""
    rows = []
    for slot in today:
        kind = GONE.get(slot.said.get("status") or "")
        if kind and (kind == "noshow" or slot.record_id in moves):
            sign, word = GONE_CHIPS[kind]
            start = slot.said["time"].start
            rows.append((start, _left(slot.record_id, start, slot.subject, slot.said, Chip(sign, word), voice)))
    for move in moves.values():
        was, now = start_of(move.was), start_of(move.now)
        if move.kind != "moved" or was is None or now is None or was.astimezone(voice.zone).date() != voice.today:
            continue
        if now.astimezone(voice.zone).date() != voice.today:
            went = ", ".join(filter(None, (day_and_hour(now, voice.zone), place_of(move.now))))
            chip = Chip("move", f"to {went}", "move")
            rows.append((was, _left(move.record_id, was, move.subject, move.now, chip, voice)))
    return [row for _, row in sorted(rows, key=lambda pair: (pair[0], pair[1].subject))]


def _left(record_id: int, start: datetime, subject: str, said: Said, chip: Chip, voice: Voice) -> Row:
    return Row(record_id, hour(start, voice.zone), subject, fraction(said, of=True), where=None, chips=(chip,))


def coming_days(slots: list[Slot], moves: dict[int, Move], voice: Voice) -> list[Day]:
    """The next three days: working days, and others on which somebody comes."""
    by_day: dict[date, list[Slot]] = {}
    for slot in slots:
        day = _day(slot, voice)
        if day and not _gone(slot):
            by_day.setdefault(day, []).append(slot)
    return [
        Day(day_heading(day), [_row(slot, moves.get(slot.record_id), slot.said["time"].start, voice)
                               for slot in by_day.get(day, [])])
        for day in next_days(voice.today, set(by_day))
    ]  # fmt: skip


def next_days(today: date, used: set[date]) -> list[date]:
    """The three days after today that are Monday to Friday or in `used`."""
    days: list[date] = []
    day = today
    while len(days) < DAYS_AHEAD:
        day += timedelta(days=1)
        if day.weekday() < 5 or day in used:
            days.append(day)
    return days


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

"""The lists of the page: rows of today, rows that left today, and the next days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from integrator.records import Said
from integrator.records.appointment import EVIDENCE
from integrator.store.today import Slot
from integrator.web.today.days import DAYS, day_and_hour, day_heading, hour
from integrator.web.today.moves import GONE, Move, place_of, start_of
from integrator.web.today.sentences import Voice, fraction

COUNTS_FROM = EVIDENCE.index("evidenced")  # from here on a fraction counts as delivered
GONE_CHIPS = {
    "cancelled": ("cancel", "cancelled"),
    "noshow": ("no", "no show"),
    "deleted": ("no", "entered in error"),
}
DAYS_AHEAD = 3


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


def day_of(slot: Slot, voice: Voice) -> date | None:
    """On which day of the hospital's zone it starts."""
    start = start_of(slot.said)
    return start.astimezone(voice.zone).date() if start else None


def is_gone(slot: Slot) -> bool:
    """Nobody comes: cancelled, no show, entered in error."""
    return slot.said.get("status") in GONE


def row_of(slot: Slot, move: Move | None, now: datetime, voice: Voice) -> Row:
    """One appointment as it stands, with where it was before its move."""
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
        chips=was_chips(move, voice),
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
        day = day_of(slot, voice)
        if day and not is_gone(slot):
            by_day.setdefault(day, []).append(slot)
    return [
        Day(day_heading(day), [row_of(slot, moves.get(slot.record_id), slot.said["time"].start, voice)
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

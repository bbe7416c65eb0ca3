"""Whole English sentences about appointments: who or what, from, to — why (source, time). Pure functions.

Each sentence is one text with named places, so that it can be translated whole. The result is Markup: what was
is struck, what is now is bold, values are escaped; `striptags()` gives the plain sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from integrator.records import Said
from integrator.store.today import Held, Question, Step, Stuck
from integrator.web.today.days import ago, hour, spoken
from integrator.web.today.moves import Move, place_of, start_of

LATE = timedelta(minutes=5)  # read so much later than said: the sentence names both times

ACTIVITY = {"fraction": "Fraction", "planning": "Planning", "visit": "Visit"}
MOVE = {
    "moved": '<b>{who}</b>: {what} moved from <s>{was}</s> to <b>{now}</b>{why} <span class="src">({source})</span>.',
    "place": '<b>{who}</b>: {what} moved from <s>{was}</s> to <b>{now}</b>{why} <span class="src">({source})</span>.',
    "cancelled": '<b>{who}</b>: {what} <s>{was}</s> cancelled{why} <span class="src">({source})</span>.',
    "noshow": '<b>{who}</b>: did not come to {what_inside} <s>{was}</s>{why} <span class="src">({source})</span>.',
    "deleted": (
        '<b>{who}</b>: {what} <s>{was}</s> taken back, entered in error{why} <span class="src">({source})</span>.'
    ),
    "again": '<b>{who}</b>: {what} is booked again, <b>{now}</b>{why} <span class="src">({source})</span>.',
}
TOO = {
    "moved": " {others} moved too.",
    "place": " {others} moved too.",
    "cancelled": " {others} cancelled too.",
    "deleted": " {others} taken back too.",
    "again": " {others} booked again too.",
}


@dataclass(frozen=True)
class Voice:
    """What every sentence needs to know: the day, the zone, the names of systems, how a sealed reason is read."""

    today: date
    zone: ZoneInfo
    titles: Mapping[str, str]
    open_why: Callable[[Step], str | None]
    told_on: date | None = None  # the day under whose heading a sentence stands, where that is not today

    def title(self, name: str | None) -> str:
        """The name of a source, target or system as staff say it."""
        return self.titles.get(name or "", name or "a person")


def fraction(said: Said, of: bool = False) -> str:
    """Fraction 7, Fraction 7 of 10, Planning, Visit, Appointment."""
    number, total = said.get("fraction"), said.get("fractions")
    if number is not None:
        return f"Fraction {number} of {total}" if of and total else f"Fraction {number}"
    return {"fraction": "Fraction", "planning": "Planning", "visit": "Visit"}.get(
        said.get("activity") or "", "Appointment"
    )


def moves_told(moves: Sequence[Move], voice: Voice) -> list[tuple[str, Markup]]:
    """(kind, sentence) for all moves; those of one participant with one cause are one sentence."""
    return [
        (group[0].kind, _move(group[0], voice.open_why(group[0].step), voice) + _too(group[1:], group[0].kind))
        for group in groups_of(moves, voice)
    ]


def groups_of(moves: Sequence[Move], voice: Voice) -> list[list[Move]]:
    """The moves that are told in one sentence, together."""
    groups: dict[tuple[str, str, str | None, str | None], list[Move]] = {}
    for move in moves:
        alone = str(move.record_id) if move.kind not in TOO else None
        cause = voice.open_why(move.step)
        groups.setdefault((move.subject, move.kind, cause, alone or move.step.system), []).append(move)
    return list(groups.values())


def _move(move: Move, cause: str | None, voice: Voice) -> Markup:
    what = fraction(move.now if move.now.get("fraction") is not None else move.was)
    return Markup(MOVE[move.kind]).format(
        who=move.subject,
        what=what if move.kind != "place" else _with_time(what, move, voice),
        what_inside=what[0].lower() + what[1:],
        was=_was(move, voice),
        now=_now(move, voice),
        why=f" — {cause}" if cause else "",
        source=source_told(move.step, voice),
    )


def _with_time(what: str, move: Move, voice: Voice) -> str:
    start = start_of(move.now)
    return f"{what} {spoken(start, voice.today, voice.zone)}" if start else what


def _was(move: Move, voice: Voice) -> str:
    if move.kind == "place":
        return place_of(move.was) or ""
    other = start_of(move.now) if move.kind == "moved" else None
    return _when_where(move.was, move, voice, other_start=other)


def _now(move: Move, voice: Voice) -> str:
    if move.kind == "place":
        return place_of(move.now) or ""
    other = start_of(move.was) if move.kind == "moved" else None
    return _when_where(move.now, move, voice, other_start=other)


def _when_where(said: Said, move: Move, voice: Voice, other_start: object) -> str:
    start, place = start_of(said), place_of(said)
    parts = []
    if start:
        parts.append(spoken(start, voice.today, voice.zone, other_start))  # type: ignore[arg-type]
    if place and place_of(move.was) != place_of(move.now):
        parts.append(place)
    return ", ".join(parts) or "without a time"


def _too(others: Sequence[Move], kind: str) -> Markup:
    if not others:
        return Markup("")
    numbers = [move.now.get("fraction") for move in others]
    if all(isinstance(number, int) for number in numbers):
        named = fractions_named(sorted(number for number in numbers if number is not None))
    else:
        named = f"{len(others)} more appointments" if len(others) > 1 else "One more appointment"
    return Markup(TOO[kind]).format(others=named)


def unnamed(sentence: Markup, subject: str) -> Markup:
    """A sentence without the subject code before it, for a page that is about this participant only."""
    head = Markup("<b>{who}</b>: ").format(who=subject)
    if not sentence.startswith(head):
        return sentence
    rest = sentence[len(head) :]
    return Markup(rest[:1].upper()) + rest[1:]


def fractions_named(numbers: Sequence[int]) -> str:
    """Fraction 8; Fractions 8 and 9; Fractions 8 to 14; Fractions 8, 10 and 11."""
    if len(numbers) == 1:
        return f"Fraction {numbers[0]}"
    if len(numbers) > 2 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"Fractions {numbers[0]} to {numbers[-1]}"
    return f"Fractions {listed(str(number) for number in numbers)}"


def listed(words: Iterable[str]) -> str:
    """a; a and b; a, b and c."""
    *front, last = list(words)
    return f"{', '.join(front)} and {last}" if front else last


def source_told(step: Step, voice: Voice) -> str:
    """ARIA, 08:12; with the time of receipt where it is much later: ARIA, 03:04; read 03:13."""
    said, told_on = step.source_time or step.at, voice.told_on or voice.today
    told = f"{voice.title(step.system)}, {ago(said, told_on, voice.zone)}"
    if step.received_at and step.received_at - said > LATE:
        read = step.received_at
        same_day = read.astimezone(voice.zone).date() == said.astimezone(voice.zone).date()
        told += f"; read {hour(read, voice.zone) if same_day else ago(read, told_on, voice.zone)}"
    return told


def counted(count: int, one: str, many: str) -> str:
    """1 message, 3 messages."""
    return f"{count} {one if count == 1 else many}"


def participants_named(subjects: Sequence[str]) -> str:
    """Up to three subject codes, else how many participants."""
    return listed(subjects) if len(subjects) <= 3 else f"{len(subjects)} participants"


def held_told(held: Held, voice: Voice) -> Markup:
    """Why messages are held, by their reason; whose they are, where that is known."""
    who = Markup("<b>{who}</b>: ").format(who=held.subject) if held.subject else ""
    if held.count == 1:
        text = "{who}{one} message from {system} is held — {reason}."
    else:
        text = "{who}{count} messages from {system} are held — {reason}."
    return Markup(text).format(
        who=who,
        one="a" if held.subject else "A",
        count=held.count,
        system=voice.title(held.system),
        reason=held.reason.rstrip("."),
    )


def question_told(question: Question, voice: Voice) -> Markup:
    """The question as it was asked, and of whom."""
    who = Markup("<b>{who}</b>: ").format(who=question.subject) if question.subject else ""
    text = question.text.removeprefix(f"{question.subject}: ")  # where the question itself names them
    return Markup("{who}{text}").format(who=who, text=text)


def stuck_told(stuck: Stuck, voice: Voice) -> Markup:
    """What a target does not hold yet, and what that waits for."""
    kind = stuck.kind.lower()
    what = counted(stuck.count, kind, f"{kind}s")
    if stuck.state == "refused":
        text = "<b>{who}</b>: {target} refused {what} — {reason}."
    else:
        text = "<b>{who}</b>: {what} {are} not in {target} yet — {reason}."
    return Markup(text).format(
        who=participants_named(stuck.subjects),
        what=what,
        are="is" if stuck.count == 1 else "are",
        target=voice.title(stuck.target),
        reason=(stuck.reason or "no reason given").rstrip("."),
    )

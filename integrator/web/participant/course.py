"""From a participant's records, as they are kept, to the facts of the course; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from zoneinfo import ZoneInfo

from integrator.evidence import is_fraction, system_of
from integrator.records import Said
from integrator.records.instruments import title
from integrator.records.values import Quantity, Ref, When
from integrator.store.records import Row
from integrator.web.participant.entries import correctable
from integrator.web.participant.facts import Course, Score, Unit, Value, Visit
from integrator.web.participant.kept import Change, Kept
from integrator.web.today.days import ago, short_day
from integrator.web.today.moves import GONE, place_of, start_of
from integrator.web.today.sentences import Voice, fraction

TAKEN_BACK = "entered-in-error"
GONE_WORDS = {"cancelled": "cancelled", "noshow": "no show", "deleted": "entered in error"}
SETTINGS = {"supervised": "supervised", "home": "at home"}
PROGRAMS = {"isometric-training": "isometric training", "passive-therapy": "passive therapy"}
ABSENT = {"not-asked": "not asked", "asked-declined": "declined", "not-performed": "not performed"}


def course_of(kept: Kept, voice: Voice) -> Course:
    """The facts of the course on that day."""
    asked = _asked(kept)
    first = {change.step.record_id: change.step.after for change in reversed(kept.changes)}
    given = _given(kept, voice)
    visits = [
        _visit(row, said, first.get(row.number, said), row.key in asked, given.get(row.key, []), voice.zone)
        for row, said in kept.of("Appointment")
    ]
    earlier = _earlier(kept.changes)
    subject = kept.participant.subject
    return Course(
        today=voice.today,
        visits=tuple(sorted(visits, key=lambda visit: (visit.start is None, visit.start, visit.id))),
        units=tuple(_units(kept, subject, earlier, voice.zone)),
        scores=tuple(_scores(kept, earlier, voice.zone)),
    )


def _visit(row: Row, said: Said, first: Said, asked: bool, given: list[Said], zone: ZoneInfo) -> Visit:
    period = said.get("time")
    fraction_ = said.get("activity") == "fraction"  # an unknown activity is a question, not a fraction
    planned = start_of(first)
    doses = [one["dose"] for one in given if one.get("dose")]
    return Visit(
        id=row.number,
        start=period.start.astimezone(zone) if period else None,
        what=fraction(said) if fraction_ else fraction({**said, "fraction": None}),
        fraction=fraction_,
        number=said.get("fraction") if fraction_ else None,
        total=said.get("fractions"),
        end=period.end.astimezone(zone) if period and period.end else None,
        place=place_of(said),
        evidence=said.get("evidence") or "",
        gone=GONE_WORDS.get(GONE.get(said.get("status") or "", ""), ""),
        first=planned.astimezone(zone) if planned else None,
        asked=asked,
        dose=_amount(doses[-1]) if doses else "",
        given=tuple(one["told"] for one in given),
    )


def _asked(kept: Kept) -> set[str]:
    """The keys of the appointments about which a question waits: of themselves, or of what was reported of them."""
    asked = {record for _, record in kept.questions if record is not None}
    found = {row.key for row, _ in kept.of("Appointment") if row.number in asked}
    for row, said in kept.of("Treatment"):
        slot = said.get("appointment")
        if isinstance(slot, Ref) and (row.number in asked or said.get("doubt")):
            found.add(slot.key)
    return found


def _given(kept: Kept, voice: Voice) -> dict[str, list[Said]]:
    """What was reported of each slot, by the slot's key; the fraction that such reports make is none itself."""
    found: dict[str, list[Said]] = {}
    for row, said in kept.of("Treatment"):
        slot, spoke = said.get("appointment"), kept.speakers.get(row.number)
        if is_fraction(row.key) or not isinstance(slot, Ref) or spoke is None or said.get("status") == TAKEN_BACK:
            continue
        type_, system, at = spoke
        by = f"{type_} of {voice.title(system)}" if system_of(row.key) else "entered here"
        told = f"{how_given(said, voice.zone)} ({by}, {ago(at, voice.today, voice.zone)})"
        found.setdefault(slot.key, []).append({"told": told, "dose": said.get("dose")})
    return found


def how_given(said: Said, zone: ZoneInfo) -> str:
    """given Thu 12 Mar 09:44, 2 Gy; partly given Thu 12 Mar; said not to be given."""
    if said.get("status") == "not-done":
        return "said not to be given"
    word = "partly given" if said.get("status") == "stopped" else "given"
    time = said.get("time")
    parts = [f"{word} {when_told(time, zone)}" if time else word]
    return ", ".join([*parts, _amount(said["dose"])] if said.get("dose") else parts)


def _units(kept: Kept, subject: str, earlier: Callable[[int, str], list[object]], zone: ZoneInfo) -> Iterable[Unit]:
    for row, said in kept.of("ExerciseSession"):
        number, planned = row.number, said.get("planned")
        time = said.get("time") or (When(planned.start, planned.end) if planned else None)
        reason = said.get("reason")
        scores = {
            name: Value(_plain(said.get(name)), tuple(_plain(one) for one in earlier(number, name)))
            for name in ("pain_before", "pain_after", "exertion")
        }
        yield Unit(
            id=number,
            name=row.key.removeprefix(f"{subject}/"),
            day=day_of(time, zone),
            when=when_told(time, zone) if time else "without a time",
            status=said.get("status") or "unknown",
            setting=SETTINGS.get(said.get("setting") or "", ""),
            program=PROGRAMS.get(said.get("program") or "", ""),
            reason=(reason.text or (reason.codings[0].display if reason.codings else "") or "") if reason else "",
            before=scores["pain_before"],
            after=scores["pain_after"],
            exertion=scores["exertion"],
        )


def _scores(kept: Kept, earlier: Callable[[int, str], list[object]], zone: ZoneInfo) -> Iterable[Score]:
    for row, said in kept.of("Observation"):
        if said.get("part_of"):
            continue  # stands with its session
        number, code = row.number, said.get("code") or ""
        was = [_result({name: one}) for name in ("value", "absent", "answer") for one in earlier(number, name)]
        now = _result(said)
        yield Score(
            id=number,
            instrument=title(code) or "score",
            day=day_of(said.get("time"), zone),
            when=when_told(said["time"], zone) if said.get("time") else "without a time",
            value=Value(now, tuple(one for one in dict.fromkeys(was) if one and one != now)),
            timepoint=said.get("timepoint") or "",
            status=said.get("status") or "final",
            correctable=correctable(row, said),
        )


def _earlier(changes: list[Change]) -> Callable[[int, str], list[object]]:
    """The values that a field of a record had before its present one, oldest first."""
    found: dict[tuple[int, str], list[object]] = {}
    for change in changes:
        before, after = change.step.before, change.step.after
        for name in (before or {}).keys() & set(change.fields):
            if before is not None and before[name] is not None and before[name] != after.get(name):
                found.setdefault((change.step.record_id, name), []).append(before[name])
    return lambda record, name: found.get((record, name), [])


def _result(said: Said) -> str:
    """A value as people read it: 4, 80 %, yes, not asked."""
    if said.get("value") is not None:
        return _amount(said["value"])
    if said.get("answer") is not None:
        return "yes" if said["answer"] else "no"
    return ABSENT.get(said.get("absent") or "", (said.get("absent") or "").replace("-", " "))


def _amount(value: Quantity) -> str:
    return f"{value.value:g} {value.unit}" if value.unit else f"{value.value:g}"


def _plain(value: object) -> str:
    return "" if value is None else f"{value:g}"


def when_told(time: When, zone: ZoneInfo) -> str:
    """Mon 9 Mar 10:00 to 10:30; Mon 9 Mar; March 2026 stays as it was said."""
    if time.start is None:
        return short_day(date.fromisoformat(time.day)) if time.day and len(time.day) == 10 else time.day or ""
    start = time.start.astimezone(zone)
    told = f"{short_day(start.date())} {start:%H:%M}"
    if time.end is None:
        return told
    end = time.end.astimezone(zone)
    same = end.date() == start.date()
    return f"{told} to {end:%H:%M}" if same else f"{told} to {short_day(end.date())} {end:%H:%M}"


def day_of(time: When | None, zone: ZoneInfo) -> date | None:
    """The day on which it was; None where only a month or nothing was said."""
    if time is None:
        return None
    if time.start:
        return time.start.astimezone(zone).date()
    return date.fromisoformat(time.day) if time.day and len(time.day) == 10 else None

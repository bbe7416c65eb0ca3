"""What changed and why: whole sentences out of the versions of a participant's records, newest first; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from markupsafe import Markup

from integrator.evidence import is_fraction
from integrator.records import Said
from integrator.records.appointment import EVIDENCE
from integrator.records.instruments import title
from integrator.store.today import Step
from integrator.web.participant.course import PROGRAMS, how_given, when_told
from integrator.web.participant.facts import DONE
from integrator.web.participant.kept import Change, Kept
from integrator.web.participant.names import STATUSES, long_day
from integrator.web.today.days import day_and_hour, day_heading, hour
from integrator.web.today.moves import Move, kind_of, start_of
from integrator.web.today.sentences import Voice, counted, fraction, fractions_named, moves_told, source_told, unnamed

SIGNS = {"moved": "move", "place": "move", "again": "move", "cancelled": "cancel"}
SRC = ' <span class="src">({source})</span>'


@dataclass(frozen=True)
class Entry:
    """One sentence of the log."""

    time: str
    sign: str
    look: str  # class of the sign: mv, good, ask
    told: Markup


Told = tuple[datetime, Entry]


def log_of(kept: Kept, voice: Voice) -> list[tuple[str, list[Entry]]]:
    """The sentences under the day on which we learnt of them, the newest day and sentence first."""
    voice = replace(voice, open_why=lambda step: kept.whys.get(step.why or b""))
    changes = [replace(change, step=_by(change)) for change in kept.changes]
    reports = {one.message or 0: one.step.after for one in changes if one.kind == "Treatment" and _is_report(one)}
    told = [*_appointments([one for one in changes if one.kind == "Appointment"], reports, voice)]
    risen = {one.message for one in changes if _rises(one)}
    sessions = {(one.message, one.step.after.get("key")) for one in changes if one.kind == "ExerciseSession"}
    for change in changes:
        part_of = change.step.after.get("part_of")
        if change.kind == "Observation" and part_of and (change.message, part_of.key) in sessions:
            continue  # the session's own sentence says it
        if change.kind == "Treatment" and (change.message in risen or not _is_report(change)):
            continue  # the appointment's sentence says it
        there = replace(voice, told_on=_day(change, voice))
        if change.kind in _TELL and (entry := _TELL[change.kind](change, there)):
            told.append((change.step.at, entry))
    told.sort(key=lambda one: one[0], reverse=True)
    days = groupby(told, key=lambda one: one[0].astimezone(voice.zone).date())
    return [(_heading(day, voice), [entry for _, entry in group]) for day, group in days]


def _heading(day: date, voice: Voice) -> str:
    return f"Today, {day_heading(day)}" if day == voice.today else day_heading(day)


def _by(change: Change) -> Step:
    """The step with who brought it where its system stands."""
    if change.actor:
        return replace(change.step, system="entered on this page" if change.actor == "page" else change.actor)
    return change.step if change.message is not None else replace(change.step, system="read again")


def _appointments(changes: list[Change], reports: dict[int, Said], voice: Voice) -> Iterable[Told]:
    """Moves in the words of the page of the day; bookings and rungs of evidence, those of one message kind together."""
    for day, group in groupby(sorted(changes, key=lambda one: one.step.at), key=lambda one: _day(one, voice)):
        here, voice = list(group), replace(voice, told_on=day)
        for round_ in _rounds(here):
            moves = [_move(change.step, kind) for change, kind in round_]
            for (kind, sentence), move in zip(moves_told(moves, voice), _firsts(moves, voice), strict=True):
                at = move.step.at
                told = unnamed(sentence, move.subject)
                yield at, Entry(hour(at, voice.zone), SIGNS.get(kind, "no"), "mv", told)
        yield from _booked([change for change in here if change.step.before is None], voice)
        yield from _risen(here, reports, voice)


def _day(change: Change, voice: Voice) -> date:
    return change.step.at.astimezone(voice.zone).date()


def _rounds(changes: list[Change]) -> list[list[tuple[Change, str]]]:
    """The moves of a day so that each appointment moves at most once in a round."""
    rounds: list[list[tuple[Change, str]]] = []
    many: dict[int, int] = {}
    for change in changes:
        kind = kind_of(change.step.before, change.step.after) if change.step.before is not None else None
        if kind:
            place = many.get(change.step.record_id, 0)
            many[change.step.record_id] = place + 1
            if place == len(rounds):
                rounds.append([])
            rounds[place].append((change, kind))
    return rounds


def _move(step: Step, kind: str) -> Move:
    return Move(kind, step.subject, step.before or step.after, step.after, step)


def _firsts(moves: list[Move], voice: Voice) -> list[Move]:
    """The move that each sentence of `moves_told` names first."""
    firsts: dict[tuple[str, str | None, str | None], Move] = {}
    for move in moves:
        alone = str(move.record_id) if move.kind == "noshow" else None
        firsts.setdefault((move.kind, voice.open_why(move.step), alone or move.step.system), move)
    return list(firsts.values())


def _booked(changes: list[Change], voice: Voice) -> Iterable[Told]:
    """Fractions 1 to 10 booked, the first Mon 2 Mar 10:00, the last Fri 13 Mar 10:00."""
    for _, group in groupby(sorted(changes, key=lambda one: str(one.step.system)), key=lambda one: one.step.system):
        here = sorted(group, key=lambda one: (start_of(one.step.after) or one.step.at, one.step.record_id))
        first, last = here[0].step, here[-1].step
        numbers = [one.step.after.get("fraction") for one in here]
        if len(here) == 1:
            what = fraction(first.after, of=True)
        elif all(isinstance(number, int) for number in numbers):
            what = fractions_named(sorted(number for number in numbers if number is not None))
        else:
            what = counted(len(here), "appointment", "appointments")
        text = "{what} booked: {first} to {last}" if len(here) > 1 else "{what} booked: {first}"
        told = Markup(text + SRC + ".").format(
            what=what,
            first=_start(first.after, voice),
            last=_start(last.after, voice),
            source=source_told(last, voice),
        )
        at = max(one.step.at for one in here)
        yield at, Entry(hour(at, voice.zone), "day", "", told)


def _start(said: Said, voice: Voice) -> str:
    start = start_of(said)
    return day_and_hour(start, voice.zone) if start else "without a time"


RISEN = {
    "arrived": "{what}: arrived{how}",
    "presumed": "{what}: appointment over, so <b>presumed</b>{how}",
    "evidenced": "{what} <b>evidenced</b>{how}",
    "attested": "{what} <b>attested</b>{how}",
    "scheduled": "{what}: back to <b>scheduled</b>{how}",
}
FALLEN = "{what}: <s>{was}</s> no longer, now <b>{now}</b>{how}"


def _risen(changes: list[Change], reports: dict[int, Said], voice: Voice) -> Iterable[Told]:
    """A rung up or down, with what was reported where a report did it."""
    for change in changes:
        step = change.step
        if not _rises(change):
            continue
        was, now = (step.before or {}).get("evidence"), step.after["evidence"]
        up = was is None or EVIDENCE.index(now) > EVIDENCE.index(was)
        report = reports.get(change.message or 0)
        told = Markup((RISEN[now] if up or now == "scheduled" else FALLEN) + SRC + ".").format(
            what=fraction(step.after), was=was, now=now, how=f": {how_given(report, voice.zone)}" if report else "",
            source=_source(change, voice),
        )  # fmt: skip
        good = up and now in ("evidenced", "attested")
        sign = "check" if now != "arrived" and up else "clock"
        yield step.at, Entry(hour(step.at, voice.zone), sign, "good" if good else "", told)


def _rises(change: Change) -> bool:
    """Whether a version of an appointment has another rung, and no move says so already."""
    before, now = change.step.before, change.step.after.get("evidence")
    if change.kind != "Appointment" or before is None or now is None or before.get("evidence") == now:
        return False
    return kind_of(before, change.step.after) != "again"


def _source(change: Change, voice: Voice) -> str:
    """DFT of ARIA, 22:10 where a report said it; ARIA, 08:12 where it is the system of the appointments."""
    told = source_told(change.step, voice)
    return f"{change.type} of {told}" if change.type in ("DFT", "ORU") else told


# what the trial itself says


def _why(step: Step, voice: Voice) -> str:
    why = voice.open_why(step)
    return f" — {why}" if why else ""


def _session(change: Change, voice: Voice) -> Entry | None:
    step, said = change.step, change.step.after
    word, sign, _ = DONE.get(said.get("status") or "unknown", ("", "ask", ""))
    name = change.key.removeprefix(f"{step.subject}/")
    if step.before is None:
        time = said.get("time")
        what = ", ".join(filter(None, (PROGRAMS.get(said.get("program") or ""), _scored(said))))
        told = Markup("Session {name}{when} recorded: <b>{word}</b>{what}{why}" + SRC + ".").format(
            name=name, when=f", {when_told(time, voice.zone)}," if time else "", word=word,
            what=f", {what}" if what else "", why=_reason(said) or _why(step, voice), source=source_told(step, voice),
        )  # fmt: skip
    elif said.get("status") == "entered-in-error":
        told = Markup("Session {name} taken back, <b>entered in error</b>{why}" + SRC + ".").format(
            name=name, why=_why(step, voice), source=source_told(step, voice)
        )
    else:
        told = Markup("Session {name} corrected: {what}{why}" + SRC + ".").format(
            name=name, what=_differences(change, SESSION_FIELDS, voice), why=_why(step, voice),
            source=source_told(step, voice),
        )  # fmt: skip
    return Entry(hour(step.at, voice.zone), sign, "good" if said.get("status") == "completed" else "", told)


SESSION_FIELDS = {"pain_before": "pain before", "pain_after": "pain after", "exertion": "exertion", "status": "status",
                  "time": "time", "planned": "planned time", "program": "program", "setting": "setting",
                  "reason": "reason", "exercises": "exercises"}  # fmt: skip
PARTICIPANT_FIELDS = {"arm": "arm", "status": "status", "since": "since", "enrolled": "registered",
                      "randomised": "randomised", "left": "left", "consent": "consent", "reason": "reason"}  # fmt: skip
SCORE_FIELDS = {"value": "value", "absent": "no value", "answer": "answer", "time": "time", "timepoint": "time point"}


def _scored(said: Said) -> str:
    before, after = said.get("pain_before"), said.get("pain_after")
    if before is None or after is None:
        return ""
    return f"pain {before:g} before and {after:g} after"


def _reason(said: Said) -> str:
    reason = said.get("reason")
    return f" — {reason.text}" if reason and reason.text else ""


def _differences(change: Change, names: dict[str, str], voice: Voice) -> Markup:
    """Each changed field with its earlier value struck and its new one bold; others are only named."""
    before, after = change.step.before or {}, change.step.after
    parts = []
    for field in names:
        if field in change.fields:
            was, now = _plain(before.get(field), voice), _plain(after.get(field), voice)
            if was and now:
                parts.append(Markup("{} from <s>{}</s> to <b>{}</b>").format(names[field], was, now))
            elif now:
                parts.append(Markup("{} <b>{}</b>").format(names[field], now))
            elif was:
                parts.append(Markup("{} <s>{}</s> taken back").format(names[field], was))
    return Markup(", ").join(parts) or Markup("details")


def _plain(value: object, voice: Voice) -> str:
    """A value in a sentence; empty where there is none, or nothing short to say."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, str):
        return long_day(value) if value[:1].isdigit() else STATUSES.get(value, value.replace("-", " "))
    for name in ("text", "date"):
        if getattr(value, name, None):
            return long_day(str(getattr(value, name)))
    if getattr(value, "value", None) is not None:
        unit = getattr(value, "unit", None)
        return f"{value.value:g}{f' {unit}' if unit else ''}"  # type: ignore[attr-defined]
    if hasattr(value, "start"):
        return when_told(value, voice.zone) if hasattr(value, "day") else ""  # type: ignore[arg-type]
    return ""


def _score(change: Change, voice: Voice) -> Entry | None:
    step, said = change.step, change.step.after
    point = f" {said['timepoint']}" if said.get("timepoint") else ""
    when = f", {when_told(said['time'], voice.zone)}" if said.get("time") else ""
    what = f"{title(said.get('code') or '') or 'score'}{point}{when}"
    what = what[0].upper() + what[1:]
    results = [said[name] for name in ("value", "answer", "absent") if said.get(name) is not None]
    value = _plain(results[0], voice) if results else ""
    if step.before is None:
        told = Markup("{what} recorded: <b>{value}</b>{why}" + SRC + ".")
    elif said.get("status") == "entered-in-error":
        told = Markup("{what} taken back, <b>entered in error</b>{why}" + SRC + ".")
    else:
        told = Markup("{what} corrected: {how}{why}" + SRC + ".")
    text = told.format(
        what=what, value=value, how=_differences(change, SCORE_FIELDS, voice), why=_why(step, voice),
        source=source_told(step, voice),
    )  # fmt: skip
    return Entry(hour(step.at, voice.zone), "list", "", text)


def _participant(change: Change, voice: Voice) -> Entry | None:
    step = change.step
    if step.before is None:
        text = Markup("Participant linked{what}" + SRC + ".")
        status = step.after.get("status")
        what = f", {STATUSES.get(status, str(status)).lower()}" if status else ""
        told = text.format(what=what, source=source_told(step, voice))
    else:
        told = Markup("Participant changed: {what}{why}" + SRC + ".").format(
            what=_differences(change, PARTICIPANT_FIELDS, voice), why=_why(step, voice), source=source_told(step, voice)
        )
    return Entry(hour(step.at, voice.zone), "person", "", told)


def _treatment(change: Change, voice: Voice) -> Entry | None:
    step, said = change.step, change.step.after
    if step.before is not None and not set(change.fields) & {"status", "time", "dose", "place"}:
        return None  # only matched anew
    what = f"Fraction {said['fraction']}" if said.get("fraction") else "A fraction"
    if said.get("status") == "entered-in-error":
        text = "Report taken back: {what} <s>{how}</s>{why}"
    else:
        text = "{what} is reported as {how}{why}"
    told = Markup(text + SRC + ".").format(
        what=what, how=how_given(said, voice.zone), why=_why(step, voice), source=_source(change, voice)
    )
    return Entry(hour(step.at, voice.zone), "check" if said.get("appointment") else "ask", "", told)


def _is_report(change: Change) -> bool:
    return change.step.after.get("activity") == "fraction" and not is_fraction(change.key)


_TELL = {"ExerciseSession": _session, "Observation": _score, "Participant": _participant, "Treatment": _treatment}

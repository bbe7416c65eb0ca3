"""What must hold of an entry beyond its types: limits of instruments, times that may be, what goes together.

The same rules judge what a form or a program sends, a row of a file, and a message that is read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from integrator.records import Said
from integrator.records.instruments import INSTRUMENTS, Instrument, title
from integrator.records.schemas.about import About
from integrator.records.schemas.entries import RESULTS
from integrator.records.texts import day_of, minutes, not_one_of, starts
from integrator.records.values import When

LONGEST_SESSION = 360  # minutes
NEEDS_REASON = ("off-study", "withdrawn", "ineligible", "not-registered")  # statuses of a participant
ENDED = ("completed", "stopped", "in-progress")  # statuses of a session that took place


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an entry, and where: a field as it is written in an entry; "" is all of it."""

    field: str
    text: str

    def __str__(self) -> str:
        named = not self.field or self.text.startswith(self.field + " ")
        return self.text if named else f"{self.field}: {self.text}"


def rules(kind: str, said: Said, about: About, whole: bool) -> list[Problem]:
    """What is wrong with an entry. `whole`: it is the first of its record, so nothing may be missing."""
    return list(_RULES[kind](said, about, whole))


def _participant(said: Said, about: About, whole: bool) -> Iterator[Problem]:
    arm, status, consent = said.get("arm"), said.get("status"), said.get("consent")
    if arm and about.arms and arm not in about.arms:
        yield Problem("arm", not_one_of("arm", arm, about.arms))
    if status in NEEDS_REASON and not said.get("reason"):
        yield Problem("reason", f"say why the participant is {status}")
    if status and not said.get("since"):
        yield Problem("since", f"say from which day the participant is {status}: 2026-03-04")
    for name in ("since", "enrolled", "randomised", "left"):
        yield from _not_future(name, When(day=said[name]) if said.get(name) else None, about)
    if consent:
        for name in ("date", "withdrawn"):
            day = getattr(consent, name)
            yield from _not_future(f"consent.{name}", When(day=day) if day else None, about)
        if not consent.date:
            yield Problem("consent.date", "on which day was the consent signed? write 2026-03-02")
        if bool(consent.withdrawn) != bool(consent.withdrawal):
            yield Problem("consent", "a withdrawal has its day (withdrawn) and what it is of (withdrawal)")
        if consent.date and consent.withdrawn and consent.withdrawn < consent.date:
            yield Problem("consent.withdrawn", f"{consent.withdrawn} is before the consent of {consent.date}")


def _session(said: Said, about: About, whole: bool) -> Iterator[Problem]:
    status, time = said.get("status"), said.get("time")
    if whole:
        if not status:
            yield Problem("status", "did it take place? write completed, stopped or not-done")
        if not said.get("program"):
            yield Problem("program", "which unit was it? write isometric-training or passive-therapy")
        if status in ENDED and time is None:
            yield Problem("start", "when was it? write start and end, or only day")
        if status == "not-done" and time is None and not said.get("planned"):
            yield Problem("planned", "when should it have been? write planned with its start")
    if status in ("not-done", "stopped") and not said.get("reason"):
        yield Problem("reason", f"say why it was {'not done' if status == 'not-done' else 'stopped'}")
    if status == "not-done" and time is not None:
        yield Problem("start", "a session that was not done has no time; when it should have been goes into planned")
    yield from _times("start", time, about)
    if time is not None and about.randomised and about.zone and day_of(time, about.zone) < about.randomised:
        day = day_of(time, about.zone)
        yield Problem("start", f"{day} is before the randomisation on {about.randomised}")
    for name, code in (("exertion", "borg-cr10"), ("pain_before", "pain-vas"), ("pain_after", "pain-vas")):
        if said.get(name) is not None:
            yield from _within(name, INSTRUMENTS[code], said[name])
    if status == "not-done":
        for name in ("exertion", "pain_after", "exercises"):
            if said.get(name):
                yield Problem(name, "a session that was not done has none")


def _observation(said: Said, about: About, whole: bool) -> Iterator[Problem]:
    code, given = said.get("code"), [name for name in RESULTS if said.get(name) is not None]
    if len(given) > 1:
        yield Problem(given[1], f"{' and '.join(given)} exclude each other; keep one of them")
    if whole:
        if not code:
            yield Problem("instrument", f"which instrument is it? write one of {', '.join(INSTRUMENTS)}")
        if not given and said.get("status") not in ("registered", "cancelled", "entered-in-error"):
            words = "not-asked, asked-declined, not-performed"
            yield Problem("value", f"the value is missing; write it, or say in absent why there is none: {words}")
        if not said.get("time"):
            yield Problem("time", "when was it assessed? write 2026-03-13, or 2026-03-13 09:40")
    instrument = INSTRUMENTS.get(code or "")
    if instrument and said.get("value") is not None:
        yield from _within("value", instrument, said["value"].value)
    yield from _times("time", said.get("time"), about)
    if said.get("phase") and "part_of" in said and said["part_of"] is None:
        yield Problem("phase", "before and after are of an exercise session; say in session of which")


def _treatment(said: Said, about: About, whole: bool) -> Iterator[Problem]:
    if whole:
        if not said.get("status"):
            yield Problem("status", "was it given? write given, partly or not given")
        if not any(said.get(name) for name in ("appointment", "fraction", "time")):
            yield Problem("fraction", "which fraction was it? write its number, or day or start")
    if said.get("status") in ("not-done", "stopped") and not said.get("reason"):
        yield Problem("reason", f"say why it was {'not given' if said['status'] == 'not-done' else 'stopped'}")
    if said.get("fraction") is not None and said["fraction"] < 1:
        yield Problem("fraction", "fractions are counted from 1")
    yield from _times("start", said.get("time"), about)


def _within(name: str, instrument: Instrument, value: float) -> Iterator[Problem]:
    low, high, step = instrument.low, instrument.high, instrument.step
    fits = (low is None or value >= low) and (high is None or value <= high)
    if not fits or (step is not None and value % step):
        steps = f" in steps of {step:g}" if step not in (None, 1) else ""
        yield Problem(name, f"{instrument.says()}{steps}; {value:g} is not")


def _times(name: str, time: When | None, about: About) -> Iterator[Problem]:
    """A time that may not be: in the future, before the consent, over before it began, endless."""
    if time is None:
        return
    yield from _not_future(name, time, about)
    if time.start and time.end:
        length = minutes(time) or 0
        if length < 0:
            yield Problem("end", "the end is before the start")
        elif length > LONGEST_SESSION:
            yield Problem("end", f"{length / 60:.1f} hours: are start and end right?")
    if about.consented and about.zone and (day := day_of(time, about.zone)) < about.consented:
        yield Problem(name, f"{day} is before the consent of {about.consented}; nothing earlier may be kept")


def _not_future(name: str, time: When | None, about: About) -> Iterator[Problem]:
    if time is None or about.now is None or (time.start is None and about.zone is None):
        return
    if starts(time, about.zone or "UTC") > about.now:
        shown = time.start.isoformat(" ", "minutes") if time.start else time.day
        yield Problem(name, f"{shown} is in the future")


_RULES = {
    "Participant": _participant,
    "ExerciseSession": _session,
    "Observation": _observation,
    "Treatment": _treatment,
}

__all__ = ["NEEDS_REASON", "Problem", "rules", "title"]

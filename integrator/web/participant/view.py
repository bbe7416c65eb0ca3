"""The page of a participant as plain values for its template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from integrator.records.values import Concept
from integrator.store.today import Held, Question, Stuck
from integrator.web.participant.course import course_of
from integrator.web.participant.facts import Course, Score, Unit, Visit
from integrator.web.participant.hospital import Beside, beside
from integrator.web.participant.kept import Kept
from integrator.web.participant.log import log_of
from integrator.web.participant.names import STATUSES, long_day, visit_named
from integrator.web.participant.picture import NARROW, WIDE, picture
from integrator.web.participant.told import Entry
from integrator.web.today.days import day_and_hour, short_day
from integrator.web.today.sentences import Voice, listed, unnamed
from integrator.web.today.view import Known, Wait, waiting

SHOWN = 15  # sentences of the log, before the older ones
WITHDRAWN = {"intervention": "the intervention", "collection": "collecting data", "everything": "everything"}


@dataclass(frozen=True)
class Fact:
    """One of the facts under the head."""

    name: str
    value: str
    told: str = ""
    was: str = ""  # where it was in the first plan


@dataclass(frozen=True)
class Page:
    """Everything that the template of a participant shows."""

    subject: str
    as_of: str
    lead: Markup
    waits: list[Wait]
    facts: list[Fact]
    course: Course
    wide: Markup
    narrow: Markup
    chosen: Visit | None
    chosen_told: str
    log: list[tuple[str, list[Entry]]]
    older: list[tuple[str, list[Entry]]]  # behind "Older"
    beside: list[Beside]
    units: tuple[Unit, ...]
    scores: tuple[Score, ...]


def page(kept: Kept, voice: Voice) -> Page:
    """The page of a participant."""
    course = course_of(kept, voice)
    chosen = _chosen(course, kept)
    log = log_of(kept, voice)
    recent = _recent(log)
    return Page(
        subject=kept.participant.subject,
        as_of=day_and_hour(kept.now, voice.zone),
        lead=lead(kept),
        waits=waits(kept, voice),
        facts=facts(course, kept),
        course=course,
        wide=picture(course, WIDE, chosen.id if chosen else None),
        narrow=picture(course, NARROW, chosen.id if chosen else None),
        chosen=chosen,
        chosen_told=visit_named(chosen) if chosen else "",
        log=log[:recent],
        older=log[recent:],
        beside=beside(kept, voice),
        units=tuple(reversed(course.units)),
        scores=tuple(reversed(course.scores)),
    )


def _recent(log: list[tuple[str, list[Entry]]]) -> int:
    """How many days of the log are shown at once: whole days, until there are enough sentences."""
    sentences = 0
    for days, (_, told) in enumerate(log, 1):
        sentences += len(told)
        if sentences >= SHOWN:
            return days
    return len(log)


def waits(kept: Kept, voice: Voice) -> list[Wait]:
    """What of this participant a person must look at, most urgent first."""
    questions = [question for question, _ in kept.questions]
    return waits_of(kept.participant.subject, kept.held, questions, kept.stuck, kept, voice)


def waits_of(
    subject: str, held: list[Held], questions: list[Question], stuck: list[Stuck], kept: Kept, voice: Voice
) -> list[Wait]:
    known = Known(kept.now, None, {}, [], [], held, questions, stuck)
    return [Wait(one.sign, one.since, unnamed(one.told, subject), one.stops) for one in waiting(known, voice)]


def _chosen(course: Course, kept: Kept) -> Visit | None:
    """The fraction that is looked at first: the coming one, else the last."""
    shown = [visit for visit in course.fractions if visit.start]
    ahead = [visit for visit in shown if not visit.gone and visit.start and (visit.end or visit.start) > kept.now]
    return ahead[0] if ahead else shown[-1] if shown else None


def lead(kept: Kept) -> Markup:
    """Arm, status since when and why, consent: in whole sentences."""
    said = next((said for _, said in kept.of("Participant")), {})
    arm = said.get("arm") or kept.participant.arm
    parts = [Markup("Arm {}.").format(arm) if arm else Markup("No arm yet.")]
    status = said.get("status")
    if status:
        since = f" since {long_day(said['since'])}" if said.get("since") else ""
        reason = _words(said.get("reason"))
        parts.append(
            Markup("<b>{}</b>{}{}.").format(STATUSES.get(status, status), since, f" — {reason}" if reason else "")
        )
    consent = said.get("consent")
    if consent and consent.date:
        version = f", version {consent.version}" if consent.version else ""
        parts.append(Markup("Consent {}{}.").format(long_day(consent.date), version))
    if consent and consent.withdrawn:
        of = WITHDRAWN.get(consent.withdrawal or "", consent.withdrawal)
        parts.append(Markup("<b>Consent to {} withdrawn</b> from {}.").format(of, long_day(consent.withdrawn)))
    return Markup(" ").join(parts)


def facts(course: Course, kept: Kept) -> list[Fact]:
    """Next appointment, fractions given, sessions recorded, the latest pain score."""
    found = [_next(course, kept), _given(course), _sessions(course)]
    pain = [score for score in course.scores if score.instrument.startswith("pain") and not score.error]
    latest = max(pain, key=lambda score: (score.day or date.min, score.id), default=None)
    if latest:
        told = f"{latest.when}{f', {latest.timepoint}' if latest.timepoint else ''}"
        found.append(Fact("Latest pain score", latest.value.now, f"{latest.instrument}, {told}"))
    else:
        found.append(Fact("Latest pain score", "—", "None recorded yet"))
    return found


def _next(course: Course, kept: Kept) -> Fact:
    visit = course.next(kept.now)
    if visit is None or visit.start is None:
        return Fact("Next", "—", "No later appointment is known")
    told = ", ".join(filter(None, (visit.what, visit.place)))
    was = f"was {short_day(visit.first)} {visit.first:%H:%M}" if visit.moved and visit.first else ""
    return Fact("Next", f"{short_day(visit.start)} {visit.start:%H:%M}", told, was)


def _given(course: Course) -> Fact:
    if not course.fractions:
        return Fact("Fractions given", "—", "No fraction is known")
    open_ = [visit for visit in course.standing if visit.rung > 1 and not visit.counts]
    more = f"{len(open_)} more not confirmed: " + listed(
        f"{visit.short} {'is in question' if visit.asked else f'only {visit.evidence}'}" for visit in open_[:3]
    ) if open_ else ""  # fmt: skip
    return Fact("Fractions given", f"{course.given} of {course.planned}", more)


def _sessions(course: Course) -> Fact:
    units = [unit for unit in course.units if unit.status != "entered-in-error"]
    if not units:
        return Fact("Exercise sessions", "—", "None recorded yet")
    counts = [(sum(unit.word == word for unit in units), word) for word in ("done", "partly done", "not done")]
    return Fact("Exercise sessions", str(len(units)), ", ".join(f"{n} {word}" for n, word in counts if n))


def _words(concept: Concept | None) -> str:
    if concept is None:
        return ""
    return concept.text or next((coding.display or coding.code for coding in concept.codings), "")

"""What the log says of entries of the trial and of reports of fractions; pure."""

from __future__ import annotations

from markupsafe import Markup

from integrator.evidence import is_fraction
from integrator.records import Said
from integrator.records.instruments import title
from integrator.records.values import When
from integrator.web.participant.course import PROGRAMS, how_given, when_told
from integrator.web.participant.facts import DONE
from integrator.web.participant.kept import Change
from integrator.web.participant.names import STATUSES, long_day
from integrator.web.participant.told import SRC, Entry, entry, source_of, why_told
from integrator.web.today.sentences import Voice, source_told


def _session(change: Change, voice: Voice) -> Entry | None:
    step, said = change.step, change.step.after
    why, source = why_told(step, voice), source_told(step, voice)
    word, sign, _ = DONE.get(said.get("status") or "unknown", ("", "ask", ""))
    name = change.key.removeprefix(f"{step.subject}/")
    if step.before is None:
        planned = said.get("planned")
        time = said.get("time") or (When(planned.start, planned.end) if planned else None)
        what = ", ".join(filter(None, (PROGRAMS.get(said.get("program") or ""), _scored(said))))
        told = Markup("Session {name}{when} recorded: <b>{word}</b>{what}{why}" + SRC).format(
            name=name, when=f", {when_told(time, voice.zone)}," if time else "", word=word,
            what=f", {what}" if what else "", why=_reason(said) or why, source=source,
        )  # fmt: skip
    elif said.get("status") == "entered-in-error":
        told = Markup("Session {name} taken back, <b>entered in error</b>{why}" + SRC).format(
            name=name, why=why, source=source
        )
    else:
        told = Markup("Session {name} corrected: {what}{why}" + SRC).format(
            name=name, what=_differences(change, SESSION_FIELDS, voice), why=why_told(step, voice),
            source=source_told(step, voice),
        )  # fmt: skip
    return entry(step, voice, sign, told, "good" if said.get("status") == "completed" else "")


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
        told = Markup("{what} recorded: <b>{value}</b>{why}" + SRC)
    elif said.get("status") == "entered-in-error":
        told = Markup("{what} taken back, <b>entered in error</b>{why}" + SRC)
    else:
        told = Markup("{what} corrected: {how}{why}" + SRC)
    text = told.format(
        what=what, value=value, how=_differences(change, SCORE_FIELDS, voice), why=why_told(step, voice),
        source=source_told(step, voice),
    )  # fmt: skip
    return entry(step, voice, "list", text)


def _participant(change: Change, voice: Voice) -> Entry | None:
    step = change.step
    if step.before is None:
        text = Markup("Participant linked{what}" + SRC)
        status = step.after.get("status")
        what = f", {STATUSES.get(status, str(status)).lower()}" if status else ""
        told = text.format(what=what, source=source_told(step, voice))
    else:
        told = Markup("Participant changed: {what}{why}" + SRC).format(
            what=_differences(change, PARTICIPANT_FIELDS, voice),
            why=why_told(step, voice),
            source=source_told(step, voice),
        )
    return entry(step, voice, "person", told)


def _treatment(change: Change, voice: Voice) -> Entry | None:
    step, said = change.step, change.step.after
    if step.before is not None and not set(change.fields) & {"status", "time", "dose", "place"}:
        return None  # only matched anew
    what = f"Fraction {said['fraction']}" if said.get("fraction") else "A fraction"
    if said.get("status") == "entered-in-error":
        text = "Report taken back: {what} <s>{how}</s>{why}"
    else:
        text = "{what} is reported as {how}{why}"
    told = Markup(text + SRC).format(
        what=what, how=how_given(said, voice.zone), why=why_told(step, voice), source=source_of(change, voice)
    )
    return entry(step, voice, "check" if said.get("appointment") else "ask", told)


def is_report(change: Change) -> bool:
    """Whether it is a report of a fraction, and not the fraction that reports make."""
    return (
        change.kind == "Treatment" and change.step.after.get("activity") == "fraction" and not is_fraction(change.key)
    )


# kind of record -> its sentence; None: there is nothing to say
TELL = {"ExerciseSession": _session, "Observation": _score, "Participant": _participant, "Treatment": _treatment}

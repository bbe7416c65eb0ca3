"""Keys of the trial's own records, and the observations that an exercise session makes beside itself; pure."""

from __future__ import annotations

from collections.abc import Iterator

from integrator.records import Said
from integrator.records.instruments import INSTRUMENTS
from integrator.records.schemas import session_key
from integrator.records.texts import minutes
from integrator.records.values import Ref, When

SCORES = (("pain_before", "pain-vas", "before"), ("pain_after", "pain-vas", "after"), ("exertion", "borg-cr10", None))


def record_key(kind: str, subject: str, name: str, said: Said) -> str | None:
    """The key of a record: the subject code, and the trial's own name of it or what it is about; None: neither."""
    if kind == "Participant":
        return subject
    if kind == "Treatment" and "|" in name:
        return name  # what a system reported, named by its whole key
    if name:
        return session_key(subject, name)
    if kind == "Treatment":
        return treatment_key(subject, said)
    if kind != "Observation" or not said.get("code"):
        return None
    return observation_key(subject, said)


def treatment_key(subject: str, said: Said) -> str | None:
    """The key of what is said of a fraction without a name: its number, its slot, or its time."""
    time, slot = said.get("time"), said.get("appointment")
    if said.get("fraction"):
        return session_key(subject, f"fraction-{said['fraction']}")
    if slot:
        return session_key(subject, "slot-" + slot.key.replace("|", "-"))
    if time is None:
        return None
    return session_key(subject, "given-" + (time.start.isoformat(timespec="minutes") if time.start else time.day))


def observation_key(subject: str, said: Said) -> str | None:
    """The key of an observation without a name: instrument, site, and the session, time point or time that it is of."""
    time, session = said.get("time"), said.get("part_of")
    about = [str(said["code"]).rpartition("|")[2]]
    if site := said.get("site"):
        about.append(site.text or site.codings[0].code)
    if session:
        about = [session.key.removeprefix(subject + "/"), *about]
    elif said.get("timepoint"):
        about.append(said["timepoint"])
    elif time is not None:
        about.append(time.start.isoformat(timespec="minutes") if time.start else time.day)
    else:
        return None
    if said.get("phase"):
        about.append(said["phase"])
    return session_key(subject, "/".join(about).replace("|", "-").replace(" ", "-"))


def observations_of(session: str, said: Said) -> Iterator[tuple[str, Said]]:
    """Key and fields of the observations that a session's fields are: pain before and after, exertion, minutes,
    exercises done. `session` is its key; a score said to be none takes its observation back."""
    time = said.get("time")
    for name, code, phase in SCORES:
        if name in said:
            yield _observation(session, code, said[name], _moment(time, phase), phase)
    if (length := minutes(time) if time else None) is not None:
        yield _observation(session, "exercise-minutes", round(length, 2), time, None)
    exercises = said.get("exercises") or ()
    if any(one.done is not None for one in exercises):
        done = sum(1 for one in exercises if one.done)
        yield _observation(session, "exercises-done", done, time, None)


def _observation(
    session: str, code: str, value: float | None, time: When | None, phase: str | None
) -> tuple[str, Said]:
    key = "/".join(one for one in (session, code, phase) if one)
    said: Said = {"key": key, "code": code, "part_of": Ref("ExerciseSession", session)}
    if phase:
        said["phase"] = phase
    if time is not None:
        said["time"] = time
    if value is None:
        return key, {**said, "value": None, "status": "entered-in-error"}
    return key, {**said, "value": INSTRUMENTS[code].quantity(value), "status": "final"}


def _moment(time: When | None, phase: str | None) -> When | None:
    """Pain before is asked at the start, pain after at the end."""
    if time is None or time.start is None or time.end is None or phase is None:
        return time
    return When(time.start if phase == "before" else time.end)

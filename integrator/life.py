"""A participant's life in the trial: which status may follow which, and what must be said with it; pure.

The statuses are FHIR R4's research-subject-status. `withdrawn` is who withdrew before registration; who leaves after
it is `off-study`, with the reason (drop-out, withdrawal, death, completion).
"""

from __future__ import annotations

from collections.abc import Iterator

from integrator.records import Said
from integrator.records.participant import SCOPES, STATUSES, Consent
from integrator.records.schemas import Problem
from integrator.records.schemas.rules import NEEDS_REASON

ARROWS = {
    "": STATUSES,  # whoever was in the trial before us may be anywhere
    "potential-candidate": ("candidate", "screening", "ineligible", "withdrawn", "not-registered"),
    "candidate": ("screening", "eligible", "ineligible", "withdrawn", "not-registered"),
    "screening": ("eligible", "ineligible", "pending-on-study", "withdrawn", "not-registered"),
    "eligible": ("pending-on-study", "ineligible", "withdrawn", "not-registered"),
    "pending-on-study": ("on-study", "on-study-intervention", "ineligible", "withdrawn", "not-registered"),
    "on-study": ("on-study-intervention", "on-study-observation", "follow-up", "off-study"),
    "on-study-intervention": ("on-study-observation", "follow-up", "off-study"),
    "on-study-observation": ("on-study-intervention", "follow-up", "off-study"),
    "follow-up": ("off-study",),
    "off-study": (),
    "withdrawn": (),
    "ineligible": (),
    "not-registered": (),
}
REGISTERED = ("on-study", "on-study-intervention", "on-study-observation", "follow-up", "off-study")


def problems(before: Said, entry: Said, correction: bool = False) -> list[Problem]:
    """What is wrong with an entry of a participant whose record is `before` (empty: there is none yet).

    `correction`: an earlier entry was a mistake, so any status may follow; then it needs a reason all the same.
    """
    return [*_status(before, entry, correction), *_consent(before.get("consent"), entry.get("consent"), correction)]


def _status(before: Said, entry: Said, correction: bool) -> Iterator[Problem]:
    was, now = before.get("status") or "", entry.get("status")
    if now is None or now == was:
        return
    if correction:
        if not entry.get("reason") and now in NEEDS_REASON:
            yield Problem("reason", f"say why the participant is {now}")
        return
    if now in ARROWS[was]:
        if entry.get("since") and before.get("since") and entry["since"] < before["since"]:
            yield Problem("since", f"{entry['since']} is before the participant became {was}, on {before['since']}")
        return
    yield Problem("status", _refused(was, now))


def _refused(was: str, now: str) -> str:
    """Why the one does not follow the other, and what to write instead."""
    if now == "withdrawn" and was in REGISTERED:
        return (
            "withdrawn is who withdrew before registration; who leaves after it is off-study, with the reason "
            f"(this participant is {was})"
        )
    if now == "off-study" and was not in REGISTERED:
        instead = "withdrawn, ineligible or not-registered"
        return f"off-study is who was on the study; before registration it is {instead} (this participant is {was})"
    after = ARROWS[was]
    ways = f"may become {', '.join(after)}" if after else "stays so"
    return f"{was} {ways}, not {now}; if an earlier entry was a mistake, say that this is a correction"


def _consent(before: Consent | None, now: Consent | None, correction: bool) -> Iterator[Problem]:
    if now is None or before is None or now == before or correction:
        return
    if before.withdrawn and before.withdrawal != "intervention":
        yield Problem("consent", f"the consent was withdrawn on {before.withdrawn}; a new one needs a new participant")
        return
    if now.withdrawn and not before.withdrawn:
        return
    if (now.date or "") <= (before.date or "") or now.version == before.version:
        standing = f"there is a consent of {before.date}" + (f", version {before.version}" if before.version else "")
        yield Problem("consent", f"{standing}; a second one is later, and of another version of the form")


def after_withdrawal(status: str | None, scope: str) -> str | None:
    """The status that follows from a withdrawal of consent; None: it stays.

    Who withdraws from the intervention only is observed further; all else ends the participation.
    """
    if scope not in SCOPES:
        raise ValueError(f"no scope of a withdrawal: {scope}")
    if status not in REGISTERED:
        return None if status and not ARROWS[status] else "withdrawn" if scope != "intervention" else None
    if status == "off-study":
        return None
    if scope == "intervention":
        return "on-study-observation" if status in ("on-study", "on-study-intervention") else None
    return "off-study"


def dated(before: Said, entry: Said) -> Said:
    """The entry with the days that follow from its status: registered on the day of going on study, left on the day
    of going off it."""
    status, since = entry.get("status"), entry.get("since")
    found = dict(entry)
    if status in REGISTERED and status != "off-study" and not before.get("enrolled"):
        found.setdefault("enrolled", since)
    if status == "off-study":
        found.setdefault("left", since)
    return found

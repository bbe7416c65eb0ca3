"""What a difference of a registry record means and how its places and values are called; pure.

Material is what the study does or who takes part; editorial is how it is worded; bookkeeping are the registry's own
dates. Days are those of 42 CFR 11.64 (as the registry asks of every record): 30 for recruitment status, dates, sites,
who answers and what is done, else 365. The registry's rules are the study's policy to follow, not a duty for each.
"""

from __future__ import annotations

from typing import Any

from integrator.records.values import Concept, PartialDate

BOOKKEEPING = ("first", "results", "delay", "update", "verified", "has_results", "results_waived", "delayed")
EDITORIAL = (
    "title",
    "official_title",
    "acronym",
    "organization",
    "summary",
    "description",
    "keywords",
    "contacts",
    "references",
    "links",
    "data_sets",
    "data_sharing",
    "aliases",
    "numbers",
    "organization_number",
)
WITHIN_30_DAYS = (
    "status",
    "registry_status",
    "last_known_status",
    "why_stopped",
    "start",
    "primary_completion",
    "completion",
    "expanded_access",
    "responsible",
    "contacts",
    "interventions",
    "enrolled",
)
SITE_WITHIN_30_DAYS = ("status", "registry_status")

_LABELS = {
    "nct": "NCT number",
    "registry_status": "Status",
    "status": "Status",
    "last_known_status": "Last known status",
    "why_stopped": "Reason of stopping",
    "primary_completion": "Primary completion",
    "enrolled": "Number of participants",
    "planned": "Planned number of participants",
    "official_title": "Official title",
    "study_type": "Type of study",
    "update.submitted": "Last update",
    "update.posted": "Posting of the last update",
    "has_results": "Results",
    "verified": "Verification date",
    "primary_outcomes": "Primary outcome",
    "secondary_outcomes": "Secondary outcome",
    "other_outcomes": "Other outcome",
    "data_sets": "Data set",
}
_ONE_OF = {
    "arms": "Arm",
    "sites": "Site",
    "interventions": "Intervention",
    "conditions": "Condition",
    "keywords": "Keyword",
    "collaborators": "Collaborator",
    "officials": "Official",
    "contacts": "Contact",
    "references": "Reference",
    "links": "Link",
    "numbers": "Number",
    "aliases": "Former number",
}


def kind_of(place: str) -> str:
    """material, editorial or bookkeeping."""
    field = place.partition(".")[0].partition("[")[0]
    if field in BOOKKEEPING:
        return "bookkeeping"
    wording = "]" in place and place.rpartition("].")[2] in ("note", "citation", "other_names")
    return "editorial" if wording or field in EDITORIAL else "material"


def within_days(place: str) -> int | None:
    """Within how many days the registry asks to be told; None where the registry itself says it."""
    field = place.partition(".")[0].partition("[")[0]
    if field in BOOKKEEPING or field in ("nct", "aliases"):
        return None
    if field in WITHIN_30_DAYS:
        return 30
    part = place.rpartition("].")[2]
    return 30 if field == "sites" and (place.endswith("]") or part in SITE_WITHIN_30_DAYS) else 365


def label(place: str) -> str:
    """The name of a place at the beginning of a sentence: "Arm B: control, note"."""
    if place in _LABELS:
        return _LABELS[place]
    head, _, rest = place.partition("[")
    if not rest:
        field, _, part = place.partition(".")
        name = _LABELS.get(field) or field.replace("_", " ").capitalize()
        return f"{name}, {part.replace('_', ' ')}" if part else name
    inside, _, part = rest.rpartition("]")
    name = _ONE_OF.get(head) or _LABELS.get(head) or head.replace("_", " ").capitalize()
    of = part.lstrip(".").replace("_", " ").replace("[", ": ").replace("]", "")
    return f"{name} {inside}, {of}" if of else f"{name} {inside}"


def shown(value: Any) -> str:
    """A value within a sentence."""
    if value is None or value == ():
        return "nothing"
    if isinstance(value, PartialDate):
        return f"{value.text} ({value.kind.lower()})" if value.kind else value.text
    if isinstance(value, Concept):
        return value.text or ", ".join(one.display or one.code for one in value.codings)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(shown(one) for one in value)
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "…"

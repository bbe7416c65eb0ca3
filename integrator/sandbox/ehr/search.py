"""Which resources a FHIR search means: parameters by type (token, reference, date, string), as pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Resource = dict[str, Any]

PATHS: dict[str, dict[str, tuple[str, ...]]] = {
    "": {"identifier": ("identifier",), "_lastUpdated": ("meta.lastUpdated",), "_id": ("id",)},
    "Patient": {
        "name": ("name.family", "name.given", "name.text"),
        "family": ("name.family",),
        "given": ("name.given",),
        "birthdate": ("birthDate",),
        "gender": ("gender",),
    },
    "Appointment": {
        "date": ("start",),
        "patient": ("participant.actor",),
        "actor": ("participant.actor",),
        "status": ("status",),
        "service-type": ("serviceType",),
        "service-category": ("serviceCategory",),
    },
    "Procedure": {"date": ("performedDateTime", "performedPeriod")},
    "Observation": {"date": ("effectiveDateTime", "effectivePeriod", "effectiveInstant")},
    "Encounter": {"date": ("period",)},
    "ResearchSubject": {  # R4: individual, R5: subject
        "patient": ("individual", "subject"),
        "individual": ("individual",),
        "subject": ("subject",),
        "study": ("study",),
    },
    "Practitioner": {"family": ("name.family",)},
}
PLAIN = {"patient": ("subject",), "subject": ("subject",), "status": ("status",), "code": ("code",)}


class BadSearch(Exception):
    """A value that this kind of parameter cannot have; the text says which."""


@dataclass(frozen=True)
class Criterion:
    """One search parameter as sent: all criteria must hold, any of the comma-separated values is enough."""

    name: str
    modifier: str
    kind: str
    values: tuple[str, ...]


def split_values(text: str) -> tuple[str, ...]:
    r"""The values between commas that are not escaped (`\,`); other escapes stay."""
    return tuple(re.split(r"(?<!\\),", text))


def unescaped(text: str) -> str:
    r"""Without the escapes of search values: `\,` `\|` `\$` and the backslash itself."""
    return re.sub(r"\\([,|$\\])", r"\1", text)


def token(value: str) -> tuple[str | None, str]:
    """System and code of a token; the system is None where no bar stands, "" where nothing stands before it."""
    parts = re.split(r"(?<!\\)\|", value, maxsplit=1)
    return (unescaped(parts[0]) if len(parts) == 2 else None), unescaped(parts[-1])


def matches(
    resource: Resource, criteria: list[Criterion], zone: str, patients_of: Callable[[str], set[str]] | None = None
) -> bool:
    """Whether all criteria hold. `patients_of` gives the Patient references that have an identifier (for chains)."""
    return all(_holds(resource, criterion, zone, patients_of) for criterion in criteria)


def _holds(resource: Resource, criterion: Criterion, zone: str, patients_of: Callable[[str], set[str]] | None) -> bool:
    found = list(_found(resource, criterion.name.partition(".")[0]))
    if criterion.name.endswith(".identifier") and patients_of:
        wanted = set().union(*(patients_of(value) for value in criterion.values))
        return any(isinstance(each, dict) and each.get("reference") in wanted for each in found)
    if criterion.kind == "reference" and criterion.modifier == "identifier":
        inner = [each.get("identifier") for each in found if isinstance(each, dict)]
        return any(token_matches(each, value) for each in inner if each for value in criterion.values)
    test = TESTS[criterion.kind]
    hit = any(test(each, value, criterion, zone) for each in found for value in criterion.values)
    return not hit if criterion.modifier == "not" else hit


def _found(resource: Resource, name: str) -> Iterator[Any]:
    own = PATHS.get(resource["resourceType"], {})
    for path in own.get(name) or PATHS[""].get(name) or PLAIN.get(name) or ():
        yield from _walk(resource, path.split("."))


def _walk(value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _walk(each, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _walk(value[steps[0]], steps[1:])


def token_matches(found: Any, value: str) -> bool:
    """`system|value`, `|value` (no system), `system|` (any value) or `value` (any system)."""
    system, code = token(value)
    for own_system, own_code in _tokens(found):
        if system is not None and (own_system or "") != system:
            continue
        if own_code == code or (system is not None and not code):
            return True
    return False


def _tokens(found: Any) -> Iterator[tuple[str | None, str | None]]:
    if isinstance(found, str):
        yield None, found
    elif isinstance(found, dict) and isinstance(found.get("coding"), list):
        for coding in found["coding"]:
            yield coding.get("system"), coding.get("code")
    elif isinstance(found, dict):
        yield found.get("system"), found.get("value", found.get("code"))


def _token(found: Any, value: str, criterion: Criterion, zone: str) -> bool:
    if isinstance(found, str):  # a code: its system is fixed by the element and need not be named
        return token(value)[1] == found
    return token_matches(found, value)


def _reference(found: Any, value: str, criterion: Criterion, zone: str) -> bool:
    reference = found.get("reference", "") if isinstance(found, dict) else ""
    type_ = criterion.modifier or ("Patient" if criterion.name == "patient" else "")
    tail = "/".join(value.split("/")[-2:])
    if "/" in tail:
        return reference == tail or reference.endswith("/" + tail)
    return bool(reference) and reference.split("/")[-1] == tail and (not type_ or f"{type_}/" in reference)


def _string(found: Any, value: str, criterion: Criterion, zone: str) -> bool:
    text, value = str(found).casefold(), unescaped(value).casefold()
    if criterion.modifier == "exact":
        return text == value
    return value in text if criterion.modifier == "contains" else text.startswith(value)


def _date(found: Any, value: str, criterion: Criterion, zone: str) -> bool:
    prefix, rest = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    low, high = span(rest, zone)
    if isinstance(found, dict):
        first = span(found["start"], zone)[0] if found.get("start") else datetime.min.replace(tzinfo=UTC)
        last = span(found["end"], zone)[1] if found.get("end") else datetime.max.replace(tzinfo=UTC)
    else:
        first, last = span(str(found), zone)
        last = first + timedelta(milliseconds=1) if "T" in str(found) else last  # an instant has no length
    match prefix:
        case "eq":
            return low <= first and last <= high
        case "ne":
            return not (low <= first and last <= high)
        case "gt" | "sa":
            return last > high if prefix == "gt" else first >= high
        case "lt" | "eb":
            return first < low if prefix == "lt" else last <= low
        case "ge":
            return last > high or (low <= first and last <= high)
        case "le":
            return first < low or (low <= first and last <= high)
    raise BadSearch(f"unknown prefix {prefix} in {criterion.name}={value}")


def span(text: str, zone: str) -> tuple[datetime, datetime]:
    """The instants (first, first after) that a FHIR date, dateTime or instant means; without offset in `zone`."""
    parts = re.fullmatch(
        r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d:\d\d)(:\d\d)?(\.\d+)?(.*))?", text.replace(" ", "+")
    )
    if not parts:
        raise BadSearch(f"not a FHIR date: {text}")
    year, month, day, minute, second, fraction, offset = parts.groups()
    try:
        if minute:
            offset = offset.replace("Z", "+00:00")
            start = datetime.fromisoformat(f"{year}-{month}-{day}T{minute}{second or ''}{(fraction or '')[:7]}{offset}")
            length = timedelta(milliseconds=1) if fraction else timedelta(seconds=1 if second else 60)
            start = start if start.tzinfo else start.replace(tzinfo=ZoneInfo(zone))
            return start.astimezone(UTC), start.astimezone(UTC) + length
        start = datetime(int(year), int(month or 1), int(day or 1))
    except ValueError as problem:
        raise BadSearch(f"not a FHIR date: {text}") from problem
    if day:
        end = start + timedelta(days=1)
    elif month:
        end = (start + timedelta(days=32)).replace(day=1)
    else:
        end = start.replace(year=start.year + 1)
    here = ZoneInfo(zone)
    return start.replace(tzinfo=here).astimezone(UTC), end.replace(tzinfo=here).astimezone(UTC)


TESTS: dict[str, Callable[[Any, str, Criterion, str], bool]] = {
    "token": _token,
    "reference": _reference,
    "string": _string,
    "date": _date,
}

"""Conversions of a Study's parts in FHIR that one path cannot say: titles, counted groups, eligibility."""

from __future__ import annotations

import re
from typing import Any

from integrator.mapping import casts_fhir_plain as plain
from integrator.mapping.casts import NOTHING, CannotHold, Cast
from integrator.mapping.casts_study import DATES
from integrator.mapping.state import State
from integrator.records.study_parts import Eligibility

TITLE_TYPE = "http://terminology.hl7.org/CodeSystem/title-type"
PURPOSE = "http://terminology.hl7.org/CodeSystem/research-study-prim-purp-type"
UCUM = "http://unitsofmeasure.org"
ELIGIBILITY = "https://integrator.example/fhir/eligibility"

_NCT = re.compile(r"NCT\d{8}")
_AGE = re.compile(r"(\d{1,3}) (Year|Month|Week|Day|Hour|Minute)s?")
_UCUM = {"Year": "a", "Month": "mo", "Week": "wk", "Day": "d", "Hour": "h", "Minute": "min"}
_NO_CODE = ("ECT", "OTHER")  # purposes for which FHIR has no code: text only (extensible binding)
# Registries whose numbers are known by their form, and the URI that FHIR gives to them (terminology.hl7.org).
_REGISTRIES = (
    (re.compile(r"ISRCTN\d{8}"), "https://www.isrctn.com/ISRCTN"),
    (re.compile(r"20\d\d-5\d{5}-\d\d-\d\d"), "https://euclinicaltrials.eu/clinicalTrialId"),
)


# numbers and words


def _read_nct(nodes: list[Any], state: State) -> Any:
    text = nodes[0]
    return text if isinstance(text, str) and _NCT.fullmatch(text) else NOTHING


def _read_number(nodes: list[Any], state: State) -> Any:
    return plain.read_string(nodes, state)


def _write_number(value: str, state: State) -> list[Any]:
    """The number, and the system of its registry where its form tells it."""
    system = next((uri for form, uri in _REGISTRIES if form.fullmatch(value)), None)
    return [plain.string(value), system]


def _read_purpose(nodes: list[Any], state: State) -> Any:
    node = nodes[0] if isinstance(nodes[0], dict) else {}
    codings = node.get("coding")
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == PURPOSE and isinstance(coding.get("code"), str):
            return str(coding["code"]).upper().replace("-", "_")
    return node["text"] if node.get("text") in _NO_CODE else NOTHING


def _write_purpose(value: str, state: State) -> list[Any]:
    if value in _NO_CODE:
        return [{"text": value}]
    return [{"coding": [{"system": PURPOSE, "code": value.lower().replace("_", "-")}]}]


def _write_arm(value: str, state: State) -> list[Any]:
    """The name, and an id made of it by which subjects name their group (R5 linkId: 64 letters, digits, - and .)."""
    link = re.sub(r"[^A-Za-z0-9]+", "-", value).strip("-").lower()[:64]
    return [plain.string(value), link or None]


# a label: an element of R5 in R4, by its cross-version extension, as the German core data set has it


def _label(kind: str) -> Cast:
    """One of the study's titles."""

    def read(nodes: list[Any], state: State) -> Any:
        return plain.word(_part(nodes[0], "value"), "valueString") or NOTHING

    def write(value: str, state: State) -> list[Any]:
        type_ = {"coding": [{"system": TITLE_TYPE, "code": kind}]}
        parts = [{"url": "type", "valueCodeableConcept": type_}, {"url": "value", "valueString": plain.string(value)}]
        return [{"extension": parts}]

    return Cast(f"label-{kind}", read, write, (("extension",),))


def _part(node: Any, url: str) -> dict[str, Any]:
    """The extension within an extension that has this url."""
    below = node.get("extension") if isinstance(node, dict) else None
    parts = below if isinstance(below, list) else []
    return next((one for one in parts if isinstance(one, dict) and one.get("url") == url), {})


# groups that the study contains: how many take part, who may take part


def _counted(name: str) -> Cast:
    """A number of participants in a contained Group, and the reference to that Group."""

    def read(nodes: list[Any], state: State) -> Any:
        return plain.read_integer(nodes, state)

    def write(value: int, state: State) -> list[Any]:
        if value < 0:
            raise CannotHold("a number below nought")
        return [value, f"#{name}"]

    return Cast(f"counted-{name}", read, write, sources={"": ((0, ""),)})


_WORDS = ("criteria", "sex", "gender_note", "population", "sampling")
_FLAGS = ("gender_based", "healthy")


def _read_eligibility(nodes: list[Any], state: State) -> Any:
    listed = nodes[0].get("characteristic") if isinstance(nodes[0], dict) else None
    said: dict[str, Any] = {}
    ages: list[str] = []
    for one in listed if isinstance(listed, list) else ():
        code = next((c.get("code") for c in _codings(one, "code") if c.get("system") == ELIGIBILITY), None)
        text = plain.word(one.get("valueCodeableConcept"), "text")
        if code == "age":
            bounds = one.get("valueRange") or {}
            ends = (("minimum_age", "low"), ("maximum_age", "high"))
            said |= {name: _age(bounds[end]) for name, end in ends if end in bounds}
        elif code == "age-group" and text:
            ages.append(text)
        elif code:
            said[code.replace("-", "_")] = one.get("valueBoolean") if "valueBoolean" in one else text
    known = {name: value for name, value in said.items() if name in Eligibility.__dataclass_fields__}
    value = Eligibility(**known, ages=tuple(ages))
    return value if value != Eligibility() else NOTHING


def _write_eligibility(value: Eligibility, state: State) -> list[Any]:
    found: list[dict[str, Any]] = []
    for name in _WORDS:
        if (text := getattr(value, name)) is not None:
            found.append(_characteristic(name, valueCodeableConcept={"text": plain.string(text)}))
    for name in _FLAGS:
        if (flag := getattr(value, name)) is not None:
            found.append(_characteristic(name, valueBoolean=flag))
    for name, end in (("minimum_age", "low"), ("maximum_age", "high")):
        text = getattr(value, name)
        if (quantity := _quantity(text)) is not None:  # a range for each end: validators cannot compare years
            found.append(_characteristic("age", valueRange={end: quantity}))
        elif text is not None:
            found.append(_characteristic(name, valueCodeableConcept={"text": plain.string(text)}))
    found += [_characteristic("age-group", valueCodeableConcept={"text": plain.string(one)}) for one in value.ages]
    return [{"characteristic": found}, "#eligibility"]


def _characteristic(name: str, **value: Any) -> dict[str, Any]:
    code = {"coding": [{"system": ELIGIBILITY, "code": name.replace("_", "-")}]}
    return {"code": code, **value, "exclude": False}


def _codings(node: Any, name: str) -> list[dict[str, Any]]:
    concept = node.get(name) if isinstance(node, dict) else None
    listed = concept.get("coding") if isinstance(concept, dict) else None
    return [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)]


def _quantity(text: str | None) -> dict[str, Any] | None:
    """ "18 Years" as a Quantity; None where it is not a number with a unit of time, or would read back otherwise."""
    found = _AGE.fullmatch(text or "")
    if not found or str(int(found[1])) != found[1]:
        return None
    unit = (text or "").partition(" ")[2]
    return {"value": int(found[1]), "unit": unit, "system": UCUM, "code": _UCUM[found[2]]}


def _age(quantity: Any) -> str | None:
    if not isinstance(quantity, dict) or "value" not in quantity:
        return None
    unit = plain.word(quantity, "unit") or f"{({v: k for k, v in _UCUM.items()}).get(quantity.get('code', ''), '')}s"
    return f"{quantity['value']} {unit}"


STUDY_IN_FHIR = {
    cast.name: cast
    for cast in (
        *DATES,
        Cast("nct-number", _read_nct),
        Cast("registry-number", _read_number, _write_number, sources={"": ((0, ""),)}),
        Cast("purpose", _read_purpose, _write_purpose, (("coding.code", "coding.system", "text"),)),
        Cast("arm-name", _read_number, _write_arm, sources={"": ((0, ""),)}),
        _label("official"),
        _label("acronym"),
        _counted("planned"),
        _counted("enrolled"),
        Cast("eligibility", _read_eligibility, _write_eligibility, (("characteristic",), ())),
    )
}

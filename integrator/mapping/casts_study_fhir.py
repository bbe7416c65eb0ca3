"""Conversions of a Study's parts in FHIR that one path cannot say: titles, counted groups, eligibility."""

from __future__ import annotations

import re
from typing import Any

from integrator.mapping import casts_fhir_plain as plain
from integrator.mapping.casts import NOTHING, ONLY_THERE, CannotHold, Cast
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
_UNITS = {code: unit for unit, code in _UCUM.items()}
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
            if node.get("text"):
                state.skip("text")
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


_IN_LABEL = ("extension[url=value].url", "extension[url=value].valueString", "extension[url=type].url")


# a label: an element of R5 in R4, by its cross-version extension, as the German core data set has it


def _label(kind: str) -> Cast:
    """One of the study's titles."""

    def read(nodes: list[Any], state: State) -> Any:
        found = plain.word(_part(nodes[0], "value"), "valueString")
        return found if found and _part(nodes[0], "type") else NOTHING

    def write(value: str, state: State) -> list[Any]:
        type_ = {"coding": [{"system": TITLE_TYPE, "code": kind}]}
        parts = [{"url": "type", "valueCodeableConcept": type_}, {"url": "value", "valueString": plain.string(value)}]
        return [{"extension": parts}]

    return Cast(f"label-{kind}", read, write, (("extension",),), sees=(_IN_LABEL,))


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


_IN_PURPOSE = (f"coding[system={PURPOSE}].code", f"coding[system={PURPOSE}].system", "text")
_WORDS = ("criteria", "sex", "gender_note", "population", "sampling")
_FLAGS = ("gender_based", "healthy")


_ENDS = {"minimum_age": "low", "maximum_age": "high"}
_IN_CHARACTERISTIC = (
    f"code.coding[system={ELIGIBILITY}].code",
    f"code.coding[system={ELIGIBILITY}].system",
    "exclude",
    "valueBoolean",
    "valueCodeableConcept.text",
    *(f"valueRange.{end}.{one}" for end in _ENDS.values() for one in ("value", "unit", "system", "code")),
)


def _read_eligibility(nodes: list[Any], state: State) -> Any:
    """What the characteristics say, each word once; one that is not of ours, or excludes, is skipped."""
    listed = nodes[0].get("characteristic") if isinstance(nodes[0], dict) else None
    said: dict[str, Any] = {}
    ages: list[str] = []
    for number, one in enumerate(listed if isinstance(listed, list) else ()):
        found = _characterised(one) if isinstance(one, dict) and not one.get("exclude") else {}
        if not found or any(name in said for name in found):
            state.skip("characteristic", number)
        elif "ages" in found:
            ages.append(found["ages"])
        else:
            said |= found
    value = Eligibility(**said, ages=tuple(ages))
    return value if value != Eligibility() else NOTHING


def _characterised(one: dict[str, Any]) -> dict[str, Any]:
    """What one characteristic says by the names of the record; nothing where it is not one that is written here."""
    code = next((c.get("code") for c in _codings(one, "code") if c.get("system") == ELIGIBILITY), None)
    text = plain.word(one.get("valueCodeableConcept"), "text")
    name = str(code).replace("-", "_")
    if code == "age":
        bounds = one.get("valueRange")
        ages = {name: _age(bounds[end]) for name, end in _ENDS.items() if isinstance(bounds, dict) and bounds.get(end)}
        return {} if None in ages.values() else ages
    if code == "age-group":
        return {"ages": text} if text else {}
    if name in _FLAGS:
        return {name: one["valueBoolean"]} if isinstance(one.get("valueBoolean"), bool) else {}
    return {name: text} if text and name in (*_WORDS, *_ENDS) else {}


def _write_eligibility(value: Eligibility, state: State) -> list[Any]:
    found: list[dict[str, Any]] = []
    for name in _WORDS:
        if (text := getattr(value, name)) is not None:
            found.append(_characteristic(name, valueCodeableConcept={"text": plain.string(text)}))
    for name in _FLAGS:
        if (flag := getattr(value, name)) is not None:
            found.append(_characteristic(name, valueBoolean=flag))
    for name, end in _ENDS.items():
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
    code, unit = quantity.get("code"), plain.word(quantity, "unit")
    named = str(_UCUM.get(unit.removesuffix("s")) if unit else code)
    if quantity.get("system", UCUM) != UCUM or named not in _UNITS or code not in (None, named):
        return None
    return f"{quantity['value']} {unit or _UNITS[named] + 's'}"


STUDY_IN_FHIR = {
    cast.name: cast
    for cast in (
        *DATES,
        Cast("nct-number", _read_nct),
        Cast("registry-number", _read_number, _write_number, sources={"": ((0, ""),)}, sees=((), ONLY_THERE)),
        Cast(
            "purpose", _read_purpose, _write_purpose, (("coding.code", "coding.system", "text"),), sees=(_IN_PURPOSE,)
        ),
        Cast("arm-name", _read_number, _write_arm, sources={"": ((0, ""),)}, sees=((), ONLY_THERE)),
        _label("official"),
        _label("acronym"),
        _counted("planned"),
        _counted("enrolled"),
        Cast(
            "eligibility",
            _read_eligibility,
            _write_eligibility,
            (("characteristic",), ()),
            sees=(tuple(f"characteristic.{one}" for one in _IN_CHARACTERISTIC), ONLY_THERE),
        ),
    )
}

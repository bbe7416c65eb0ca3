"""Invariants of the R4 data types that are rarer than those of invariants.py; importing this adds them to `RULES`."""

from __future__ import annotations

from integrator.formats.fhir.invariants import Node, Rule, has, has_any, rule
from integrator.formats.fhir.model import codes_of_systems

UCUM = "http://unitsofmeasure.org"


NO_CODE = "is no code of its system, of which R4 lists every code"


@rule("CodeableConcept", "coding", NO_CODE, on="coding")
def concept_is_listed(it: Node) -> bool:
    """A code that is wrong or missing; systems that R4 does not list (LOINC, SNOMED CT, a hospital's own) are open."""
    for coding in it["coding"]:
        codes = codes_of_systems().get(coding.get("system", ""))
        if codes is not None and coding.get("code") not in codes:
            return False
    return True


def listed(name: str) -> Rule:
    """The same for an element `name` that is a Coding itself; it may be without a code."""

    def holds(it: Node) -> bool:
        for coding in _each(it[name]):
            codes = codes_of_systems().get(coding.get("system", ""))
            if codes is not None and "code" in coding and coding["code"] not in codes:
                return False
        return True

    return Rule(f"{name}.code", NO_CODE, name, holds)


def simple(name: str) -> Rule:
    """sqty-1 for the element `name`: a quantity of which R4 says that it has no comparator."""

    def holds(it: Node) -> bool:
        return not any("comparator" in quantity for quantity in _each(it[name]))

    return Rule("sqty-1", f"{name} has no comparator", name, holds)


def _each(value: Node | list[Node]) -> list[Node]:
    return value if isinstance(value, list) else [value]


def _measured(it: Node) -> bool:
    return (has(it, "code") or "value" not in it) and it.get("system", UCUM) == UCUM


@rule("Age", "age-1", "an age needs a UCUM code and is more than nothing")
def age_1(it: Node) -> bool:
    return _measured(it) and ("value" not in it or it["value"] > 0)


@rule("Distance", "dis-1", "a distance needs a UCUM code")
def dis_1(it: Node) -> bool:
    return _measured(it)


@rule("Count", "cnt-3", "a count is a whole number with the UCUM code 1")
def cnt_3(it: Node) -> bool:
    return _measured(it) and it.get("code", "1") == "1" and "." not in str(it.get("value", ""))


@rule("Duration", "drt-1", "a duration with a code needs a value, and UCUM as its system", on="code")
def drt_1(it: Node) -> bool:
    return it.get("system") == UCUM and has(it, "value")


@rule("Expression", "exp-1", "an expression or a reference must be there")
def exp_1(it: Node) -> bool:
    return has(it, "expression") or has(it, "reference")


def _path_or_parameter(it: Node) -> bool:
    return has(it, "path") != has(it, "searchParam")


rule("DataRequirement.codeFilter", "drq-1", "either a path or a searchParam must be there")(_path_or_parameter)
rule("DataRequirement.dateFilter", "drq-2", "either a path or a searchParam must be there")(_path_or_parameter)


@rule("TriggerDefinition", "trd-1", "timing or data, not both", on="data")
def trd_1(it: Node) -> bool:
    return not has_any(it, "timing")


@rule("TriggerDefinition", "trd-2", "a condition needs data", on="condition")
def trd_2(it: Node) -> bool:
    return "data" in it


@rule("TriggerDefinition", "trd-3", "a named event needs a name, a periodic one timing, one of data the data")
def trd_3(it: Node) -> bool:
    kind = it.get("type", "")
    if kind == "named-event":
        return has(it, "name")
    return has_any(it, "timing") if kind == "periodic" else not kind.startswith("data-") or "data" in it

"""Invariants of R4's definitions: concept maps, code systems, value sets, questionnaires, statements; see `RULES`."""

from __future__ import annotations

from collections.abc import Iterator

from integrator.formats.fhir.invariants import Node, has, rule


@rule("ConceptMap.group.element.target", "cmd-1", "narrower and inexact need a comment", on="equivalence")
def cmd_1(it: Node) -> bool:
    return it["equivalence"] not in ("narrower", "inexact") or has(it, "comment")


@rule("ConceptMap.group.unmapped", "cmd-2", "mode fixed needs a code")
def cmd_2(it: Node) -> bool:
    return it.get("mode") != "fixed" or has(it, "code")


@rule("ConceptMap.group.unmapped", "cmd-3", "mode other-map needs a url")
def cmd_3(it: Node) -> bool:
    return it.get("mode") != "other-map" or has(it, "url")


@rule("CodeSystem", "csd-1", "each code stands once", on="concept")
def csd_1(it: Node) -> bool:
    codes = list(_codes(it))
    return len(codes) == len(set(codes))


def _codes(node: Node) -> Iterator[str]:
    for concept in node.get("concept", ()):
        if "code" in concept:
            yield concept["code"]
        yield from _codes(concept)


@rule("ValueSet.compose.include", "vsd-1", "a value set or a system must be there")
def vsd_1(it: Node) -> bool:
    return "valueSet" in it or has(it, "system")


@rule("ValueSet.compose.include", "vsd-2", "concepts and filters need a system")
def vsd_2(it: Node) -> bool:
    return not ("concept" in it or "filter" in it) or has(it, "system")


@rule("ValueSet.compose.include", "vsd-3", "concepts or filters, not both", on="concept")
def vsd_3(it: Node) -> bool:
    return "filter" not in it


@rule("CapabilityStatement", "cpb-16", "what is required has neither implementation nor software")
def cpb_16(it: Node) -> bool:
    return it.get("kind") != "requirements" or not ("implementation" in it or "software" in it)


@rule("CapabilityStatement", "cpb-3", "only an instance has message endpoints", on="messaging")
def cpb_3(it: Node) -> bool:
    return it.get("kind") == "instance" or not any("endpoint" in each for each in it["messaging"])


@rule("OperationDefinition.parameter", "opd-1", "a type or parts must be there")
def opd_1(it: Node) -> bool:
    return has(it, "type") or "part" in it


@rule("OperationDefinition.parameter", "opd-2", "only a string has a searchType", on="searchType")
def opd_2(it: Node) -> bool:
    return it.get("type") == "string"


@rule("OperationDefinition.parameter", "opd-3", "only a Reference or canonical has targetProfiles", on="targetProfile")
def opd_3(it: Node) -> bool:
    return it.get("type") in ("Reference", "canonical")


@rule("SearchParameter", "spd-1", "an xpath needs its xpathUsage", on="xpath")
def spd_1(it: Node) -> bool:
    return has(it, "xpathUsage")


@rule("SearchParameter", "spd-2", "only a reference is chained", on="chain")
def spd_2(it: Node) -> bool:
    return it.get("type") == "reference"


@rule("Questionnaire.item", "que-3", "a display item has no code, required, repeats, readOnly or initial", on="type")
def que_display(it: Node) -> bool:
    """que-3, que-6, que-8 and que-9."""
    if it["type"] == "group":
        return "initial" not in it
    return it["type"] != "display" or not ({"code", "required", "repeats", "readOnly", "initial"} & it.keys())


@rule("Questionnaire.item", "que-10", "only simple answers have a maxLength", on="maxLength")
def que_10(it: Node) -> bool:
    return it.get("type") in ("boolean", "decimal", "integer", "string", "text", "url", "open-choice")


@rule("Questionnaire.item", "que-13", "several initial values need repeats", on="initial")
def que_13(it: Node) -> bool:
    return it.get("repeats") is True or len(it["initial"]) <= 1

"""Reduces the genuine hl7.fhir.r4.core package to the facts that Integrator needs, as two gzipped JSON files.

    python scripts/reduce_r4.py ../shared/data/fhir/hl7.fhir.r4.core-4.0.1.tgz

Kept: names, types, cardinalities, choice types, content references, reference targets, the codes of required bindings,
the regular expressions of primitives; in a file of its own, which is read only when a code asks for it, the codes of
every system that the package lists completely. Left behind: every text. Run again only when the package changes; the
same package gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
REGEX = DEFINITION + "regex"
JSON_TYPE = DEFINITION + "structuredefinition-json-type"
SIMPLE = DEFINITION + "SimpleQuantity"
OUT = Path(__file__).parents[1] / "integrator" / "formats" / "fhir" / "r4.json.gz"
MANY_CODES = 1000  # a longer list (all currencies, all types of HL7 v2) is not worth its bytes

Facts = dict[str, Any]


def main(package: Path, out: Path) -> None:
    resources = read_package(package)
    terms = Terms(resources)
    definitions = sorted(resources["StructureDefinition"], key=lambda d: d["name"])
    facts: Facts = {"fhirVersion": "4.0.1", "primitives": {}, "types": {}, "codes": terms.kept}
    for definition in definitions:
        if definition["kind"] == "primitive-type":
            facts["primitives"][definition["name"]] = primitive(definition)
        elif definition["kind"] in ("complex-type", "resource") and definition.get("derivation") != "constraint":
            facts["types"] |= complex_type(definition, terms)
    counts = Counter(fact["kind"] for fact in facts["types"].values())
    print(f"{write(facts, out)}; {dict(counts)}; {len(terms.kept)} code lists")
    codes = out.with_name(out.name.replace(".json", "_codes.json"))
    print(f"{write(terms.complete(), codes)}; {len(terms.complete())} code systems")
    print("left out as not a finite list:", *sorted(terms.left), sep="\n  ")


def write(facts: Facts, out: Path) -> str:
    """Writes one file; says how big it became."""
    data = json.dumps(facts, separators=(",", ":")).encode()
    with gzip.GzipFile(out, "wb", compresslevel=9, mtime=0) as file:
        file.write(data)
    return f"{out}: {out.stat().st_size} bytes of {len(data)}"


def read_package(package: Path) -> dict[str, list[Facts]]:
    """The definitions of the package by resource type."""
    found: dict[str, list[Facts]] = {"StructureDefinition": [], "ValueSet": [], "CodeSystem": []}
    with tarfile.open(package) as tar:
        for member in tar:
            kind = Path(member.name).name.split("-")[0]
            if kind in found and (file := tar.extractfile(member)) is not None:
                found[kind].append(json.load(file))
    return found


def primitive(definition: Facts) -> Facts:
    """What a primitive is derived from and the regular expression of its value."""
    fact: Facts = {}
    base = definition.get("baseDefinition", "").removeprefix(DEFINITION)
    if base != "Element":
        fact["base"] = base
    for element in definition["snapshot"]["element"]:
        if element["path"].endswith(".value"):
            for extension in element["type"][0].get("extension", []):
                if extension["url"] == REGEX:
                    fact["regex"] = extension["valueString"]
    return fact


def complex_type(definition: Facts, terms: Terms) -> dict[str, Facts]:
    """One entry for the type and one for each group of elements in it ('Appointment.participant')."""
    name = definition["name"]
    base = definition.get("baseDefinition", "").removeprefix(DEFINITION)
    found: dict[str, Facts] = {name: {"kind": definition["kind"], "base": base, "elements": {}}}
    if definition.get("abstract"):
        found[name]["abstract"] = True
    for element in definition["snapshot"]["element"][1:]:
        above, _, last = element["path"].rpartition(".")
        fact = element_fact(element, terms)
        if set(fact.get("types", [])) & {"BackboneElement", "Element"} and element["path"] not in found:
            found[element["path"]] = {"kind": "group", "base": fact["types"][0], "elements": {}}
            fact["types"] = [element["path"]]
        found[above]["elements"][last.removesuffix("[x]")] = fact
    return {key: fact for key, fact in found.items() if fact["elements"] or fact.get("abstract")}


def element_fact(element: Facts, terms: Terms) -> Facts:
    """Cardinality, types, targets and codes of one element."""
    fact: Facts = {"min": element["min"], "max": element["max"]}
    if element["path"].endswith("[x]"):
        fact["choice"] = True
    if "contentReference" in element:
        fact["types"] = [element["contentReference"].removeprefix("#")]
        return fact
    fact["types"] = [type_code(kind) for kind in element["type"]]
    targets = {target.removeprefix(DEFINITION) for kind in element["type"] for target in kind.get("targetProfile", [])}
    if targets and "Reference" in fact["types"] and "Resource" not in targets:
        fact["targets"] = sorted(targets)
    if SIMPLE in (profile for kind in element["type"] for profile in kind.get("profile", [])):
        fact["simple"] = True
    binding = element.get("binding", {})
    if binding.get("strength") == "required" and "valueSet" in binding:
        codes = terms.codes(binding["valueSet"].split("|")[0])
        if codes is not None:
            fact["codes"] = codes
    return fact


def type_code(kind: Facts) -> str:
    """The type's name; ids and extension URLs are given as FHIRPath types with FHIR's own in an extension."""
    for extension in kind.get("extension", []):
        if extension["url"] == DEFINITION + "structuredefinition-fhir-type":
            return str(extension["valueUrl"])
    return str(kind["code"])


class Terms:
    """Value sets as lists of [system, code], where the package itself says all of them."""

    def __init__(self, resources: dict[str, list[Facts]]):
        self.sets = {found["url"]: found for found in resources["ValueSet"]}
        self.systems = {found["url"]: found for found in resources["CodeSystem"]}
        self.kept: dict[str, list[list[str]]] = {}
        self.left: set[str] = set()

    def codes(self, url: str) -> str | None:
        """The name under which the codes of the value set are kept; None where they cannot be listed."""
        name = url.rpartition("/")[2]
        if name not in self.kept and url not in self.left:
            found = self.expand(url)
            if found is None or len(found) > MANY_CODES:
                self.left.add(url)
            else:
                self.kept[name] = sorted([system, code] for system, code in found)
        return name if name in self.kept else None

    def complete(self) -> dict[str, list[str]]:
        """The codes of each system of which the package says all."""
        return {
            url: sorted({code for code, _ in walk(system.get("concept", []), ())})
            for url, system in sorted(self.systems.items())
            if system.get("content") == "complete" and system.get("concept")
        }

    def expand(self, url: str) -> set[tuple[str, str]] | None:
        found: set[tuple[str, str]] = set()
        compose = self.sets.get(url, {}).get("compose")
        if compose is None:
            return None
        for include in compose["include"]:
            part = self.included(include)
            if part is None:
                return None
            found |= part
        for exclude in compose.get("exclude", []):
            found -= self.included(exclude) or set()
        return found

    def included(self, include: Facts) -> set[tuple[str, str]] | None:
        parts: list[set[tuple[str, str]] | None] = [
            self.expand(url.split("|")[0]) for url in include.get("valueSet", [])
        ]
        if "system" in include:
            parts.append(self.of_system(include))
        whole = [part for part in parts if part is not None]
        return set.intersection(*whole) if whole and len(whole) == len(parts) else None

    def of_system(self, include: Facts) -> set[tuple[str, str]] | None:
        url = include["system"]
        if "concept" in include:
            return {(url, concept["code"]) for concept in include["concept"]}
        system = self.systems.get(url)
        if system is None or system.get("content") != "complete":
            return None
        codes = {(url, code) for code, _ in walk(system.get("concept", []), ())}
        for chosen in include.get("filter", []):
            if chosen["op"] not in ("is-a", "descendent-of"):
                return None
            own = chosen["op"] == "is-a"
            codes &= {
                (url, code)
                for code, above in walk(system.get("concept", []), ())
                if chosen["value"] in above or (own and code == chosen["value"])
            }
        return codes


def walk(concepts: list[Facts], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every code of a hierarchy with the codes above it."""
    for concept in concepts:
        yield concept["code"], above
        yield from walk(concept.get("concept", []), (*above, concept["code"]))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else OUT)

"""Invariants of R4 as plain functions: those of the data types and of every resource.

Each takes the JSON object of its type and says whether it holds; the key is the specification's. With `on` it is
asked only where that element is there. An element that is only there as its `_name` sibling counts as there.
Left out on purpose: dom-6 and the `-0` rules (warnings, not errors).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from integrator.formats.fhir.dates import in_order
from integrator.formats.fhir.model import codes_of_systems, model
from integrator.formats.fhir.narrative import narrative

Node = dict[str, Any]
Holds = Callable[[Node], bool]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: "Appointment.participant[0].status"."""

    path: str
    text: str

    def under(self, step: str) -> Problem:
        """The same problem seen from one step above."""
        dot = "." if self.path and not self.path.startswith("[") else ""
        return replace(self, path=f"{step}{dot}{self.path}")

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One invariant: its key in the specification, what it says, and how to tell."""

    key: str
    text: str
    on: str | None  # asked only where this element is there
    holds: Holds

    def problem(self) -> Problem:
        return Problem("", f"{self.key}: {self.text}")


RULES: dict[str, list[Rule]] = {}
DEFINITION = "http://hl7.org/fhir/StructureDefinition/"


def rule(kind: str, key: str, text: str, on: str | None = None) -> Callable[[Holds], Holds]:
    """Makes the function an invariant of the type (or group of elements) `kind`."""

    def add(holds: Holds) -> Holds:
        RULES.setdefault(kind, []).append(Rule(key, text, on, holds))
        return holds

    return add


def has(node: Node, name: str) -> bool:
    """Whether the element is there, as a value or as a sibling with extensions."""
    return name in node or "_" + name in node


def has_any(node: Node, start: str) -> bool:
    """Whether any type of a choice is there: has_any(it, "value") for valueQuantity, valueString ..."""
    size = len(start)
    return any(key.lstrip("_").startswith(start) and key.lstrip("_")[size : size + 1].isupper() for key in node)


def number(quantity: Node) -> float | None:
    value = quantity.get("value")
    return value if isinstance(value, int | float) else None


@rule("Extension", "ext-1", "must have either extensions or value[x], not both")
def ext_1(it: Node) -> bool:
    if len(it) == 2 and "id" not in it:
        return True  # url and one more
    return ("extension" in it) != has_any(it, "value")


@rule("Identifier", "identifier", "a value of system urn:ietf:rfc:3986 is a whole URI", on="system")
def identifier_uri(it: Node) -> bool:
    return (
        it["system"] != "urn:ietf:rfc:3986" or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", it.get("value", "a:")) is not None
    )


@rule(
    "Period",
    "per-1",
    "start must not be later than end, as far as both are said",
    on="end",
)
def per_1(it: Node) -> bool:
    return "start" not in it or in_order(it["start"], it["end"])


@rule("Quantity", "qty-3", "a code for the unit needs its system", on="code")
def qty_3(it: Node) -> bool:
    return has(it, "system")


@rule("Quantity", "code", "is no code of its system", on="code")
def quantity_code(it: Node) -> bool:
    codes = codes_of_systems().get(it.get("system", ""))
    return codes is None or it["code"] in codes


@rule("Range", "rng-2", "low must not be higher than high", on="high")
def rng_2(it: Node) -> bool:
    low, high = number(it.get("low", {})), number(it.get("high", {}))
    return low is None or high is None or low <= high


@rule("Ratio", "rat-1", "numerator and denominator are both there, or neither and an extension")
def rat_1(it: Node) -> bool:
    both = ("numerator" in it) == ("denominator" in it)
    return both and ("numerator" in it or "extension" in it)


@rule("Attachment", "att-1", "data needs a contentType", on="data")
def att_1(it: Node) -> bool:
    return has(it, "contentType")


@rule("ContactPoint", "cpt-2", "a value needs a system", on="value")
def cpt_2(it: Node) -> bool:
    return has(it, "system")


@rule("Timing.repeat", "tim-1", "a duration needs its unit", on="duration")
def tim_1(it: Node) -> bool:
    return has(it, "durationUnit")


@rule("Timing.repeat", "tim-2", "a period needs its unit", on="period")
def tim_2(it: Node) -> bool:
    return has(it, "periodUnit")


@rule("Timing.repeat", "tim-4", "duration must not be negative", on="duration")
def tim_4(it: Node) -> bool:
    return bool(it["duration"] >= 0)


@rule("Timing.repeat", "tim-5", "period must not be negative", on="period")
def tim_5(it: Node) -> bool:
    return bool(it["period"] >= 0)


@rule("Timing.repeat", "tim-6", "periodMax needs a period", on="periodMax")
def tim_6(it: Node) -> bool:
    return has(it, "period")


@rule("Timing.repeat", "tim-7", "durationMax needs a duration", on="durationMax")
def tim_7(it: Node) -> bool:
    return has(it, "duration")


@rule("Timing.repeat", "tim-8", "countMax needs a count", on="countMax")
def tim_8(it: Node) -> bool:
    return has(it, "count")


@rule("Timing.repeat", "tim-9", "an offset needs a when that is not C, CM, CD or CV", on="offset")
def tim_9(it: Node) -> bool:
    return has(it, "when") and not {"C", "CM", "CD", "CV"} & set(it.get("when", ()))


@rule("Timing.repeat", "tim-10", "timeOfDay and when exclude each other", on="timeOfDay")
def tim_10(it: Node) -> bool:
    return not has(it, "when")


@rule("Narrative", "txt-1", "the narrative holds only basic XHTML, no script, form, style sheet or event", on="div")
def txt_1(it: Node) -> bool:
    return not narrative(it["div"]).wrong


@rule("Narrative", "txt-2", "the narrative needs some content", on="div")
def txt_2(it: Node) -> bool:
    return narrative(it["div"]).says


@rule("Resource", "profile", "a profile that is R4's definition of another type is claimed", on="meta")
def profile_of_type(it: Node) -> bool:
    """Of profiles only R4's own names are known."""
    claimed = {each.removeprefix(DEFINITION) for each in it["meta"].get("profile", ()) if each}
    return not claimed & (model("r4").resource_types - {it["resourceType"]})


@rule("DomainResource", "dom-2", "a contained resource contains none itself", on="contained")
def dom_2(it: Node) -> bool:
    return not any("contained" in inner for inner in it["contained"])


@rule("DomainResource", "dom-3", "a contained resource is referred to, or refers to its container", on="contained")
def dom_3(it: Node) -> bool:
    used = {text for text in strings(it) if text.startswith("#")}
    return all("#" + inner.get("id", "") in used or "#" in strings(inner) for inner in it["contained"])


@rule("DomainResource", "dom-4", "a contained resource has no versionId and no lastUpdated", on="contained")
def dom_4(it: Node) -> bool:
    return not any({"versionId", "lastUpdated"} & inner.get("meta", {}).keys() for inner in it["contained"])


@rule("DomainResource", "dom-5", "a contained resource has no security label", on="contained")
def dom_5(it: Node) -> bool:
    return not any("security" in inner.get("meta", {}) for inner in it["contained"])


@rule("DomainResource", "contained", "each contained resource has an id of its own", on="contained")
def contained_ids(it: Node) -> bool:
    ids = [inner.get("id") for inner in it["contained"]]
    return None not in ids and len(set(ids)) == len(ids)


@rule("DomainResource", "text", "an image of the narrative that begins with # is contained", on="text")
def contained_images(it: Node) -> bool:
    return narrative(it["text"].get("div", "")).images <= {inner.get("id") for inner in it.get("contained", ())}


def strings(value: Any) -> Iterator[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)

"""What a FHIR server says it can do, from its CapabilityStatement; what is missing there is not assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

INTERACTIONS = {
    "search-type": "search",
    "history-instance": "history",
    "create": "create",
    "read": "read",
    "vread": "vread",
    "update": "update",
    "patch": "patch",
    "delete": "delete",
}
FLAGS = {"conditionalCreate": "conditional-create", "conditionalUpdate": "conditional-update"}


@dataclass(frozen=True, slots=True)
class Abilities:
    """For each resource type what may be done, and by which parameters it may be searched."""

    fhir_version: str = ""
    software: str = ""
    does: dict[str, frozenset[str]] = field(default_factory=dict)
    searches: dict[str, frozenset[str]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()  # of the server: "transaction", "batch", ...

    def can(self, resource_type: str, what: str) -> bool:
        """Whether `what` is said to be possible: create, read, update, patch, delete, search, history, vread,
        conditional-create, conditional-update."""
        return what in self.does.get(resource_type, frozenset())

    def can_search(self, resource_type: str, parameter: str) -> bool:
        return self.can(resource_type, "search") and parameter in self.searches.get(resource_type, frozenset())

    def speaks(self, release: str) -> bool:
        """Whether it is a server of this FHIR version, "r4" or "r5"."""
        return self.fhir_version.startswith({"r4": "4.0", "r5": "5.0"}[release])

    def lines(self) -> Iterator[str]:
        """One sentence for each resource type, for `check` and the pages."""
        for kind in sorted(self.does):
            yield f"{kind}: {', '.join(sorted(self.does[kind])) or 'nothing'}"


def read_abilities(statement: dict[str, Any]) -> Abilities:
    """The abilities that a CapabilityStatement claims; parts of another shape than R4's count as not said."""
    does: dict[str, frozenset[str]] = {}
    searches: dict[str, frozenset[str]] = {}
    whole: set[str] = set()
    for rest in _objects(statement.get("rest")):
        if rest.get("mode") != "server":
            continue
        whole |= {str(each.get("code")) for each in _objects(rest.get("interaction"))}
        common = {str(each.get("name")) for each in _objects(rest.get("searchParam"))}
        for resource in _objects(rest.get("resource")):
            kind = str(resource.get("type"))
            codes = {str(each.get("code")) for each in _objects(resource.get("interaction"))}
            said = {INTERACTIONS[code] for code in codes if code in INTERACTIONS}
            said |= {name for flag, name in FLAGS.items() if resource.get(flag) is True}
            does[kind] = frozenset(said) | does.get(kind, frozenset())
            names = {str(each.get("name")) for each in _objects(resource.get("searchParam"))}
            searches[kind] = frozenset(names | common) | searches.get(kind, frozenset())
    software = statement.get("software")
    return Abilities(
        fhir_version=str(statement.get("fhirVersion", "")),
        software=str(software.get("name", "")) if isinstance(software, dict) else "",
        does=does,
        searches=searches,
        whole=frozenset(whole),
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

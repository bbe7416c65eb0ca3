"""More than one copy of ours at the target: which one stays, and how the others are taken out of the way.

A copy is only touched when it is provably ours: it carries our identifier, already says everything that we would
write, and nothing besides. The hospital's own entry with the same number is left alone and reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrator.connectors.fhir_client.hold import GONE, Identifier, Resource, carries
from integrator.connectors.fhir_client.session import FhirSession
from integrator.formats.fhir.dates import read_instant
from integrator.formats.fhir.model import model
from integrator.formats.fhir.validate import problems

Onto = Callable[[Resource], Resource]
SERVERS_OWN = frozenset({"id", "meta", "text", "implicitRules", "language"})


def oldest(session: FhirSession, copies: list[Resource]) -> Resource:
    """The copy that was made first: by its first version where the target keeps it, else by lastUpdated."""
    if len(copies) == 1:
        return copies[0]
    return min(copies, key=lambda copy: (_made_at(session, copy), len(copy["id"]), copy["id"]))


def _made_at(session: FhirSession, copy: Resource) -> float:
    kind, resource_id = copy["resourceType"], copy["id"]
    first = session.ask(
        "GET", f"{kind}/{resource_id}/_history/1", doing=f"read {kind}", expect={200, 400, 405, 501, *GONE}
    )
    at = _updated(first.resource) if first.status == 200 else None
    at = at if at is not None else _updated(copy)
    return at if at is not None else float("inf")


def _updated(resource: Resource | None) -> float | None:
    meta = (resource or {}).get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        return read_instant(text).timestamp() if isinstance(text, str) else None
    except ValueError:
        return None


def is_ours(copy: Resource, fresh: Resource, identifier: Identifier, onto: Onto) -> bool:
    """Whether the copy is what we wrote: our identifier, all that we say, no element that we do not say."""
    more = copy.keys() - fresh.keys() - SERVERS_OWN
    return carries(copy, identifier) and not more and onto(copy) == copy


def retired(copy: Resource, fresh: Resource, kept_id: str, release: str = "r4") -> Resource | None:
    """The copy out of the way: entered in error, without our identifiers, saying whose duplicate it was.

    None where its type has no such status or the outcome would not be valid.
    """
    kind = copy["resourceType"]
    facts = model(release)
    status = facts.element(kind, "status")
    codes = {code for _, code in status.codes or ()} if status else set()
    if "entered-in-error" not in codes:
        return None
    left = {name: value for name, value in copy.items() if name not in ("identifier", "cancelationReason")}
    ours = [(each.get("system"), each.get("value")) for each in fresh.get("identifier", [])]
    others = [each for each in copy["identifier"] if (each.get("system"), each.get("value")) not in ours]
    if others:
        left["identifier"] = others
    said = f"Duplicate of {kind}/{kept_id}"
    if facts.element(kind, "comment") is not None:
        left["comment"] = said
    elif facts.element(kind, "note") is not None:
        left["note"] = [*copy.get("note", []), {"text": said}]
    left["status"] = "entered-in-error"
    return left if not problems(left, release) else None


def heal(
    session: FhirSession,
    copies: list[Resource],
    kept: Resource,
    fresh: Resource,
    identifier: Identifier,
    onto: Onto,
    release: str = "r4",
) -> tuple[list[str], list[str]]:
    """Takes every other copy that is ours out of the way. Gives the ids that were healed and those left as they are.

    Each with If-Match: a copy that changes meanwhile is left, and looked at again at the next write.
    """
    healed: list[str] = []
    left: list[str] = []
    for copy in copies:
        if copy["id"] == kept["id"]:
            continue
        gone = retired(copy, fresh, kept["id"], release) if is_ours(copy, fresh, identifier, onto) else None
        done = gone is not None and _put(session, gone, copy)
        (healed if done else left).append(copy["id"])
    return healed, left


def _put(session: FhirSession, fresh: Resource, current: Resource) -> bool:
    kind, resource_id = fresh["resourceType"], fresh["id"]
    meta: Any = current.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    headers = {"If-Match": f'W/"{version}"'} if version else {}
    answer = session.ask(
        "PUT",
        f"{kind}/{resource_id}",
        doing=f"write {kind}",
        expect={200, 201, 409, 412, *GONE},
        body=fresh,
        headers=headers,
    )
    return answer.status in (200, 201)

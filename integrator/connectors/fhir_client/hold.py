"""What a target holds: reading one resource, finding ours by identifier, walking through a whole search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from integrator.connectors.fhir_client.answers import Answer
from integrator.connectors.fhir_client.session import FhirSession
from integrator.errors import RetryLater

Resource = dict[str, Any]
Identifier = tuple[str, str]  # system, value

MOST_PAGES = 10_000  # of one search; a server whose pages never end is told
FEW_PAGES = 20  # of a search for one identifier; more means that the server ignores the parameter
GONE = frozenset({404, 410})


def read(session: FhirSession, resource_type: str, resource_id: str) -> Answer | None:
    """The resource with its version; None where the target does not have it (404) or no longer (410)."""
    doing = f"read {resource_type}"
    answer = session.ask("GET", f"{resource_type}/{quote(resource_id, safe='')}", doing=doing, expect={200, *GONE})
    if answer.status in GONE:
        return None
    if answer.resource is None or answer.resource.get("resourceType") != resource_type:
        raise RetryLater(f"the answer to {doing} is no {resource_type}")
    return answer


def find(session: FhirSession, resource_type: str, system: str, value: str) -> list[Resource]:
    """All resources that really carry the identifier: a server that ignores the parameter answers with others."""
    params = {"identifier": f"{escape_token(system)}|{escape_token(value)}"}
    pages = search(session, resource_type, params, most_pages=FEW_PAGES)
    return [resource for resource in pages if carries(resource, (system, value))]


def search(
    session: FhirSession, resource_type: str, params: Mapping[str, str], most_pages: int = MOST_PAGES
) -> Iterator[Resource]:
    """Every match of a search, page by page; each resource once, though pages may drift while we read.

    Raises RetryLater, Refused or Waiting as any request; a next link to another host is refused.
    """
    doing = f"search {resource_type}"
    answer = session.ask("GET", resource_type, doing=doing, params=params)
    seen: set[str] = set()
    for _ in range(most_pages):
        bundle = _bundle(answer, doing)
        for resource in _matches(bundle, resource_type):
            resource_id = str(resource.get("id", ""))
            if resource_id not in seen:
                seen.add(resource_id)
                yield resource
        following = _next(bundle)
        if following is None:
            return
        answer = session.ask("GET", following, doing=doing)
    raise RetryLater(f"the pages of the answer to {doing} have no end")


def carries(resource: Resource, identifier: Identifier) -> bool:
    """Whether the identifier is among the resource's own."""
    found = resource.get("identifier")
    each = found if isinstance(found, list) else [found]
    return any(isinstance(one, dict) and (one.get("system"), one.get("value")) == identifier for one in each)


def escape_token(text: str) -> str:
    """A value inside a search parameter: R4, section 3.1.1.4.0.1, escapes what has a meaning there."""
    for sign in "\\,$|":
        text = text.replace(sign, "\\" + sign)
    return text


def in_query(text: str) -> str:
    """A part of a token as it stands in If-None-Exist, which is a query of its own."""
    return quote(escape_token(text), safe="")


def _bundle(answer: Answer, doing: str) -> Resource:
    bundle = answer.resource
    if bundle is None or bundle.get("resourceType") != "Bundle":
        raise RetryLater(f"the answer to {doing} is no Bundle")
    return bundle


def _matches(bundle: Resource, resource_type: str) -> Iterator[Resource]:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == resource_type:
            yield resource


def _next(bundle: Resource) -> str | None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return None

"""Searches of the EHR: criteria from the address, result pages, and the result cache that pollers fall over."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from integrator.sandbox.ehr.answers import Answer, Refusal, Request, outcome
from integrator.sandbox.ehr.search import BadSearch, Criterion, matches, split_values, token, token_matches
from integrator.sandbox.ehr.settings import Settings
from integrator.sandbox.ehr.store import EhrStore, Held

MOST_RESULTS = 10_000
CHAINS = ("patient.identifier", "subject.identifier", "actor.identifier", "individual.identifier")


@dataclass(frozen=True)
class Result:
    """One search as it was answered: the ids found then, in order; pages and repeated searches read it again."""

    type: str
    ids: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    at: float  # time.monotonic


class Searches:
    """Answers searches; remembers results for their next pages and, where the settings say so, as a cache."""

    def __init__(self, store: EhrStore, settings: Settings):
        self.store, self.settings = store, settings
        self.results: dict[str, Result] = {}
        self.cached: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}

    def first(self, request: Request) -> Answer:
        """GET [type]?...: the first page, or a page of an earlier search by its number."""
        type_ = request.path[0]
        asked = dict(request.query)
        if "sessionID" in asked:
            return self.further(request)
        key = (type_, tuple(pair for pair in request.query if pair[0] != "_count"))
        number = self.cached.get(key)
        fresh = "no-cache" in request.headers.get("cache-control", "")
        known = self.results.get(number) if number else None
        if number is None or known is None or fresh or time.monotonic() - known.at >= self.settings.search_cache:
            number = str(uuid.uuid4())
            self._remember(number, self._search(type_, request.query))
            self.cached[key] = number
        return self._page(request, number, 0, asked.get("_count"))

    def further(self, request: Request) -> Answer:
        """The page that a next link names; 410 when its search is no longer known (after a restart)."""
        asked = dict(request.query)
        number = asked.get("_getpages") or asked.get("sessionID") or ""
        if number not in self.results:
            raise Refusal(410, f"Search {number} does not exist or has expired")
        offset = asked.get("_getpagesoffset", asked.get("offset", "0"))
        return self._page(request, number, int(offset) if offset.isdigit() else 0, asked.get("_count"))

    def matching(self, type_: str, query: str | list[tuple[str, str]]) -> list[Held]:
        """Live resources that match a condition (If-None-Exist, conditional update); never from the cache."""
        if isinstance(query, str):
            query = query.removeprefix(type_).removeprefix("?")
        pairs = parse_qsl(query, keep_blank_values=True) if isinstance(query, str) else query
        criteria, _ = self._criteria(type_, pairs)
        if not criteria:
            raise Refusal(412, "A condition needs at least one search parameter")
        return self._find(type_, criteria)

    def _remember(self, number: str, result: Result) -> None:
        self.results[number] = result
        if len(self.results) > MOST_RESULTS:
            del self.results[next(iter(self.results))]

    def _search(self, type_: str, query: tuple[tuple[str, str], ...]) -> Result:
        criteria, ignored = self._criteria(type_, list(query))
        found = self._find(type_, criteria)
        for name in reversed(dict(query).get("_sort", "").split(",")):
            by = partial(_sort_key, name.lstrip("-"))
            found.sort(key=by, reverse=name.startswith("-"))
        return Result(type_, tuple(held.id for held in found), query, tuple(ignored), time.monotonic())

    def _criteria(self, type_: str, query: list[tuple[str, str]]) -> tuple[list[Criterion], list[str]]:
        known = self.settings.parameters(type_)
        criteria, ignored = [], []
        for name, text in query:
            plain, _, modifier = name.partition(":")
            kind = known.get(plain)
            if plain in CHAINS and plain.partition(".")[0] in known and not self.settings.opaque_ids:
                kind = "token"
            if kind is not None:
                criteria.append(Criterion(plain, modifier, kind, split_values(text)))
            elif not plain.startswith("_"):
                ignored.append(plain)
        if ignored and self.settings.unknown_parameter == "refuse":
            names = ", ".join(sorted(known))
            raise Refusal(400, f"Unknown search parameter {ignored[0]} for {type_}. Known: {names}")
        return criteria, ignored

    def _find(self, type_: str, criteria: list[Criterion]) -> list[Held]:
        candidates = self.store.live(type_)
        for criterion in criteria:
            if criterion.name == "identifier" and not criterion.modifier and len(criterion.values) == 1:
                _, value = token(criterion.values[0])
                candidates = self.store.by_identifier(type_, value) if value else candidates
            if criterion.name == "_id" and not criterion.modifier:
                some = [self.store.get(type_, each) for each in criterion.values]
                candidates = [held for held in some if held and held.resource]
        zone = self.settings.zone
        try:
            return [held for held in candidates if matches(held.resource or {}, criteria, zone, self._patients_of)]
        except BadSearch as problem:
            raise Refusal(400, str(problem)) from problem

    def _patients_of(self, identifier: str) -> set[str]:
        found = self.store.by_identifier("Patient", token(identifier)[1])
        return {
            f"Patient/{held.id}"
            for held in found
            if any(token_matches(each, identifier) for each in (held.resource or {}).get("identifier", []))
        }

    def _page(self, request: Request, number: str, offset: int, count: str | None) -> Answer:
        result = self.results[number]
        asked = dict(result.query)
        size = int(count) if count and count.isdigit() else self.settings.page
        size = min(size, self.settings.largest_page)
        bundle: dict[str, Any] = {"resourceType": "Bundle", "id": str(uuid.uuid4()), "type": "searchset"}
        only_count = asked.get("_summary") == "count" or size == 0
        if only_count or self.settings.always_total or asked.get("_total") in ("accurate", "estimate"):
            bundle["total"] = len(result.ids)
        bundle["link"] = [{"relation": "self", "url": self._self_link(request, result)}]
        if only_count:
            return Answer(200, bundle)
        if offset + size < len(result.ids):
            link = self._next_link(request, result, number, offset + size, size)
            bundle["link"].append({"relation": "next", "url": link})
        ids = result.ids[offset : offset + size]
        held = [each for each in (self.store.get(result.type, id_) for id_ in ids) if each and each.resource]
        entries = [_entry(request.base, each) for each in held] + self._remarks(result)
        return Answer(200, {**bundle, "entry": entries} if entries else bundle)

    def _remarks(self, result: Result) -> list[dict[str, Any]]:
        issues: list[tuple[str, str, str, str | None]] = []
        for name in result.ignored:
            issues.append(("warning", "not-supported", f"Unknown query-parameter ignored: {name}", None))
        if not result.ids and self.settings.says_no_results:
            issues.append(("warning", "not-found", "Resource request returns no results", None))
        return [{"resource": outcome(issues), "search": {"mode": "outcome"}}] if issues else []

    def _self_link(self, request: Request, result: Result) -> str:
        return f"{request.base}/{result.type}" + (f"?{urlencode(result.query)}" if result.query else "")

    def _next_link(self, request: Request, result: Result, number: str, offset: int, size: int) -> str:
        if self.settings.paging == "getpages":
            words = {"_getpages": number, "_getpagesoffset": offset, "_count": size, "_bundletype": "searchset"}
            return f"{request.base}?{urlencode(words)}"
        words = {"sessionID": number, "offset": offset, "_count": size}
        return f"{request.base}/{result.type}?{urlencode(words)}"


def _entry(base: str, held: Held) -> dict[str, Any]:
    return {"fullUrl": f"{base}/{held.type}/{held.id}", "resource": held.resource, "search": {"mode": "match"}}


def _sort_key(by: str, held: Held) -> str:
    resource = held.resource or {}
    match by:
        case "_lastUpdated":
            return held.updated
        case "date":
            return str(resource.get("start", ""))
        case "_id":
            return held.id.rjust(64)
    return ""

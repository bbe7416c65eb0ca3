"""FHIR's interactions on the store: create, read, vread, update, patch, delete, history; search is in searching.py.

The server holds the store's lock around `answer`, so that every interaction sees and leaves one state.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import orjson

from integrator.sandbox.ehr.answers import Answer, Refusal, Request, outcome
from integrator.sandbox.ehr.patch import BadPatch, patched
from integrator.sandbox.ehr.rules import check
from integrator.sandbox.ehr.searching import Searches
from integrator.sandbox.ehr.settings import Settings, capability_statement
from integrator.sandbox.ehr.store import EhrStore, Held

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # FHIR datatype id


class Interactions:
    """The EHR's FHIR side: one request in, one answer out."""

    def __init__(self, store: EhrStore, settings: Settings, now: Callable[[], datetime]):
        self.store, self.settings, self.now = store, settings, now
        self.searches = Searches(store, settings)

    def answer(self, request: Request) -> Answer:
        """What the EHR says; never raises for anything that a client can send."""
        try:
            return self._route(request)
        except Refusal as refusal:
            return refusal.answer()

    def _route(self, request: Request) -> Answer:
        method, path = request.method, request.path
        if method == "GET" and path == ("metadata",):
            return Answer(200, capability_statement(self.settings, request.base, self._instant()))
        if method == "GET" and not path and self.settings.paging == "getpages":
            return self.searches.further(request)
        if not path or path[0] not in self.settings.interactions:
            raise Refusal(404, f"Unknown resource type or operation: {'/'.join(path)}")
        match (method, path[1:]):
            case ("GET", ()):
                self._needs(path[0], "search-type")
                return self.searches.first(request)
            case ("GET", (id_,)):
                return self.read(request, path[0], id_)
            case ("GET", (id_, "_history")):
                return self.history(request, path[0], id_)
            case ("GET", (id_, "_history", version)):
                return self.vread(path[0], id_, version)
            case ("POST", ()):
                return self.create(request, path[0])
            case ("PUT", (id_,)):
                return self.update(request, path[0], id_)
            case ("PUT", ()):
                return self.conditional_update(request, path[0])
            case ("PATCH", (id_,)):
                return self.patch(request, path[0], id_)
            case ("DELETE", (id_,)):
                return self.delete(request, path[0], id_)
        raise Refusal(405, f"{method} is not offered on {'/'.join(path)}")

    def read(self, request: Request, type_: str, id_: str) -> Answer:
        """GET [type]/[id]: 200, 304, 404, or 410 after its deletion."""
        self._needs(type_, "read")
        held = self._held(type_, id_)
        if _match(request.headers.get("if-none-match", "")) == held.version:
            return Answer(304, headers=_etag(held))
        return Answer(200, held.resource, _etag(held))

    def vread(self, type_: str, id_: str, version: str) -> Answer:
        """GET [type]/[id]/_history/[vid]: 200, 404, or 410 where that version is the deletion."""
        self._needs(type_, "vread")
        for number, _, _, resource in self.store.versions(type_, id_):
            if str(number) == version:
                if resource is None:
                    raise Refusal(410, f"{type_}/{id_} was deleted by version {version}")
                return Answer(200, resource, {"ETag": f'W/"{number}"'})
        raise Refusal(404, f"{type_}/{id_} has no version {version}")

    def history(self, request: Request, type_: str, id_: str) -> Answer:
        """GET [type]/[id]/_history: a Bundle of type history, newest first."""
        self._needs(type_, "history-instance")
        versions = self.store.versions(type_, id_)
        if not versions:
            raise Refusal(404, f"{type_}/{id_} is not known")
        entries = []
        for number, method, updated, resource in versions:
            status = {"POST": "201 Created"}.get(method, "200 OK")
            entry: dict[str, Any] = {"fullUrl": f"{request.base}/{type_}/{id_}"}
            entry |= {"resource": resource} if resource else {}
            entry["request"] = {"method": method, "url": type_ if method == "POST" else f"{type_}/{id_}"}
            entry["response"] = {"status": status, "etag": f'W/"{number}"', "lastModified": updated}
            entries.append(entry)
        return Answer(200, {"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries})

    def create(self, request: Request, type_: str) -> Answer:
        """POST [type], with If-None-Exist: 201, 200 where one is there, 412 where several are."""
        self._needs(type_, "create")
        resource = self._body(request, type_)
        condition = request.headers.get("if-none-exist")
        if condition and self.settings.conditional_create:
            found = self.searches.matching(type_, condition)
            if len(found) > 1:
                raise Refusal(412, f"{len(found)} resources match {condition}")
            if found and self.settings.racing and found[0].moment > request.moment:
                raise Refusal(409, "Another request was creating the same resource")  # seen of HAPI: the losers get 409
            if found:
                return self._written(request, found[0], 200, None)
        self._check(resource)
        return self._made(request, type_, self.store.fresh_id(self.settings.opaque_ids), resource)

    def update(self, request: Request, type_: str, id_: str) -> Answer:
        """PUT [type]/[id], with If-Match: 200, or 201 where the client may choose the id."""
        self._needs(type_, "update")
        resource = self._body(request, type_)
        if resource.get("id") != id_:
            raise Refusal(400, "The id of the resource must be the id of the address")
        before = self.store.get(type_, id_)
        self._heed_match(request, before)
        self._check(resource)
        if before is None:
            if not self.settings.update_creates:
                raise Refusal(405, f"{type_}/{id_} is not known, and a client may not choose an id")
            if not ID.fullmatch(id_) or id_.isdigit():
                raise Refusal(400, "A client may only choose an id with at least one letter")
        return self._changed(request, type_, id_, resource, before)

    def conditional_update(self, request: Request, type_: str) -> Answer:
        """PUT [type]?criteria: changes the one match, or makes one, or 412."""
        self._needs(type_, "update")
        if not self.settings.conditional_update or not request.query:
            raise Refusal(405, "Conditional update is not offered")
        resource = self._body(request, type_)
        found = self.searches.matching(type_, list(request.query))
        if self.settings.racing:  # seen of HAPI: clients at once make two, for neither sees the other's
            found = [held for held in found if held.moment <= request.moment]
        if len(found) > 1:
            raise Refusal(412, f"{len(found)} resources match")
        if found and self.settings.conditional_update_heeds_match:
            self._heed_match(request, found[0])
        self._check(resource)
        if found:
            return self._changed(request, type_, found[0].id, resource, found[0])
        made = self._made(request, type_, self.store.fresh_id(self.settings.opaque_ids), resource)
        made.headers["Content-Location"] = made.headers.pop("Location")  # seen of HAPI: no Location
        return made

    def patch(self, request: Request, type_: str, id_: str) -> Answer:
        """PATCH [type]/[id] with a JSON Patch, with If-Match."""
        self._needs(type_, "patch")
        before = self._held(type_, id_)
        self._heed_match(request, before)
        if "json-patch+json" not in request.headers.get("content-type", ""):
            raise Refusal(415, "Only application/json-patch+json is understood")
        try:
            resource = patched(before.resource or {}, self._json(request))
        except BadPatch as problem:
            raise Refusal(400, f"The patch cannot be applied: {problem}") from problem
        if not isinstance(resource, dict) or resource.get("resourceType") != type_ or resource.get("id") != id_:
            raise Refusal(400, "A patch cannot change type or id")
        self._check(resource)
        answer = self._changed(request, type_, id_, resource, before)
        if not self.settings.patch_has_etag:
            answer.headers.pop("ETag", None)
        return answer

    def delete(self, request: Request, type_: str, id_: str) -> Answer:
        """DELETE [type]/[id]: 200 with an OperationOutcome, also for what is not there."""
        self._needs(type_, "delete")
        before = self.store.get(type_, id_)
        if self.settings.delete_heeds_match:
            self._heed_match(request, before)
        if before is None or before.resource is None:
            said = outcome([("information", "informational", f"{type_}/{id_} is not there", None)])
            return Answer(200, said)
        held = self.store.put(type_, id_, None, "DELETE", self._instant())
        said = outcome([("information", "informational", "Deleted", None)])
        return Answer(200, said, _etag(held), f"delete {type_}/{id_} version {held.version}")

    def _made(self, request: Request, type_: str, id_: str, resource: dict[str, Any]) -> Answer:
        held = self.store.put(type_, id_, resource, "POST", self._instant())
        return self._written(request, held, 201, "create")

    def _changed(self, request: Request, type_: str, id_: str, resource: dict[str, Any], before: Held | None) -> Answer:
        if before and before.resource and self.settings.same_body_is_no_version:
            now, then = bare(resource), bare(before.resource)
            if now == then:
                return self._written(request, before, 200, None)
        alive = before is not None and before.resource is not None
        held = self.store.put(type_, id_, resource, "PUT", self._instant())
        return self._written(request, held, 200 if alive else 201, "update" if alive else "create")

    def _written(self, request: Request, held: Held, status: int, verb: str | None) -> Answer:
        headers = _etag(held)
        place = f"{request.base}/{held.type}/{held.id}/_history/{held.version}"
        headers["Location" if status == 201 else "Content-Location"] = place
        minimal = "return=minimal" in request.headers.get("prefer", "")
        wrote = f"{verb} {held.type}/{held.id} version {held.version}" if verb else None
        return Answer(status, None if minimal else held.resource, headers, wrote)

    def _held(self, type_: str, id_: str) -> Held:
        held = self.store.get(type_, id_)
        if held is None:
            raise Refusal(404, f"{type_}/{id_} is not known")
        if held.resource is None:
            raise Refusal(410, f"{type_}/{id_} was deleted")
        return held

    def _heed_match(self, request: Request, held: Held | None) -> None:
        wanted = request.headers.get("if-match")
        if wanted is None:
            return
        if held is None or held.resource is None or _match(wanted) != held.version:
            raise Refusal(self.settings.stale_update, f"If-Match {wanted} is not the present version")

    def _needs(self, type_: str, interaction: str) -> None:
        if not self.settings.can(type_, interaction):
            raise Refusal(405, f"{interaction} is not offered for {type_}")

    def _json(self, request: Request) -> Any:
        try:
            return orjson.loads(request.body)
        except orjson.JSONDecodeError as problem:
            raise Refusal(self.settings.malformed, f"The body is not JSON: {problem}") from problem

    def _body(self, request: Request, type_: str) -> dict[str, Any]:
        resource = self._json(request)
        if not isinstance(resource, dict) or resource.get("resourceType") != type_:
            raise Refusal(400, f"The body is not a resource of type {type_}")
        return resource

    def _check(self, resource: dict[str, Any]) -> None:
        held = self.store.get if self.settings.holds_references else None
        check(resource, held, self.settings.release)

    def _instant(self) -> str:
        return self.now().isoformat(timespec="milliseconds")


def bare(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource without what the server stamps on it."""
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    return {**resource, "meta": meta}


def _etag(held: Held) -> dict[str, str]:
    modified = format_datetime(datetime.fromisoformat(held.updated).astimezone(UTC), usegmt=True)
    return {"ETag": f'W/"{held.version}"', "Last-Modified": modified}


def _match(header: str) -> int | None:
    found = re.fullmatch(r'(?:W/)?"?(\d+)"?', header.strip())
    return int(found[1]) if found else None

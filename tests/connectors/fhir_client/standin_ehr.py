"""A small FHIR server on a real socket whose faults can be chosen."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

Resource = dict[str, Any]
Canned = tuple[int, dict[str, str], bytes]


@dataclass
class Ehr:
    """What the server holds, how it behaves, and what it was asked."""

    interactions: list[str] = field(default_factory=lambda: ["create", "read", "update", "search-type"])
    claims_conditional_create: bool = True
    honours_conditional_create: bool = True
    honours_search: bool = True
    stale: int = 412
    returns_body: bool = True
    fhir_version: str = "4.0.1"
    held: dict[str, list[Resource]] = field(default_factory=dict)  # id -> versions; the last is current
    gone: dict[str, int] = field(default_factory=dict)  # id -> 404 or 410
    log: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    canned: dict[str, list[Canned]] = field(default_factory=dict)  # method -> answers given before anything is done
    after: dict[str, list[Canned]] = field(default_factory=dict)  # method -> answers given instead of the true one
    before_put: Callable[[], None] | None = None
    base: str = ""
    page: int = 50

    def add(self, resource: Resource, updated: str = "2026-03-01T08:00:00Z") -> str:
        new_id = str(len(self.held) + 1)
        meta = {"versionId": "1", "lastUpdated": updated}
        self.held[new_id] = [{**resource, "id": new_id, "meta": meta}]
        return new_id

    def edit(self, resource_id: str, **changes: Any) -> None:
        current = self.held[resource_id][-1]
        meta = {**current["meta"], "versionId": str(len(self.held[resource_id]) + 1)}
        self.held[resource_id].append({**current, **changes, "meta": meta})

    def current(self, resource_id: str) -> Resource:
        return self.held[resource_id][-1]

    def asked(self, method: str) -> list[tuple[str, str, dict[str, str], Any]]:
        return [entry for entry in self.log if entry[0] == method]

    def carrying(self, system: str, value: str) -> list[Resource]:
        wanted = {"system": system, "value": value}
        found = [versions[-1] for key, versions in self.held.items() if key not in self.gone]
        return [each for each in found if any(wanted.items() <= one.items() for one in each.get("identifier", []))]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    ehr: Ehr

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def _any(self) -> None:
        ehr, method = self.ehr, self.command
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        url = urlsplit(self.path)
        ehr.log.append((method, self.path, dict(self.headers), body))
        if url.path.endswith("/metadata"):
            self._answer(200, statement(ehr))
        elif canned := ehr.canned.get(method):
            self._raw(*canned.pop(0))
        else:
            parts = url.path.removeprefix("/fhir/").split("/")
            status, resource, headers = self._act(method, parts, parse_qs(url.query), body)
            if instead := ehr.after.get(method):
                self._raw(*instead.pop(0))
            else:
                self._answer(status, resource, headers)

    do_GET = do_POST = do_PUT = do_PATCH = _any

    def _act(
        self, method: str, parts: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, Resource | None, dict[str, str]]:
        ehr = self.ehr
        if method == "POST":
            return self._create(body)
        if len(parts) == 1:
            return 200, self._search(query), {}
        resource_id = parts[1]
        if resource_id in ehr.gone or resource_id not in ehr.held:
            return ehr.gone.get(resource_id, 404), outcome("not-found"), {}
        if len(parts) == 4:
            return 200, ehr.held[resource_id][int(parts[3]) - 1], {}
        if method == "GET":
            return 200, ehr.current(resource_id), tag(ehr.current(resource_id))
        return self._change(method, resource_id, body)

    def _change(self, method: str, resource_id: str, body: Any) -> tuple[int, Resource | None, dict[str, str]]:
        ehr = self.ehr
        if ehr.before_put:
            ehr.before_put()
        current = ehr.current(resource_id)
        match = self.headers.get("If-Match")
        if match and match != f'W/"{current["meta"]["versionId"]}"':
            return ehr.stale, outcome("conflict"), {}
        if method == "PATCH":
            patched = patch(current, body)
            if patched is None:
                return 400, outcome("processing"), {}
            body = patched
        ehr.edit(resource_id)
        ehr.held[resource_id][-1] = {**body, "id": resource_id, "meta": ehr.current(resource_id)["meta"]}
        return 200, ehr.current(resource_id) if ehr.returns_body else None, tag(ehr.current(resource_id))

    def _create(self, body: Resource) -> tuple[int, Resource | None, dict[str, str]]:
        ehr, condition = self.ehr, self.headers.get("If-None-Exist")
        if condition and ehr.honours_conditional_create:
            found = ehr.carrying(*token(parse_qs(condition)["identifier"][0]))
            if len(found) > 1:
                return 412, outcome("multiple-matches"), {}
            if found:
                return 200, found[0] if ehr.returns_body else None, location(ehr, found[0])
        new_id = ehr.add(body)
        return 201, ehr.current(new_id) if ehr.returns_body else None, location(ehr, ehr.current(new_id))

    def _search(self, query: dict[str, list[str]]) -> Resource:
        ehr = self.ehr
        found = [versions[-1] for key, versions in ehr.held.items() if key not in ehr.gone]
        if "identifier" in query and ehr.honours_search:
            found = ehr.carrying(*token(query["identifier"][0]))
        start = int(query.get("start", ["0"])[0])
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset"}
        if entries := [{"resource": each} for each in found[start : start + ehr.page]]:
            bundle["entry"] = entries
        if start + ehr.page < len(found):
            following = f"{ehr.base}/Appointment?start={start + ehr.page}"
            bundle["link"] = [{"relation": "next", "url": following}]
        return bundle

    def _answer(self, status: int, resource: Resource | None, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(resource).encode() if resource is not None else b""
        self._raw(status, {"Content-Type": "application/fhir+json", **(headers or {})}, body)

    def _raw(self, status: int, headers: dict[str, str], body: bytes) -> None:
        if status == 0:  # the connection closes without an answer
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def statement(ehr: Ehr) -> Resource:
    resource = {
        "type": "Appointment",
        "interaction": [{"code": code} for code in ehr.interactions],
        "conditionalCreate": ehr.claims_conditional_create,
        "searchParam": [{"name": "identifier", "type": "token"}, {"name": "date", "type": "date"}],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "fhirVersion": ehr.fhir_version,
        "software": {"name": "stand-in"},
        "rest": [{"mode": "server", "resource": [resource], "interaction": [{"code": "transaction"}]}],
    }


def token(text: str) -> tuple[str, str]:
    """system|value, where a backslash takes the meaning from the sign after it."""
    system, value = re.split(r"(?<!\\)\|", text)
    return re.sub(r"\\(.)", r"\1", system), re.sub(r"\\(.)", r"\1", value)


def outcome(code: str) -> Resource:
    warning = {"severity": "warning", "code": "informational"}
    return {"resourceType": "OperationOutcome", "issue": [warning, {"severity": "error", "code": code}]}


def tag(resource: Resource) -> dict[str, str]:
    return {"ETag": f'W/"{resource["meta"]["versionId"]}"'}


def location(ehr: Ehr, resource: Resource) -> dict[str, str]:
    version = resource["meta"]["versionId"]
    return {"Location": f"{ehr.base}/Appointment/{resource['id']}/_history/{version}", **tag(resource)}


def patch(current: Resource, steps: list[Resource]) -> Resource | None:
    found = dict(current)
    for step in steps:
        name = step["path"][1:]
        if step["op"] == "test" and found.get(name) != step["value"]:
            return None
        if step["op"] in ("add", "replace"):
            found[name] = step["value"]
        if step["op"] == "remove":
            del found[name]
    return found

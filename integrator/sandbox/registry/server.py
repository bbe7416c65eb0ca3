"""The registry on a socket: /api/v2 for clients, /sandbox for those who look on and who let the story change a record.

GET  /api/v2/version           versions of the API and of the data
GET  /api/v2/studies/{nctId}   a record with its ETag; 304; 301 for an alias; 400, 404 as text/plain; 429 when hurried
GET  /sandbox/log              every request to /api/v2, oldest first
POST /sandbox/change           {"nct": ..., "fields": {"statusModule.overallStatus": "COMPLETED"}}; null takes one out
POST /sandbox/put              a whole record
POST /sandbox/drop             {"nct": ...}
POST /sandbox/next             [{"status": 503, "retry_after": 2}, {"html": true}, {"cut": 9}, {"other": NCT},
                               {"pass": true}]
"""

from __future__ import annotations

import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import orjson

from integrator.clock import Clock
from integrator.sandbox.registry.records import Records

JSON = "application/json"
TEXT = "text/plain;charset=utf-8"
HTML = b"<html><head><title>Maintenance</title></head><body><h1>We are down for maintenance</h1></body></html>"
NCT_ID = re.compile(r"[Nn][Cc][Tt]0*[1-9]\d{0,7}")  # as the OpenAPI description says
HURRY = 0.9  # seconds: who asks again sooner is told to wait


class RegistryServer(ThreadingHTTPServer):
    """One registry: records, faults that were ordered, and the log."""

    daemon_threads = True

    def __init__(self, port: int, records: Records, clock: Clock, every: float = HURRY):
        super().__init__(("127.0.0.1", port), RegistryConnection)
        self.records, self.clock, self.every = records, clock, every
        self.base = f"http://127.0.0.1:{self.server_address[1]}/api/v2"
        self.log: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self._lock, self._last = threading.Lock(), -1e9

    def hurried(self) -> bool:
        """Whether this request comes too soon after the one before."""
        with self._lock:
            now = time.monotonic()
            soon, self._last = now - self._last < self.every, now
            return soon

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class RegistryConnection(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: RegistryServer
    timeout = 30

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/sandbox/log":
            return self._send(200, orjson.dumps(self.server.log))
        if not path.startswith("/api/v2/"):
            return self._text(404, f"Nothing is served at {path}")
        if self.server.hurried():
            return self._text(429, "Too many requests", {"Retry-After": "1"})
        fault = self.server.faults.pop(0) if self.server.faults else None
        answered = fault is None or fault.get("pass")
        return self._api(path.removeprefix("/api/v2/")) if answered else self._faulty(fault or {})

    def do_POST(self) -> None:
        wish = orjson.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        server, now = self.server, self.server.clock.now()
        try:
            match self.path:
                case "/sandbox/change":
                    return self._send(200, orjson.dumps(server.records.change(wish["nct"], wish["fields"], now)))
                case "/sandbox/put":
                    server.records.put(wish, now)
                case "/sandbox/drop":
                    server.records.drop(wish["nct"], now)
                case "/sandbox/next":
                    server.faults[:] = wish
                case _:
                    return self._text(404, f"Nothing is done at {self.path}")
        except (KeyError, TypeError, ValueError) as problem:
            return self._text(400, f"{self.path} does not understand: {problem}")
        return self._send(200, b"{}")

    def _api(self, path: str) -> None:
        if path == "version":
            return self._send(200, orjson.dumps(self.server.records.version()))
        kind, _, nct = path.partition("/")
        if kind != "studies" or not nct:
            return self._text(404, "Not found")
        if not NCT_ID.fullmatch(nct):
            return self._text(400, "`nctId` has incorrect format")
        number = f"NCT{int(nct[3:]):08}"
        if alias := self.server.records.alias(number):
            return self._send(301, b"", headers={"Location": f"/api/v2/studies/{alias}"})
        return self._study(number)

    def _study(self, number: str) -> None:
        found = self.server.records.study(number)
        if found is None:
            return self._text(404, f"NCT number {number} not found")
        data, etag = found
        if self.headers.get("If-None-Match") == etag:
            return self._send(304, b"", headers={"ETag": etag})
        return self._send(200, data, headers={"ETag": etag})

    def _faulty(self, fault: dict[str, Any]) -> None:
        headers = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
        if fault.get("html"):
            return self._send(fault.get("status", 200), HTML, "text/html", headers)
        if "other" in fault:
            return self._study(fault["other"])
        if "cut" in fault:
            data, _ = self.server.records.study(fault.get("nct", "NCT01409720")) or (b"", "")
            return self._send(200, data[: fault["cut"]])
        return self._text(fault.get("status", 500), fault.get("text", "The registry has failed"), headers)

    def _text(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, text.encode(), TEXT, headers)

    def _send(self, status: int, body: bytes, kind: str = JSON, headers: dict[str, str] | None = None) -> None:
        if self.path.startswith("/api/v2/"):
            at = self.server.clock.now().isoformat(timespec="milliseconds")
            self.server.log.append({"at": at, "path": self.path.removeprefix("/api/v2/"), "status": status})
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet: /sandbox/log says what was asked."""

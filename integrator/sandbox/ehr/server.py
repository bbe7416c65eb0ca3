"""The EHR on a socket: /fhir for clients, /sandbox for those who look on (log, summary) and who order faults.

GET  /sandbox/log?since=SEQ   every request to /fhir after that number, oldest first, with bodies
GET  /sandbox/summary?since=  counts by method and answer, what it holds, identifiers held more than once
GET  /sandbox/holds?type=T    the present resources of one type
POST /sandbox/control         faults, see faults.py
POST /sandbox/hold            a list of resources that the hospital itself writes (with id: changes that one)
POST /sandbox/drop            {"type": ..., "id": ...}: the hospital deletes one
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from integrator.clock import Clock
from integrator.sandbox.ehr.answers import Answer, Refusal, Request
from integrator.sandbox.ehr.faults import Fault, Faults
from integrator.sandbox.ehr.interactions import Interactions, bare
from integrator.sandbox.ehr.settings import Settings
from integrator.sandbox.ehr.store import EhrStore
from integrator.sandbox.ehr.summary import summary

FHIR_JSON = "application/fhir+json;charset=utf-8"
HTML = "<html><head><title>Bad gateway</title></head><body><h1>The proxy cannot reach the server</h1></body></html>"


class EhrServer(ThreadingHTTPServer):
    """One EHR: store, settings, faults; a thread for each connection."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, store: EhrStore, settings: Settings, clock: Clock):
        super().__init__(("127.0.0.1", port), EhrConnection)
        self.store, self.settings, self.clock, self.faults = store, settings, clock, Faults()
        self.base = f"http://127.0.0.1:{self.server_address[1]}/fhir"
        self.interactions = Interactions(store, settings, clock.now)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def hold(self, resource: dict[str, Any]) -> str:
        """The hospital itself writes a resource, unless it stands so (not in the request log); gives Type/id."""
        type_ = resource["resourceType"]
        id_ = resource.get("id") or self.store.fresh_id(self.settings.opaque_ids)
        before = self.store.get(type_, id_)
        if before and before.resource and bare(before.resource) == bare(resource):
            return f"{type_}/{id_}"
        at = self.clock.now().isoformat(timespec="milliseconds")
        self.store.put(type_, id_, resource, "PUT" if before else "POST", at)
        return f"{type_}/{id_}"

    def drop(self, type_: str, id_: str) -> None:
        """The hospital itself deletes a resource (not in the request log)."""
        self.store.put(type_, id_, None, "DELETE", self.clock.now().isoformat(timespec="milliseconds"))

    def done(self, request: Request, shown: dict[str, Any], fault: Fault | None) -> Answer | None:
        """Does what is asked, within one transaction with its log entry; None: the connection is closed instead."""
        with self.store.transaction():
            if fault and fault.edit:
                self.hold(fault.edit)
            answer: Answer | None = None
            if fault is None or fault.passes or fault.where == "after":
                answer = self.interactions.answer(request)
            wrote = answer.wrote if answer else None
            if fault and not fault.passes:
                answer = _faulty(fault)
            body = "" if answer is None else _text(answer)
            entry = {**shown, "status": answer.status if answer else None, "answer": body, "wrote": wrote}
            self.store.log({**entry, "fault": fault.name if fault else None})
        return answer


class EhrConnection(BaseHTTPRequestHandler):
    """One connection of a client: HTTP/1.1 with keep-alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: EhrServer
    timeout = 30  # seconds that an idle connection is kept, as HAPI's

    def do_GET(self) -> None:
        """Every method goes the same way; FHIR or the sandbox's own addresses."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        address = urlsplit(self.path)
        if address.path.startswith("/sandbox/"):
            self._sandbox(address.path.removeprefix("/sandbox/"), dict(parse_qsl(address.query)), body)
        elif address.path == "/fhir" or address.path.startswith("/fhir/"):
            self._fhir(address.path.removeprefix("/fhir").strip("/"), address.query, body)
        else:
            self._send(Refusal(404, f"Nothing is served at {address.path}").answer())

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _fhir(self, path: str, query: str, body: bytes) -> None:
        if self.server.faults.away:
            return self._close()
        moment, fault = self.server.store.moment, self.server.faults.meet(self.command, path)
        if fault and fault.delay:
            time.sleep(fault.delay)
        headers = {name.lower(): value for name, value in self.headers.items()}
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        steps = tuple(step for step in path.split("/") if step)
        request = Request(self.command, steps, pairs, headers, body, self.server.base, moment)
        shown = {"at": self.server.clock.now().isoformat(timespec="milliseconds"), "method": self.command}
        shown |= {"path": path, "query": query, "headers": orjson.dumps(headers).decode()}
        shown |= {"body": body.decode("utf-8", "backslashreplace")}
        answer = self.server.done(request, shown, fault)
        if fault and fault.hang:
            time.sleep(fault.hang)
        if answer is None:
            return self._close()
        return self._send(answer, html=bool(fault and fault.html))

    def _send(self, answer: Answer, html: bool = False) -> None:
        text = b"" if answer.status == 304 else _text(answer).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if text:
            self.send_header("Content-Type", "text/html" if html else FHIR_JSON)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _close(self) -> None:
        """Ends the connection with a reset and no answer."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _sandbox(self, what: str, asked: dict[str, str], body: bytes) -> None:
        try:
            with self.server.store.transaction():
                said = self._looked_on(what, asked, body)
        except (KeyError, TypeError, ValueError) as problem:
            return self._send(Refusal(400, f"/sandbox/{what} does not understand: {problem}").answer())
        except Refusal as refusal:
            return self._send(refusal.answer())
        return self._send_json(said)

    def _looked_on(self, what: str, asked: dict[str, str], body: bytes) -> Any:
        server, store = self.server, self.server.store
        match (self.command, what):
            case ("GET", "log"):
                return {"last": store.last_request(), "requests": store.requests(int(asked.get("since", 0)))}
            case ("GET", "summary"):
                return summary(store, int(asked.get("since", 0)))
            case ("GET", "holds"):
                return [held.resource for held in store.live(asked["type"])]
            case ("POST", "control"):
                server.faults.order(dict(orjson.loads(body)))
                return {"away": server.faults.away, "waiting": len(server.faults.waiting)}
            case ("POST", "hold"):
                return [server.hold(resource) for resource in orjson.loads(body)]
            case ("POST", "drop"):
                wish = orjson.loads(body)
                server.drop(wish["type"], wish["id"])
                return {}
        raise Refusal(404, f"/sandbox/{what} is not served")

    def _send_json(self, said: Any) -> None:
        text = orjson.dumps(said)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: the request log is the record."""


def _text(answer: Answer) -> str:
    if isinstance(answer.resource, str):
        return answer.resource
    return "" if answer.resource is None else orjson.dumps(answer.resource).decode()


def _faulty(fault: Fault) -> Answer | None:
    """What the client gets instead of the right answer."""
    if fault.close or fault.hang:
        return None
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.broken:
        return Answer(fault.status or 200, '{"resourceType": "Appointment", "id": "', headers)
    status = fault.status or 502
    if fault.html:
        return Answer(status, HTML, headers)
    answer = Refusal(status, f"Ordered by the sandbox: {fault.name}").answer()
    return Answer(status, answer.resource, headers)

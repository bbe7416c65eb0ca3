"""A registry on a real socket that answers what a test tells it, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

JSON = "application/json"
TEXT = "text/plain;charset=utf-8"


@dataclass
class Canned:
    """One answer. `cut`: so many bytes of the body are sent, and the connection ends."""

    status: int
    body: bytes = b""
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass
class Registry:
    """What it answers by path, in order (the last answer stays), and what it was asked."""

    base: str = ""
    answers: dict[str, list[Canned]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def say(self, path: str, *answers: Canned) -> None:
        self.answers[f"/api/v2/{path}"] = list(answers)

    def next(self, path: str) -> Canned:
        waiting = self.answers.get(path)
        if not waiting:
            return Canned(404, b"NCT number not found", TEXT)
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    @property
    def paths(self) -> list[str]:
        return [path.removeprefix("/api/v2/") for path, _ in self.asked]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.registry.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        answer = self.registry.next(self.path)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.body:
            self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True


@contextmanager
def standing() -> Iterator[Registry]:
    """A registry that listens."""
    found = Registry()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"registry": found}))
    server.daemon_threads = True
    found.base = f"http://127.0.0.1:{server.server_port}/api/v2"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def study(nct: str = "NCT01409720", **identification: Any) -> bytes:
    """The bytes of a small record."""
    module = {"nctId": nct, "briefTitle": "Isometric training", **identification}
    status = {"overallStatus": "COMPLETED", "lastUpdateSubmitDate": "2014-03-19"}
    return orjson.dumps({"protocolSection": {"identificationModule": module, "statusModule": status}})

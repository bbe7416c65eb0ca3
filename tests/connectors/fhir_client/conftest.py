"""An EHR stand-in on a real socket, and sockets that misbehave below HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer

import pytest

from integrator.connectors.fhir_client import FhirSession, FhirTarget
from tests.connectors.fhir_client.standin_ehr import Ehr, Handler


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    found = Ehr()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"ehr": found}))
    server.daemon_threads = True
    found.base = f"http://127.0.0.1:{server.server_port}/fhir"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def target(ehr: Ehr) -> FhirTarget:
    return FhirTarget("ehr", FhirSession(ehr.base, connect=1.0, answer=1.0))


@pytest.fixture
def raw_server() -> Iterator[Callable[[list[bytes | None]], str]]:
    """Makes a server that reads a request and sends these bytes, one each second for None; gives its base."""
    stop = threading.Event()
    listeners: list[socket.socket] = []

    def start(parts: list[bytes | None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    for part in parts:
                        if part is None:
                            stop.wait(0.25)
                        else:
                            try:
                                connection.sendall(part)
                            except OSError:
                                break

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"

    yield start
    stop.set()
    for listener in listeners:
        listener.close()

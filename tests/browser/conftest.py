"""Debian's Chromium and the page on a real loopback socket; without a browser these tests are left out in one line."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from integrator.store import open_store
from tests.web.hospital import Hands, Hospital

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One headless browser for all tests."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("left out: needs chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="left out: needs playwright")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@dataclass
class Served:
    """The pages behind a port; `stop` and `start` again on the same one."""

    hospital: Hospital
    port: int = 0
    _server: Any = None
    _thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self._server = create_server(self.hospital.web(), host="127.0.0.1", port=self.port, threads=4)
        self.port = self._server.effective_port
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.close()
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        assert self._thread is not None
        self._thread.join(timeout=5)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A page over an empty store, answering on loopback."""
    clock = Hands()
    with open_store(f"sqlite:///{tmp_path / 'page.db'}", clock) as store:
        served = Served(Hospital(store, clock))
        served.start()
        yield served
        served.stop()

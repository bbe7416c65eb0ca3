"""Both stores for a test: `each_store` runs it on SQLite and on PostgreSQL, and the run says how many passed on each.

INTEGRATOR_TEST_STORE=sqlite or postgresql runs them on one only.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Server, must_run, server

KINDS = ("sqlite", "postgresql")
CHOSEN = (os.environ["INTEGRATOR_TEST_STORE"],) if os.environ.get("INTEGRATOR_TEST_STORE") else KINDS
assert set(CHOSEN) <= set(KINDS), f"INTEGRATOR_TEST_STORE is one of {', '.join(KINDS)}"


class Stores:
    """Where the stores of the running test are."""

    def __init__(self) -> None:
        self.server: Server | None = None  # None: they are SQLite files
        self._taken: dict[Path, str] = {}

    def address(self, folder: Path) -> str:
        """The `store` of a configuration in this folder; asked again it is the same."""
        if self.server is None:
            return "sqlite:///integrator.db"
        if folder not in self._taken:
            self._taken[folder] = self.server.take()
        return self.server.url(self._taken[folder])

    def url(self, folder: Path) -> str:
        """What `open_store` takes for this folder."""
        return f"sqlite:///{folder}/integrator.db" if self.server is None else self.address(folder)

    def contents(self, folder: Path) -> dict[str, bytes]:
        """All that the store of this folder holds, as bytes: files with SQLite, tables with PostgreSQL."""
        if self.server is None:
            files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
            assert any(name.endswith("-wal") and content for name, content in files.items())
            return files
        return self.server.contents(self._taken[folder])

    def end(self) -> None:
        """Gives back what the test had."""
        for name in self._taken.values():
            if self.server:
                self.server.give_back(name)
        self._taken.clear()
        self.server = None


here = Stores()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server of this run."""
    try:
        running = server()
        opened = running.__enter__()
    except Exception as error:  # whatever keeps it from starting is told, in CI as a failure
        reason = f"left out: PostgreSQL does not start here ({type(error).__name__}: {str(error).splitlines()[:1]})"
        if must_run():
            pytest.fail(reason)
        pytest.skip(reason)
    yield opened
    running.__exit__(None, None, None)


@pytest.fixture(params=CHOSEN)
def each_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which store the test runs on: its houses and stores are there."""
    if request.param == "postgresql":
        here.server = request.getfixturevalue("postgres_server")
    yield request.param
    here.end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Notes on each test which store it runs on, for the summary."""
    for item in items:
        kind = getattr(getattr(item, "callspec", None), "params", {}).get("each_store")
        if kind:
            item.user_properties.append(("store", kind))


def say_counts(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how the tests that run on each store fared."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            kind = dict(getattr(report, "user_properties", ())).get("store")
            if kind and (outcome != "passed" or report.when == "call"):
                counts[kind][outcome] += 1
    if not any(counts.values()):
        return
    told = {kind: ", ".join(f"{n} {what}" for what, n in found.items()) or "none" for kind, found in counts.items()}
    equal = counts["sqlite"] == counts["postgresql"] and set(counts["sqlite"]) == {"passed"}
    terminalreporter.write_line(
        "; ".join(f"{kind}: {text}" for kind, text in told.items()) + ("" if equal else "  (not equal)"),
        green=equal,
        red=not equal,
    )

"""A house with the JSON API as serve wires it, asked by a test client or over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from integrator.app import pages
from integrator.clock import Clock
from integrator.config import Target
from integrator.web import create_web
from integrator.web.today.live import Feed
from tests.houses import TestHouse, house

SUBJECT = "DISPO-HTEST-001"
SESSION = {
    "subject": SUBJECT,
    "key": "S-01",
    "program": "isometric-training",
    "setting": "supervised",
    "status": "completed",
    "start": "2026-03-09 10:00",
    "end": "2026-03-09 10:30",
    "pain_before": 4,
    "pain_after": 3,
}
SCORE = {"subject": SUBJECT, "instrument": "pain-vas", "value": 3, "time": "2026-03-09", "timepoint": "t0"}


def web(here: TestHouse) -> Flask:
    """The application as app.py makes it."""
    settings = here.line.settings
    return create_web(
        here.line.store,
        settings.study,
        here.line.clock,
        ZoneInfo(settings.integrator.zone),
        open_why=lambda step: None,
        feeds=[Feed("aria", None)],
        more=pages(here.line, lambda: None),
    )


@dataclass
class Program:
    """A program that uses the API, and what it was answered."""

    house: TestHouse
    client: FlaskClient

    def get(self, path: str, code: int = 200, **more: Any) -> Any:
        return self.ask("GET", path, code, **more).json

    def ask(self, method: str, path: str, code: int, **more: Any) -> TestResponse:
        """One call; the test fails where it is answered otherwise."""
        path = path if path.startswith("/") else f"/api/v1/{path}"
        answer = self.client.open(path, method=method, **more)
        assert answer.status_code == code, (answer.status_code, answer.text)
        return answer

    def post(self, path: str, body: Any, code: int = 201, **headers: str) -> Any:
        return self.ask("POST", path, code, json=body, headers=named(headers)).json

    def patch(self, path: str, body: Any, code: int = 200, **headers: str) -> Any:
        return self.ask("PATCH", path, code, json=body, headers=named(headers)).json

    def count(self, path: str) -> int:
        return len(self.get(path)["items"])


def named(headers: dict[str, str]) -> dict[str, str]:
    """if_match -> If-Match"""
    return {name.replace("_", "-").title(): text for name, text in headers.items()}


def texts(problem: Any) -> dict[str, str]:
    """What is wrong, by field."""
    return {one["field"]: one["text"] for one in problem["problems"]}


@contextmanager
def programmed(folder: Path, clock: Clock | None = None, *targets: Target) -> Iterator[Program]:
    """A house and a program that uses its API."""
    with house(folder, targets, clock) as here:
        yield Program(here, web(here).test_client())


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with programmed(tmp_path) as opened:
        yield opened

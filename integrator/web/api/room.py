"""What every noun of the API works with, and what holds for each of them: who asks, and how errors are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

from flask import Response, g, request
from flask_smorest import Blueprint
from werkzeug.exceptions import HTTPException

from integrator.entering import NotValid
from integrator.errors import IntegratorError, RetryLater
from integrator.line import Line
from integrator.records.schemas import Problem
from integrator.store import tokens
from integrator.telemetry.logs import logger, place_of
from integrator.token_doings import token_of
from integrator.web.api.answers import WORDS, problem, problem_of, wrong

log = logger(part="api")

View = TypeVar("View", bound=Callable[..., Any])

ROOT = "/api/v1"
PROGRAM = "program"  # who acts where no token tells
RETRY_AFTER = 5  # seconds, where the error does not say


@dataclass(frozen=True, slots=True)
class Room:
    """The line, and how its workers are woken after a write."""

    line: Line
    wake: Callable[[], None]

    @property
    def zone(self) -> str:
        """The hospital's zone, for days and for times without an offset."""
        return self.line.settings.integrator.zone

    def here(self, at: datetime | None) -> str | None:
        """An instant as the API shows it: in the hospital's zone."""
        return at.astimezone(ZoneInfo(self.zone)).isoformat() if at else None


class Noun(Blueprint):  # type: ignore[misc]  # flask-smorest says no types
    """The addresses of one noun: asked for with a token where there is one, all errors in one shape."""

    def __init__(self, name: str, room: Room, description: str):
        super().__init__(f"api/{name}", __name__, url_prefix=f"{ROOT}/{name}", description=description)
        self.before_request(lambda: ask_who(room))
        self.register_error_handler(HTTPException, problem_of)
        self.register_error_handler(IntegratorError, told)
        self.register_error_handler(Exception, fault)

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """As Flask's."""
        decorate: Callable[[View], View] = super().route(rule, **options)
        return decorate


def ask_who(room: Room) -> None:
    """Notes who asks. While there is a token, even one that is over, a call without a good one ends here with 401."""
    with room.line.store.read() as tx:
        known = tokens.everyone(tx)
    if not known:
        g.actor = PROGRAM
        return
    shown = request.authorization
    if shown is None or shown.type != "bearer" or not shown.token:
        _unknown("a token is asked for: send Authorization: Bearer TOKEN; `integrator token add NAME` makes one")
    token = token_of(known, shown.token)
    if token is None:
        _unknown("this token is not known here", ', error="invalid_token"')
    if token.expires <= room.line.clock.now():
        text = f"the token of {token.name} was good until {token.expires:%Y-%m-%d}; remove it and make another"
        _unknown(text, ', error="invalid_token"')
    g.actor = token.name


def _unknown(text: str, why: str = "") -> NoReturn:
    wrong(401, text, headers={"WWW-Authenticate": f'Bearer realm="Integrator"{why}'})


def told(error: IntegratorError) -> Response:
    """An error of ours: what was sent is not valid, or it cannot be done now."""
    if isinstance(error, RetryLater):
        after = str(int(error.after or RETRY_AFTER))
        return problem(503, str(error), [Problem("", str(error))], {"Retry-After": after})
    problems = error.problems if isinstance(error, NotValid) else []
    return problem(422, str(error), problems or [Problem("", str(error))])


def fault(error: Exception) -> Response:
    """A fault of ours: the program gets a word, the log the place, and no value stands in either."""
    log.error("a fault of Integrator in the API", at=place_of(error))
    return problem(500, WORDS[500])

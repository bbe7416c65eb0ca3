"""The web application: the pages, what guards them, and a sign of life for whoever watches the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from integrator.clock import Clock
from integrator.errors import RetryLater
from integrator.store import Store
from integrator.store.today import Step
from integrator.web.api.answers import problem_of
from integrator.web.guard import API, guard
from integrator.web.navigation import current_pages, participant_address
from integrator.web.today import Feed, Today, blueprint


class Study(Protocol):
    """The trial as the page's head names it."""

    @property
    def title(self) -> str: ...
    @property
    def nct(self) -> str: ...


def create_web(
    store: Store,
    study: Study,
    clock: Clock,
    zone: ZoneInfo,
    *,
    open_why: Callable[[Step], str | None],
    feeds: Sequence[Feed] = (),
    titles: Mapping[str, str] | None = None,
    invented: bool = False,
    more: Sequence[Blueprint] = (),
) -> Flask:
    """The WSGI application.

    zone: the hospital's, for every time on the pages. open_why: the reason of a change, unsealed, or None.
    feeds: the sources that the page watches, in the order in which it names them; none: all that were ever heard.
    titles: how staff say the names of sources, systems and targets ("aria" -> "ARIA").
    invented: no production system, so the pages carry the HTEST mark.
    more: the pages beside today's, one blueprint a noun.
    """
    app = Flask("integrator.web")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    guard(app)
    app.context_processor(
        lambda: {
            "study": study,
            "zone": zone,
            "invented": invented,
            "current_pages": current_pages,
            "participant_address": participant_address,
        }
    )
    app.register_blueprint(blueprint(Today(store, clock, zone, dict(titles or {}), tuple(feeds), open_why)))
    for blueprint_ in more:
        app.register_blueprint(blueprint_)

    @app.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @app.errorhandler(HTTPException)
    def told(error: HTTPException) -> tuple[str, int] | Response:
        if request.path.startswith(API):
            return problem_of(error)
        code = error.code or 500
        heading = HEADINGS.get(code, error.name)
        return render_template("error.html", heading=heading, text=error.description or ""), code

    @app.errorhandler(RetryLater)
    def later(error: RetryLater) -> tuple[str, int, dict[str, str]]:
        page = render_template("error.html", heading=HEADINGS[503], text=str(error))
        return page, 503, {"Retry-After": str(int(error.after or 5))}

    return app


HEADINGS = {
    400: "This could not be read",
    403: "Not from here",
    404: "There is no such page",
    405: "This page does not take that",
    500: "The page could not be made",
    503: "Not now",
}

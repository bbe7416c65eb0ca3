"""The JSON API: what programs on this machine may read and enter, its document and a page that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Blueprint, Response, render_template

from integrator.line import Line
from integrator.web.api.answers import JSON, Orjson
from integrator.web.api.document import Documented, documented
from integrator.web.api.entries import observations, sessions, treatments
from integrator.web.api.page import chapters
from integrator.web.api.participants import participants
from integrator.web.api.records_read import appointments, studies
from integrator.web.api.room import Room
from integrator.web.api.rows import messages_, owed

__all__ = ["blueprint"]

NOUNS = (studies, participants, appointments, treatments, sessions, observations, messages_, owed)


def blueprint(line: Line, wake: Callable[[], None]) -> Blueprint:
    """The API's page and document at /api/; registering it brings the nouns at /api/v1/ with it.

    Page and document hold nothing of any participant and are shown without a token.
    """
    api = Blueprint("api", __name__, url_prefix="/api", template_folder="templates")
    room = Room(line, wake)
    made: list[Documented] = []

    def bring(state: Any) -> None:
        state.app.json = Orjson(state.app)
        made[:] = [documented(state.app)]
        for noun in NOUNS:
            made[0].register_blueprint(noun(room))

    api.record(bring)

    @api.get("/openapi.json")
    def openapi() -> Response:
        return Response(orjson.dumps(made[0].spec.to_dict(), option=orjson.OPT_INDENT_2), mimetype=JSON)

    @api.get("/")
    def page() -> str:
        return render_template("api.html", document=made[0].spec.to_dict(), chapters=chapters(made[0].spec.to_dict()))

    return api

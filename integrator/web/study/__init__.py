"""The page of the study at `/study`: what the registry says beside what we know, and each version of its record."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template

from integrator import identity
from integrator.line import Line
from integrator.registry_doings import Registries
from integrator.store import messages
from integrator.store.study import shares
from integrator.watching import watches
from integrator.web.study.asked import asked
from integrator.web.study.view import page

__all__ = ["blueprint"]


def blueprint(line: Line, registries: Registries) -> Blueprint:
    """The page, and each version of the registry's record as it was received."""
    part = Blueprint("study", __name__, template_folder="templates")
    study = line.settings.study

    @part.get("/study", endpoint="page")
    def whole() -> str:
        now = line.clock.now()
        with line.store.read() as tx:
            people = shares(tx, study.nct)
            seen = [(watch.source, watch.seen(tx)) for watch in watches(line)]
        known = registries.known_or_none(study.nct)
        compared = registries.compared(study.nct, known) if known else None
        told = page(study, known, compared, people, [asked(*one, now) for one in seen], now)
        return render_template("study/page.html", told=told)

    @part.get("/study/versions/<int:number>", endpoint="version")
    def version(number: int) -> Response:
        """The record of a registry as it was received: about a study, never about a person."""
        with line.store.read() as tx:
            message = messages.get(tx, number)
            if message is None or message.source not in line.registries or message.body is None:
                abort(404)
            data = identity.open_body(tx, line.keys, message)
        return Response(data, mimetype="application/json")

    return part

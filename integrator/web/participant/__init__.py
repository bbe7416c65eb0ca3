"""The pages of participants: everyone at `/participants`, and of each what is planned, was done and changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template

from integrator.line import Line
from integrator.web.participant.everyone import everyone, lead
from integrator.web.participant.kept import Kept, kept
from integrator.web.participant.view import page
from integrator.web.today.days import day_and_hour, short_day
from integrator.web.today.sentences import Voice


@dataclass(frozen=True)
class Participants:
    """What the pages need of the rest of the house."""

    line: Line
    titles: Mapping[str, str]  # how staff say the names of sources, systems and targets
    wake: Callable[[], None]  # says to whoever delivers that something is owed

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.line.settings.integrator.zone)

    def voice(self) -> Voice:
        """How sentences of this moment are spoken."""
        return Voice(self.line.clock.now().astimezone(self.zone).date(), self.zone, self.titles, lambda _: None)

    def kept(self, subject: str) -> Kept:
        """Everything of one participant; 404 in words where there is none."""
        with self.line.store.read() as tx:
            found = kept(self.line, tx, subject)
        if found is None:
            abort(404, f"No participant has the subject code {subject}.")
        return found


def blueprint(here: Participants) -> Blueprint:
    """The pages."""
    part = Blueprint("participant", __name__, template_folder="templates")
    part.add_app_template_filter(_moment, "moment")

    @part.get("/participants", endpoint="everyone")
    def all_of_them() -> str:
        voice, now = here.voice(), here.line.clock.now()
        with here.line.store.read() as tx:
            lines = everyone(tx, now, voice)
        as_of = day_and_hour(now, here.zone)
        return render_template("participant/list.html", people=lines, lead=lead(lines), as_of=as_of)

    @part.get("/participants/<path:subject>", endpoint="page")
    def one(subject: str) -> str:
        return render_template("participant/page.html", page=page(here.kept(subject), here.voice()))

    return part


def _moment(at: datetime | None) -> str:
    """Thu 12 Mar 09:40, of a time that is the hospital's already."""
    return f"{short_day(at)} {at:%H:%M}" if at else "without a time"

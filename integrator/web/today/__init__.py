"""The page of the day at `/`: who comes, what moved and why, what waits; it follows by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from integrator import __version__
from integrator.clock import Clock
from integrator.store import Store, Tx, journal
from integrator.store import today as store_today
from integrator.store.today import Step
from integrator.web.today.live import Feed
from integrator.web.today.sentences import Voice
from integrator.web.today.view import Page, known, page

__all__ = ["Feed", "Hearing", "Today", "blueprint"]


@dataclass
class Hearing:
    """When each source was last heard. Receipt numbers only grow, so each look reads what is new since the last."""

    numbers: dict[str, int] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)

    def look(self, tx: Tx) -> dict[str, datetime]:
        """The time of the newest message of each source."""
        news = store_today.last_heard(tx, max(self.numbers.values(), default=0))
        for source, (number, at) in news.items():
            if number > self.numbers.get(source, 0):
                self.numbers[source], self.times[source] = number, at
        return dict(self.times)


@dataclass
class Today:
    """What the page needs of the rest of the house."""

    store: Store
    clock: Clock
    zone: ZoneInfo
    titles: dict[str, str]
    feeds: tuple[Feed, ...]
    open_why: Callable[[Step], str | None]
    hearing: Hearing = field(default_factory=Hearing)

    def voice(self, now: datetime) -> Voice:
        """How sentences of this moment are spoken."""
        return Voice(now.astimezone(self.zone).date(), self.zone, self.titles, self.open_why)


def blueprint(today: Today) -> Blueprint:
    """The page, its living part and the one thing that can be done on it."""
    part = Blueprint("today", __name__, template_folder="templates")

    @part.get("/", endpoint="page")
    def whole() -> str:
        tag, day = _look(today, None)
        return render_template("today/page.html", tag=tag, day=day)

    @part.get("/today")
    def fragment() -> Response:
        """The living part; 304 while what the browser holds is still right."""
        tag, day = _look(today, request.headers.get("HX-PTag"))
        answer = Response(status=304) if day is None else Response(render_template("today/fragment.html", day=day))
        answer.headers["HX-PTag"] = tag
        return answer

    @part.post("/today/seen")
    def seen() -> AnyResponse:
        """Marks what moved up to `until` as seen, for everybody: there is no sign-in yet."""
        try:
            until = datetime.fromisoformat(request.form.get("until", ""))
        except ValueError:
            abort(400)
        if until.tzinfo is None or until > today.clock.now():
            abort(400)
        with today.store.write() as tx:
            store_today.mark_seen(tx, until)
            journal.write(tx, today.clock.now(), "page", "moves marked as seen", detail={"until": until.isoformat()})
        return redirect(url_for("today.page"), 303)

    return part


def _look(today: Today, held_tag: str | None) -> tuple[str, Page | None]:
    """The tag of the page as it is now, and the page; no page if the browser holds this very one."""
    now = today.clock.now()
    voice = today.voice(now)
    with today.store.read() as tx:
        heard = today.hearing.look(tx)
        tag = _tag(store_today.mark(tx), now, today.zone)
        if tag == held_tag:
            return tag, None
        return tag, page(known(tx, now, voice, heard), voice, today.feeds)


def _tag(mark: str, now: datetime, zone: ZoneInfo) -> str:
    minute = f"{now.astimezone(zone):%Y-%m-%dT%H:%M}"  # the line "now" moves with it
    return hashlib.blake2b(f"{mark} {minute} {__version__}".encode(), digest_size=12).hexdigest()

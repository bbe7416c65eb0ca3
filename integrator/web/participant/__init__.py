"""The pages of participants: everyone at `/participants`, and of each what is planned, was done and changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from integrator.entering import NotValid
from integrator.line import Line
from integrator.store import Tx
from integrator.web.participant import entries, forms
from integrator.web.participant.everyone import everyone, lead
from integrator.web.participant.forms import Form
from integrator.web.participant.kept import Kept, kept
from integrator.web.participant.one import Correcting, Fraction, correcting, fraction_of
from integrator.web.participant.view import page
from integrator.web.today.days import day_and_hour, short_day
from integrator.web.today.sentences import Voice

__all__ = ["Participants", "blueprint"]

ANCHORS = {"ExerciseSession": "s", "Observation": "o"}  # kind of record -> what the id of its row begins with


@dataclass(frozen=True)
class Participants:
    """What the pages need of the rest of the house."""

    line: Line
    titles: Mapping[str, str]  # how staff say the names of sources, systems and targets
    wake: Callable[[], None]  # says to whoever delivers that something is owed

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.line.settings.integrator.zone)

    def now(self) -> datetime:
        """The present moment as the hospital's clocks show it."""
        return self.line.clock.now().astimezone(self.zone)

    def voice(self) -> Voice:
        """How sentences of this moment are spoken."""
        return Voice(self.now().date(), self.zone, self.titles, lambda _: None)

    def kept(self, subject: str) -> Kept:
        """Everything of one participant; 404 in words where there is none."""
        with self.line.store.read() as tx:
            found = kept(self.line, tx, subject)
        if found is None:
            abort(404, f"No participant has the subject code {subject}. The list of participants names all.")
        return found

    def writes(self, enter: Callable[[Tx], int]) -> int:
        """Enters in a transaction of its own, then wakes whoever delivers; the number of the record. NotValid."""
        with self.line.store.write() as tx:
            number = enter(tx)
        self.wake()
        return number


def blueprint(here: Participants) -> Blueprint:
    """The pages and what can be entered on them."""
    part = Blueprint("participant", __name__, template_folder="templates")
    part.add_app_template_filter(_moment, "moment")
    part.add_app_template_filter(forms.is_day, "is_day")
    _reading(part, here)
    _recording(part, here)
    _mending(part, here)
    _attesting(part, here)
    return part


def _reading(part: Blueprint, here: Participants) -> None:
    @part.get("/participants", endpoint="everyone")
    def all_of_them() -> str:
        voice, now = here.voice(), here.line.clock.now()
        with here.line.store.read() as tx:
            lines = everyone(tx, now, voice)
        as_of = day_and_hour(now, here.zone)
        return render_template("participant/list.html", people=lines, lead=lead(lines), as_of=as_of)

    @part.get("/participants/<path:subject>", endpoint="page")
    def one(subject: str) -> str:
        return _page(here, here.kept(subject))


def _recording(part: Blueprint, here: Participants) -> None:
    @part.post("/participants/<path:subject>/sessions")
    def session(subject: str) -> Response | tuple[str, int]:
        """Records a session, and leads to its row."""
        known, form = here.kept(subject), forms.sent(request.form, forms.SESSION)
        said = forms.session_said(form.values)
        try:
            number = here.writes(lambda tx: entries.new_session(here.line, tx, subject, said, form.once))
        except NotValid as refused:
            return _page(here, known, session=forms.wrong(form, refused.problems)), 422
        return _saved(subject, number, "s")

    @part.post("/participants/<path:subject>/scores")
    def score(subject: str) -> Response | tuple[str, int]:
        """Records a score, and leads to its row."""
        known, form = here.kept(subject), forms.sent(request.form, forms.SCORE)
        said = forms.score_said(form.values)
        try:
            number = here.writes(lambda tx: entries.new_score(here.line, tx, subject, said, form.once))
        except NotValid as refused:
            return _page(here, known, score=forms.wrong(form, refused.problems)), 422
        return _saved(subject, number, "o")


def _mending(part: Blueprint, here: Participants) -> None:
    @part.get("/participants/<path:subject>/records/<int:record>", endpoint="record")
    def look(subject: str, record: int) -> str:
        return _correcting(_entry(here, subject, record))

    @part.post("/participants/<path:subject>/records/<int:record>/correct")
    def correct(subject: str, record: int) -> Response | tuple[str, int]:
        """Corrects a score, or the scores of a session."""
        shown, form = (
            _entry(here, subject, record),
            forms.sent(request.form, [n for n in forms.CHANGE if n in request.form]),
        )
        seen, line = request.form.get("version", ""), here.line
        try:
            here.writes(lambda tx: entries.correct(line, tx, subject, record, seen, form.values, form.once))
        except NotValid as refused:
            return _correcting(shown, correction=forms.wrong(form, refused.problems)), 422
        return _saved(subject, record, shown.anchor)

    @part.post("/participants/<path:subject>/records/<int:record>/error")
    def error(subject: str, record: int) -> Response | tuple[str, int]:
        """Marks a session or a score as entered in error."""
        shown, form = _entry(here, subject, record), forms.sent(request.form, ["why"])
        why = form.values["why"]
        try:
            here.writes(lambda tx: entries.take_back(here.line, tx, subject, record, why, form.once))
        except NotValid as refused:
            return _correcting(shown, taking_back=forms.wrong(form, refused.problems)), 422
        return _saved(subject, record, shown.anchor)


def _attesting(part: Blueprint, here: Participants) -> None:
    @part.route("/participants/<path:subject>/fractions/<int:record>", methods=["GET", "POST"], endpoint="given")
    def given(subject: str, record: int) -> str | Response | tuple[str, int]:
        """A person's word on one fraction, and where it leads to its row."""
        fraction = _fraction(here, subject, record)
        if request.method == "GET":
            return _given(fraction, forms.fresh(fraction.values))
        form = forms.sent(request.form, forms.GIVEN)
        said = forms.given_said(form.values)
        try:
            with here.line.store.write() as tx:
                entries.attest(here.line, tx, subject, fraction.key, said, form.once)
        except NotValid as refused:
            return _given(fraction, forms.wrong(form, refused.problems)), 422
        here.wake()
        return _saved(subject, record, "a")


def _fraction(here: Participants, subject: str, record: int) -> Fraction:
    """One fraction whose day has come; 404 in words where it is none."""
    known, voice = here.kept(subject), here.voice()
    found = fraction_of(known, voice, record)
    if found is None:
        abort(404, f"{subject} has no such fraction, or its day has not come.")
    return found


def _given(fraction: Fraction, form: Form) -> str:
    back = url_for("participant.page", subject=fraction.subject)
    return render_template("participant/given.html", form=form, back=back, **vars(fraction))


def _page(here: Participants, known: Kept, session: Form | None = None, score: Form | None = None) -> str:
    marked = request.args.get("marked", type=int)
    latest = next((said for _, said in reversed(known.of("ExerciseSession"))), {})
    return render_template(
        "participant/page.html",
        page=page(known, here.voice()),
        marked=marked,
        session_form=session or forms.fresh(forms.session_values(here.now(), latest)),
        score_form=score or forms.fresh(forms.score_values(here.now())),
    )


def _saved(subject: str, number: int, anchor: str) -> Response:
    address = url_for("participant.page", subject=subject, marked=number, _anchor=f"{anchor}{number}")
    return redirect(address, 303)


def _entry(here: Participants, subject: str, record: int) -> Correcting:
    """An entry of the trial that may be corrected; 404 in words where it is none, or none of this participant."""
    known = here.kept(subject)
    for kind in ANCHORS:
        for row, said in known.of(kind):
            if row.number == record:
                if not entries.correctable(row, said) and request.method == "GET":
                    abort(404, "This entry cannot be corrected here: another system sent it, or it was taken back.")
                return correcting(row, said, ANCHORS[kind], here.zone)
    abort(404, f"{subject} has no such session or score.")


def _correcting(shown: Correcting, correction: Form | None = None, taking_back: Form | None = None) -> str:
    return render_template(
        "participant/correct.html",
        shown=shown,
        back=url_for("participant.page", subject=shown.subject),
        correction=correction or forms.fresh(shown.values),
        taking_back=taking_back or forms.fresh({"why": ""}),
    )


def _moment(at: datetime | None) -> str:
    """Thu 12 Mar 09:40, of a time that is the hospital's already."""
    return f"{short_day(at)} {at:%H:%M}" if at else "without a time"

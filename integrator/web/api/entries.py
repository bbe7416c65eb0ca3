"""Exercise sessions, observations and treatments: read, made, corrected, and marked as entered in error."""

from __future__ import annotations

from flask import Response

from integrator.records import CODES
from integrator.web.api import reading, writing
from integrator.web.api.asked import body
from integrator.web.api.bodies import changed_entry, new_entry
from integrator.web.api.describing import filters, listed, path_parameter, single, writes
from integrator.web.api.room import Noun, Room
from integrator.web.api.shown import NAMED

KEY = "Its key: the subject code, a stroke, and the trial's own name of it."
NUMBER = "Its number, as the list has it."


def sessions(room: Room) -> Noun:
    """/sessions"""
    return _entered(room, "sessions", "ExerciseSession", "Exercise sessions, with pain before and after.")


def observations(room: Room) -> Noun:
    """/observations"""
    return _entered(room, "observations", "Observation", "Scores, measurements and answers, each of one time.")


def treatments(room: Room) -> Noun:
    """/treatments"""
    about = "Radiation that was given: what systems reported, what a person attests, and the fraction that follows."
    return _entered(room, "treatments", "Treatment", about)


def _entered(room: Room, name: str, kind: str, about: str) -> Noun:
    noun = Noun(name, room, about)
    words = {"subject": (), "status": CODES[kind]["status"]}

    @noun.route("")
    @listed(noun, kind, filters(words, times=True))
    def many() -> Response:
        """Those of all participants or of one; from and to are of their start."""
        return reading.records_page(room, kind, words)

    @noun.route("", methods=["POST"])
    @writes(noun, kind, new_entry(kind), True, 428)
    def create() -> Response:
        """Makes one. Sent again it is the same one; one that is there and says otherwise needs If-Match."""
        return writing.create(room, kind, body())

    place, about = ("/<path:place>", KEY) if kind in NAMED else ("/<int:place>", NUMBER)
    where = path_parameter("place", about, number=kind not in NAMED)

    @noun.route(place, parameters=where)
    @single(noun, kind)
    def one(place: str | int) -> Response:
        """One."""
        return reading.one(room, kind, place)

    @noun.route(place, methods=["PATCH"], parameters=where)
    @writes(noun, kind, changed_entry(kind), False, 404, 409, 428)
    def change(place: str | int) -> Response:
        """Corrects the fields that the body names; status entered-in-error marks the whole as a mistake."""
        return writing.change(room, kind, place, body())

    return noun

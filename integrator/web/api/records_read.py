"""Studies and appointments: what registries and hospital systems say; programs read them and change nothing."""

from __future__ import annotations

from flask import Response

from integrator.records import CODES
from integrator.web.api import reading
from integrator.web.api.describing import filters, listed, path_parameter, single
from integrator.web.api.room import Noun, Room


def studies(room: Room) -> Noun:
    """/studies"""
    noun = Noun("studies", room, "The trial as its registry says it.")

    @noun.route("")
    @listed(noun, "Study", filters({}))
    def many() -> Response:
        """The studies."""
        return reading.records_page(room, "Study", {}, times=False)

    @noun.route("/<path:key>", parameters=path_parameter("key", "The NCT number."))
    @single(noun, "Study")
    def one(key: str) -> Response:
        """One study."""
        return reading.one(room, "Study", key)

    return noun


def appointments(room: Room) -> Noun:
    """/appointments"""
    noun = Noun("appointments", room, "Planned comings of participants, as the hospital's systems say them.")
    words = {"subject": (), "status": CODES["Appointment"]["status"]}

    @noun.route("")
    @listed(noun, "Appointment", filters(words, times=True))
    def many() -> Response:
        """Appointments of all participants or of one; from and to are of their start."""
        return reading.records_page(room, "Appointment", words)

    @noun.route("/<int:number>", parameters=path_parameter("number", "Its number, as the list has it.", number=True))
    @single(noun, "Appointment")
    def one(number: int) -> Response:
        """One appointment."""
        return reading.one(room, "Appointment", number)

    return noun

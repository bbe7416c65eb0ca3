"""A feed as a hospital's: many patients, new appointments, appointments that move, the same fact once more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zlib import crc32

from bench.messages import Template

PATIENTS = 200
KINDS = ("new", "new", "move", "new", "new", "again", "new", "new", "move", "new")  # of ten messages
REACH = 500  # how many bookings back a later message speaks of


def number_of(patient: int) -> str:
    """The hospital number of one of the invented patients."""
    return f"HTEST-{patient + 1000}"


def feed(name: str, messages: int, sent_at: datetime) -> Iterator[tuple[bytes, bytes]]:
    """Control id and message, of each. Of ten, seven book an appointment that nobody knows yet, two move one that was
    booked before to another day, one says again what is known. Control ids and appointments begin with `name`."""
    patients = [Template(number_of(n)) for n in range(PATIENTS)]
    others = crc32(name.encode())  # feeds at the same time speak of other patients
    booked: list[tuple[bytes, Template, datetime]] = []
    first = sent_at.replace(hour=8, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=2)
    for n in range(messages):
        control_id, kind = f"{name}{n:0{12 - len(name)}d}".encode(), KINDS[n % len(KINDS)]
        if kind == "new":
            start = first + timedelta(days=n % 30, minutes=20 * (n % 24))
            booked.append((control_id, patients[(others + len(booked)) % PATIENTS], start))
            place = len(booked) - 1
        else:
            place = len(booked) - 1 - n * 7 % min(len(booked), REACH)
        appointment, template, start = booked[place]
        if kind == "move":
            start += timedelta(days=1)
            booked[place] = (appointment, template, start)
        at = (sent_at + timedelta(seconds=n // 1000)).strftime("%Y%m%d%H%M%S%z").encode()
        yield control_id, template.message(control_id, appointment, start, at, b"S12" if kind == "new" else b"S13")

"""Frames and entries that once stopped more than themselves."""

from __future__ import annotations

from contextlib import suppress

import pytest

from integrator.doings import Doings
from integrator.errors import Rejected
from tests.houses import OTHER, Sender, house, listening, siu

ODD = ["00010101000000", "00010101", "00010101000000+1400", "99991231235959-1200", "nonsense"]


@pytest.mark.parametrize("sent", ODD)
def test_a_time_that_nobody_can_mean_is_the_time_of_receipt_and_stops_nothing(tmp_path, sent):
    with house(tmp_path) as here, listening(here) as port, Sender(port) as aria:
        assert b"MSA|AA" in aria.send(siu(sent=sent))
        assert b"MSA|AA" in aria.send(siu("S13", "M2", "20260310091000"))
        assert here.message(1).source_time_note == "not a time"
        here.read_all()
        assert "received" not in here.states()


@pytest.mark.parametrize("start", ["00010101000000", "99991231235959", "99991231235959-1200"])
def test_an_appointment_in_such_a_year_is_held_with_its_place(tmp_path, start):
    with house(tmp_path) as here:
        here.receive(siu(start=start, end=None))
        here.read_all()
        assert here.states() == {"held": 1}
        assert "fault" not in here.message(1).reason




def test_a_fault_in_one_frame_ends_its_connection_and_no_other(tmp_path):
    with house(tmp_path) as here, listening(here) as port:
        here.line.sources = {name: source for name, source in here.line.sources.items() if name != "aria"}
        with Sender(port) as aria:
            aria.raw(b"\x0b" + siu() + b"\x1c\r")
            with suppress(ConnectionResetError):  # the other way in which a connection ends without an answer
                assert aria.answer() == b""
        here.line.sources["aria"] = here.line.settings.source_named("aria")
        with Sender(port) as aria:
            assert b"MSA|AA" in aria.send(siu())


@pytest.mark.parametrize(
    ("subject", "number", "second"),
    [
        ("DISPO-1", "a^b|c", "1960-01-01"),
        ("DISPO-1", "~", "1960-01-01"),
        ("DISPO-1", "12\n34", "1960-01-01"),
        ("DISPO-1", "9" * 400, "1960-01-01"),
        ("DISPO-1", OTHER, ""),
        ("<b>x</b>", OTHER, "1960-01-01"),
        (OTHER, OTHER, "1960-01-01"),
        ("HTEST-0001", OTHER, "1960-01-01"),
    ],
)
def test_a_participant_that_cannot_be_meant_is_refused(tmp_path, subject, number, second):
    with house(tmp_path) as here:
        with pytest.raises(Rejected):
            Doings(here.line, lambda: None).participant_add(subject, number, second, "2026-03-01")
        assert len(Doings(here.line, lambda: None).participant_list()) == 1

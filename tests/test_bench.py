"""The bench itself: its message, its load generator against a listener of its own, and how figures are judged."""

from __future__ import annotations

import json

import pytest

from bench.codec import NAMESPACE, SITE, ZONE
from bench.figures import Figure, table
from bench.messages import SIZE, Template, siu
from bench.processes import listener, load
from bench.twin import appointment
from integrator.formats.hl7v2 import parse
from integrator.mapping import Context, load_faces


def test_the_message_is_1500_bytes_and_wholly_understood():
    message = parse(siu())
    (face,) = load_faces().reading("hl7v2", message, "sandbox")
    reading = face.read(message, Context(zone="Europe/Berlin"))
    assert len(siu()) == SIZE == 1500
    assert (reading.missed, reading.open_codes, reading.unmapped) == (False, [], [])
    assert reading.said["status"] == "booked"


def test_two_messages_differ_in_control_id_and_appointment_only():
    first, second = (parse(Template().message(name)) for name in (b"A00000000001", b"A00000000002"))
    assert [message.get("MSH-10") for message in (first, second)] == ["A00000000001", "A00000000002"]
    assert [message.get("SCH-2") for message in (first, second)] == ["A00000000001", "A00000000002"]
    differing = [a.name for a, b in zip(first.segments, second.segments, strict=True) if a.line != b.line]
    assert differing == ["MSH", "SCH"]


@pytest.mark.parametrize(("connections", "depth"), [(1, 1), (1, 20), (4, 3)])
def test_the_generator_sends_all_and_checks_every_answer(connections, depth):
    with listener("bench.trivial") as port:
        told = load(port, connections, depth, 200)
    assert (told["messages"], told["wrong"]) == (200, 0)
    assert 0 < told["p50_ms"] <= told["p99_ms"] <= told["max_ms"]


def test_an_answer_that_is_not_AA_fails_the_run(monkeypatch):
    monkeypatch.setenv("BENCH_TRIVIAL_CODE", "AE")
    with listener("bench.trivial") as port, pytest.raises(SystemExit, match="200 answers were not AA"):
        load(port, 1, 1, 200)


def test_figures_are_met_missed_or_without_a_target():
    fast, slow, free = (
        Figure("fast", 2100.0, "msg/s", least=2000.0),
        Figure("slow", 31.0, "ms", most=30.0, more={"rates": [1.0, 2.0]}),
        Figure("free", 5.0, "us"),
    )
    assert [one.met for one in (fast, slow, free)] == [True, False, None]
    assert json.loads(slow.line()) == {
        "name": "slow",
        "value": 31.0,
        "unit": "ms",
        "target": 30.0,
        "met": False,
        "rates": [1.0, 2.0],
    }
    assert "MISSED" in table([slow])
    assert "MISSED" not in table([fast, free])


def test_the_mapping_written_by_hand_makes_what_the_faces_make():
    assert_by_hand_is_the_same(siu())


def test_the_mapping_written_by_hand_makes_what_the_faces_make_of_the_samples(shared_data):
    files = [
        *sorted((shared_data / "hl7v2/samples").glob("SIU-*.hl7")),
        shared_data / "hl7v2/edge/siu-s12-schedule.hl7",
    ]
    assert len(files) == 8
    for file in files:
        assert_by_hand_is_the_same(file.read_bytes())


def assert_by_hand_is_the_same(data):
    message, context = parse(data, "utf-8"), Context(zone=ZONE, default_unit="min", namespace=NAMESPACE)
    (face,) = load_faces().reading("hl7v2", message, SITE)
    resource = load_faces().writing("Appointment", "fhir-r4").write(face.read(message, context).said, context)
    assert appointment(message, ZONE, NAMESPACE) == resource

"""Fractions that a person attests by program, and what follows from that for the appointment."""

from __future__ import annotations

from tests.houses import siu
from tests.web.api.conftest import SUBJECT, Program, texts

GIVEN = {"subject": SUBJECT, "status": "completed", "day": "2026-03-09"}


def slot(program: Program) -> dict[str, object]:
    """An appointment of yesterday, as the API shows it."""
    program.house.receive(siu(start="20260309094000", end="20260309100000"))
    program.house.read_all()
    (one,) = program.get(f"appointments?subject={SUBJECT}")["items"]
    assert one["record"]["evidence"] != "attested"
    return dict(one)


def test_a_person_attests_a_fraction(program: Program):
    there = slot(program)
    made = program.post("treatments", GIVEN)
    assert program.post("treatments", GIVEN, 200)["key"] == made["key"]
    assert program.get(str(there["href"]))["record"]["evidence"] == "attested"
    taken_back = program.patch(made["href"], {"status": "entered-in-error"}, if_match=f'"{made["version"]}"')
    assert taken_back["record"]["status"] == "entered-in-error"
    assert program.get(str(there["href"]))["record"]["evidence"] != "attested"


def test_the_fraction_that_follows_is_entered_by_nobody(program: Program):
    slot(program)
    made = program.post("treatments", GIVEN)
    (fraction,) = [one for one in program.get("treatments")["items"] if one["key"] != made["key"]]
    refused = program.patch(fraction["href"], {"status": "not-done", "reason": "x"}, 409, if_match="*")
    assert refused["detail"].startswith("this follows from what others say")
    assert program.count("treatments") == 2


def test_a_fraction_is_attested_of_an_appointment_that_is_there(program: Program):
    there = slot(program)
    word = {"subject": SUBJECT, "status": "completed"}
    refused = program.post("treatments", word | {"appointment": "F-1"}, 422)  # its number is not its key
    assert texts(refused)["appointment"].startswith(f"{SUBJECT} has no appointment 'F-1'; write its key")
    assert program.count("treatments") == 0
    program.post("treatments", word | {"appointment": there["key"]})
    assert program.get(str(there["href"]))["record"]["evidence"] == "attested"


def test_a_fraction_that_was_not_given_says_why(program: Program):
    refused = program.post("treatments", GIVEN | {"status": "not-done"}, 422)
    assert texts(refused)["reason"] == "say why it was not given"
    assert texts(program.post("treatments", {"subject": SUBJECT, "status": "completed"}, 422))["fraction"]

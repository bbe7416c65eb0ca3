"""integrator explain --message N: why a message is held, where, and what a person can do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrator.commands.explaining import message_lines
from integrator.doings import Doings
from integrator.errors import Rejected
from integrator.why.held import TO_DO
from tests.houses import OTHER, TestHouse, house, siu


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[TestHouse]:
    with house(tmp_path) as given:
        yield given


def why(given: TestHouse, body: bytes) -> dict[str, Any]:
    """A message is received and read, and its answer asked for."""
    given.receive(body)
    given.read_all()
    number = given.message(sum(given.states().values())).id
    commands = Doings(given.line, wake=lambda: None).commands()
    return commands["explain message"](message=number)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("sent", "place", "text", "words"),
    [
        (siu(start="20260230100000"), "TQ1-7", "20260230100000", "the sender must correct this value"),
        (siu(start="20260312100000", end="20260312094000"), "TQ1-8, TQ1-7", None, "the sender must correct the times"),
        (siu(status="Vielleicht"), "SCH-25", "Vielleicht", "add a row to mappings/sites/<site>/codes"),
        (siu(filler=""), "SCH-2", None, "it has no number"),
        (siu(start="20260329023000"), "TQ1-7", "20260329023000", "must send it again"),
    ],
)
def test_a_held_message_says_where_and_what_to_do(opened: TestHouse, sent: bytes, place: str, text: str, words: str):
    found = why(opened, sent)
    assert (found["state"], found["place"]) == ("held", place)
    assert text is None or found["text"] == text
    assert words in found["to_do"]
    shown = "\n".join(message_lines(found))
    assert f"at {place}" in shown
    assert f"what to do: {found['to_do']}" in shown


def test_the_bytes_of_the_place_are_named(opened: TestHouse):
    body = siu(start="20260230100000")
    start, end = why(opened, body)["span"]
    assert body[start:end] == b"20260230100000"


def test_what_would_be_read_today_is_said(tmp_path: Path):
    with house(tmp_path, zone="") as given:
        found = why(given, siu())
        assert (found["state"], found["today"]["changed"]) == ("held", False)
        assert "set `zone` of the source" in found["to_do"]
    with house(tmp_path) as given:
        commands = Doings(given.line, wake=lambda: None).commands()
        found = commands["explain message"](message=found["receipt"])
        assert found["today"] == {"release": found["today"]["release"], "held": None, "changed": True}
        assert "today it would be read; replay it" in "\n".join(message_lines(found))


def test_a_merged_message_names_its_records_and_nobody_s_leaves(opened: TestHouse):
    found = why(opened, siu())
    assert found["records"] == [{"kind": "Appointment", "key": "aria|ARIA|F-1", "outcome": "merged"}]
    assert (found["to_do"], found["today"]) == (None, None)


def test_an_unwanted_message_shows_nothing_of_its_patient(opened: TestHouse):
    found = why(opened, siu(number=OTHER, start="20260230100000"))
    assert found["state"] == "unwanted"
    assert (found["place"], found["text"], found["unmapped"]) == (None, None, [])
    assert OTHER not in json.dumps(found)
    assert "it is not the trial's" in "\n".join(message_lines(found))


def test_there_is_no_such_message(opened: TestHouse):
    with pytest.raises(Rejected, match="there is no message 99"):
        Doings(opened.line, wake=lambda: None).commands()["explain message"](message=99)


def test_every_reason_of_an_hl7_conversion_has_an_answer_of_its_own():
    folder = Path(__file__).parents[2] / "integrator" / "mapping"
    texts = "".join((folder / f"casts_{name}.py").read_text() for name in ("hl7", "time", "given"))
    reasons = set(re.findall(r'Wrong\(\s*f?"([^"]+)"', texts))
    assert len(reasons) >= 12
    assert {one for one in reasons if not any(re.search(pattern, one) for pattern, _ in TO_DO)} <= FHIR_ONLY


FHIR_ONLY = {"an instant that is not a text"}

"""docs/explain.schema.json is what `integrator explain --json` prints, of everything that can be asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from integrator.cli import integrator as command_line
from integrator.config import Target
from integrator.doings import Doings
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from tests.commands.test_explain_target import PATIENT, place
from tests.houses import SetClock, TestHouse, house, siu
from tests.test_given import charge, dft

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "explain.schema.json").read_text())
CASES = Path(__file__).parents[1] / "cases" / "faces"
Ask = Callable[..., Any]


def valid(found: Any, kind: str) -> None:
    """Holds an answer against the schema, and against the part of it that it should be."""
    text = json.loads(json.dumps(found))
    jsonschema_rs.validator_for(SCHEMA).validate(text)
    part = {"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]}
    for one in text if isinstance(text, list) else [text]:
        jsonschema_rs.validator_for(part).validate(one)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[TestHouse]:
    """A house with an appointment that its EHR holds, a charge, an entry and a held message."""
    with SandboxEhr(tmp_path / "ehr.db") as ehr:
        ehr.hold(PATIENT)
        target = Target("ehr", "ehr", ehr.base, records=("Appointment",), patient_system=NUMBER_SYSTEM)
        with house(tmp_path, (target,), clock=SetClock(datetime(2026, 3, 13, 8, 0, tzinfo=UTC))) as given:
            given.receive(siu(), dft(charge()), siu(control_id="M3", start="20260230100000"))
            given.read_all()
            given.deliver_all()
            yield given


def ask(given: TestHouse, command: str, **args: Any) -> Any:
    return Doings(given.line, wake=lambda: None).commands()[command](**args)


@pytest.mark.parametrize("leaf", ["", "time", "time.start", "evidence"])
def test_a_record(opened: TestHouse, leaf: str):
    valid(ask(opened, "explain record", record="F-1", leaf=leaf), "record")


@pytest.mark.parametrize("record", ["T-1", "Treatment fraction:aria/ARIA/F-1", "DISPO-HTEST-001"])
def test_records_of_other_kinds(opened: TestHouse, record: str):
    valid(ask(opened, "explain record", record=record), "record")


@pytest.mark.parametrize("leaf", ["", "start"])
def test_a_resource_of_a_target(opened: TestHouse, leaf: str):
    valid(ask(opened, "explain target", target="ehr", resource=place(opened), leaf=leaf), "target")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_message(opened: TestHouse, number: int):
    valid(ask(opened, "explain message", message=opened.message(number).id), "stored")


def test_a_file():
    args = ("explain", str(CASES / "fraction-booked.hl7"), "--path", "Appointment", "--zone", "Europe/Berlin", "--json")
    done = CliRunner().invoke(command_line, args)
    assert done.exit_code == 0, done.output
    valid(json.loads(done.output), "file")


def test_another_word_breaks_the_schema(opened: TestHouse):
    found = ask(opened, "explain record", record="F-1")
    with pytest.raises(jsonschema_rs.ValidationError):
        valid(found | {"more": 1}, "record")
    with pytest.raises(jsonschema_rs.ValidationError):
        valid({name: value for name, value in found.items() if name != "version"}, "record")

"""integrator explain --target NAME RESOURCE: each leaf of what a target holds, and the record behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrator.commands.explaining import target_lines
from integrator.config import Target
from integrator.doings import Doings
from integrator.errors import Rejected
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from integrator.store import target_ids
from tests.houses import NUMBER, SetClock, TestHouse, house, siu

PATIENT = {
    "resourceType": "Patient",
    "id": "htest-1",
    "identifier": [{"system": NUMBER_SYSTEM, "value": NUMBER}],
    "birthDate": "1957-03-12",
}


@pytest.fixture
def delivered(tmp_path: Path) -> Iterator[TestHouse]:
    """A house whose EHR holds one appointment."""
    with SandboxEhr(tmp_path / "ehr.db") as ehr:
        ehr.hold(PATIENT)
        target = Target("ehr", "ehr", ehr.base, records=("Appointment",), patient_system=NUMBER_SYSTEM)
        with house(tmp_path, (target,), clock=SetClock(datetime(2026, 3, 10, 8, 15, tzinfo=UTC))) as given:
            given.receive(siu())
            given.read_all()
            given.deliver_all()
            yield given


def place(given: TestHouse) -> str:
    """Where the EHR holds it."""
    with given.line.store.read() as tx:
        (known,) = target_ids.all_known(tx, "ehr")
    return f"{known.resource_type}/{known.resource_id}"


def why(given: TestHouse, resource: str, leaf: str = "", target: str = "ehr") -> dict[str, Any]:
    commands = Doings(given.line, wake=lambda: None).commands()
    return commands["explain target"](target=target, resource=resource, leaf=leaf)  # type: ignore[no-any-return]


def test_every_leaf_that_the_target_holds_has_a_kind(delivered: TestHouse):
    found = why(delivered, place(delivered))
    kinds = {leaf["leaf"]: leaf["kind"] for leaf in found["leaves"]}
    assert kinds["Appointment.start"] == kinds["Appointment.status"] == "source"
    assert kinds["Appointment.participant[0].status"] == "constant"
    assert kinds["Appointment.participant[0].actor.reference"] == "link"
    assert kinds["Appointment.identifier[0].type.coding[0].code"] == "selector"
    own = {leaf for leaf, kind in kinds.items() if not kind}
    assert own == {"Appointment.id", "Appointment.meta.versionId", "Appointment.meta.lastUpdated"}
    assert all(leaf["held"] == leaf["value"] for leaf in found["leaves"] if leaf["kind"])
    assert (found["state"], found["same"], found["waits"]) == ("delivered", True, None)


def test_a_leaf_leads_to_the_claim_and_the_bytes(delivered: TestHouse):
    found = why(delivered, place(delivered), "Appointment.start")
    (leaf,) = found["leaves"]
    assert (leaf["record"], leaf["value"]) == ("time.start", "2026-03-12T09:40:00+01:00")
    assert leaf["written"]["where"].startswith("mappings/fhir-r4/appointment.toml:")
    (field,) = found["record"]["fields"]
    claim = field["claims"][0]
    assert (claim["outcome"], claim["message"]["control_id"]) == ("won", "M1")
    assert claim["now"]["leaves"][0]["places"][0]["text"] == "20260312094000"
    assert "TQ1-7 (Start date/time): 20260312094000" in "\n".join(target_lines(found))


def test_without_a_path_no_bytes_are_shown(delivered: TestHouse):
    shown = "\n".join(target_lines(why(delivered, place(delivered))))
    assert "20260312094000" not in shown
    assert "the target's own" in shown


def test_what_was_moved_since_is_said_to_differ(delivered: TestHouse):
    moved = siu("S13", control_id="M2", sent="20260310120000", start="20260312110000", end="20260312112000")
    delivered.receive(moved)
    delivered.read_all()
    found = why(delivered, place(delivered), "start")
    (leaf,) = found["leaves"]
    assert (leaf["value"], leaf["held"]) == ("2026-03-12T11:00:00+01:00", "2026-03-12T09:40:00+01:00")
    assert (found["state"], found["same"]) == ("owed", False)
    assert "the target holds 2026-03-12T09:40:00+01:00" in "\n".join(target_lines(found))


def test_no_target_is_asked(delivered: TestHouse):
    resource = place(delivered)
    delivered.line.targets["ehr"].session.base = "http://127.0.0.1:9/fhir"
    delivered.line.patients.clear()
    assert why(delivered, resource, "start")["leaves"][0]["value"] == "2026-03-12T09:40:00+01:00"


@pytest.mark.parametrize(
    ("target", "resource", "words"),
    [
        ("ehr", "Appointment/none", "holds nothing of ours as 'Appointment/none'"),
        ("ehr", "123", "write it as Appointment/123"),
        ("kis", "Appointment/1", "there is no target kis; there are ehr"),
    ],
)
def test_what_is_not_there_is_said(delivered: TestHouse, target: str, resource: str, words: str):
    with pytest.raises(Rejected) as told:
        why(delivered, resource, target=target)
    assert words in str(told.value)

"""A target of FHIR R5: the study and its participants arrive there, valid R5; another version is told apart."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from integrator.cli import integrator
from integrator.config import Target
from integrator.formats.fhir.second_judge import second_problems
from integrator.formats.fhir.validate import problems
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from integrator.sandbox.registry.process import SandboxRegistry
from integrator.sandbox.registry.record import NCT
from integrator.store import owed
from integrator.trial import Trial
from tests.houses import NUMBER
from tests.registry.registry_house import RegistryHouse, registry_house

SUBJECT = "DISPO-HTEST-001"
PATIENT = {
    "resourceType": "Patient",
    "id": "htest-1",
    "identifier": [{"system": NUMBER_SYSTEM, "value": NUMBER}],
    "birthDate": "1957-03-12",
}


def target(office: SandboxEhr) -> Target:
    return Target(
        name="office",
        system="office",
        base=office.base,
        form="fhir-r5",
        records=("Study", "Participant"),
        patient_system=NUMBER_SYSTEM,
    )


def states(house: RegistryHouse) -> dict[str, int]:
    with house.line.store.read() as tx:
        found = {state: len(owed.in_state(tx, state)) for state in ("owed", "waiting", "delivered", "refused")}
    return {state: n for state, n in found.items() if n}


def test_the_study_and_its_participant_reach_an_r5_target(tmp_path: Path, registry: SandboxRegistry):
    with (
        SandboxEhr(tmp_path / "office.db", "r5-like") as office,
        registry_house(tmp_path, registry, (target(office),)) as house,
    ):
        office.hold(PATIENT)
        house.look()
        house.deliver_all()
        house.clock.on(minutes=10)
        house.deliver_all()
        assert states(house) == {"delivered": 2}
        (study,), (participant,) = office.holds("ResearchStudy"), office.holds("ResearchSubject")
        for resource in (study, participant):
            assert problems(resource, "r5") == []
            assert second_problems(resource, "r5") == []
            assert problems(resource, "r4") != [], "it is no R4"
        assert participant["study"] == {"reference": f"ResearchStudy/{study['id']}"}
        assert participant["subject"] == {"reference": "Patient/htest-1"}
        state = participant["progress"][0]["subjectState"]["coding"][0]["code"]
        assert state == "pending-on-study"


def test_a_change_is_written_onto_what_the_r5_target_holds(tmp_path: Path, registry: SandboxRegistry):
    with (
        SandboxEhr(tmp_path / "office.db", "r5-like") as office,
        registry_house(tmp_path, registry, (target(office),)) as house,
    ):
        office.hold(PATIENT)
        house.look()
        house.deliver_all()
        house.clock.on(minutes=10)
        house.deliver_all()
        (before,) = office.holds("ResearchSubject")
        Trial(house.line, lambda: None).status(SUBJECT, "on-study", "2026-03-09", arm="A")
        registry.change(NCT, {"statusModule.overallStatus": "TERMINATED"})
        house.look()
        house.deliver_all()
        (after,), (study,) = office.holds("ResearchSubject"), office.holds("ResearchStudy")
        assert after["id"] == before["id"]
        assert after["progress"][0]["subjectState"]["coding"][0]["code"] == "on-study"
        assert after["status"] == "active", "the publication is still active"
        assert "TERMINATED" in str(study["progressStatus"])
        assert problems(after, "r5") == problems(study, "r5") == []


def test_what_an_r5_target_changed_is_drift_and_is_written_again(tmp_path: Path, registry: SandboxRegistry):
    with (
        SandboxEhr(tmp_path / "office.db", "r5-like") as office,
        registry_house(tmp_path, registry, (target(office),)) as house,
    ):
        office.hold(PATIENT)
        house.look()
        house.deliver_all()
        house.clock.on(minutes=10)
        house.deliver_all()
        assert [drift.what for drift in house.line.reconcile("office")] == ["agrees", "agrees"]
        (study,) = office.holds("ResearchStudy")
        office.hold({name: value for name, value in study.items() if name != "comparisonGroup"} | {"title": "Another"})
        changed = [drift for drift in house.line.reconcile("office") if drift.what == "changed"]
        assert {(drift.field, drift.theirs) for drift in changed} == {("title", "Another"), ("arms", ())}
        house.deliver_all()
        (after,) = office.holds("ResearchStudy")
        assert {name: value for name, value in after.items() if name != "meta"} == {
            name: value for name, value in study.items() if name != "meta"
        }


def test_a_target_of_another_version_is_waited_for_and_named(tmp_path: Path, registry: SandboxRegistry):
    with (
        SandboxEhr(tmp_path / "ehr.db") as ehr,
        registry_house(tmp_path, registry, (target(ehr),)) as house,
    ):
        house.look()
        house.deliver_all()
        assert ehr.holds("ResearchStudy") == []
        with house.line.store.read() as tx:
            reasons = {row.reason for row in owed.in_state(tx, "waiting")}
        assert "a target that speaks FHIR R5 (this one says 4.0.1)" in reasons


CONFIG = """
[study]
nct = "NCT01409720"
title = "DISPO"
[integrator]
processing_id = "T"
folder = "."
[[target]]
name = "office"
system = "office"
base = "{base}"
form = "fhir-r5"
records = {records}
"""


def test_check_says_when_form_and_server_do_not_fit(tmp_path: Path):
    file = tmp_path / "config.toml"
    runner = CliRunner()
    with SandboxEhr(tmp_path / "ehr.db") as ehr, SandboxEhr(tmp_path / "office.db", "r5-like") as office:
        runner.invoke(integrator, ["init", "--config", str(file)])
        file.write_text(CONFIG.format(base=ehr.base, records='["Study"]'))
        wrong = runner.invoke(integrator, ["check", "--config", str(file)])
        assert wrong.exit_code == 1
        assert "speaks FHIR 4.0.1; form = 'fhir-r5' needs R5" in wrong.output.replace("\n", " ")
        file.write_text(CONFIG.format(base=office.base, records='["Study"]'))
        right = runner.invoke(integrator, ["check", "--config", str(file)])
        assert "speaks FHIR 5.0.0" in right.output
        assert "needs R5" not in right.output


def test_a_record_that_has_no_r5_face_is_refused_by_check(tmp_path: Path):
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(base="http://127.0.0.1:9/fhir", records='["Appointment"]'))
    found = CliRunner().invoke(integrator, ["check", "--offline", "--config", str(file)])
    assert found.exit_code == 1
    assert "Appointment" in found.output

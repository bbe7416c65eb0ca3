"""Participants, exercise sessions and scores on their way through the line to the EHR, and what they wait for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrator.config import Target
from integrator.entering import NotValid
from integrator.errors import Rejected
from integrator.formats.fhir.validate import problems
from integrator.receiving import Document
from integrator.registry_reading import FORMAT
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from integrator.sandbox.registry.record import dispo
from integrator.store import journal, messages, owed, people, questions, records
from integrator.trial import Trial
from tests.houses import NUMBER, SetClock, TestHouse, house

pytestmark = pytest.mark.usefixtures("each_store")

NCT = "NCT01409720"
SUBJECT = "DISPO-HTEST-001"
PATIENT = {
    "resourceType": "Patient",
    "id": "htest-1",
    "identifier": [{"system": NUMBER_SYSTEM, "value": NUMBER}],
    "birthDate": "1957-03-12",
}
STUDY = {
    "resourceType": "ResearchStudy",
    "id": "dispo",
    "status": "active",
    "identifier": [{"system": "https://clinicaltrials.gov/nctid", "value": NCT}],
}
SESSION = {
    "program": "isometric-training",
    "setting": "supervised",
    "status": "completed",
    "start": "2026-03-09 10:00",
    "end": "2026-03-09 10:30",
    "pain_before": 4,
    "pain_after": 3,
    "exertion": 5,
}
TRIAL_RECORDS = ("Participant", "ExerciseSession", "Observation")


@pytest.fixture
def ehr(tmp_path: Path) -> Iterator[SandboxEhr]:
    with SandboxEhr(tmp_path / "ehr.db") as running:
        running.hold(PATIENT, STUDY)
        yield running


def target(ehr: SandboxEhr, *kinds: str, **more: Any) -> Target:
    facts = {"name": "ehr", "system": "ehr", "patient_system": NUMBER_SYSTEM, "timeout": 5.0} | more
    return Target(base=ehr.base, records=kinds or TRIAL_RECORDS, **facts)


def trial(here: TestHouse) -> Trial:
    return Trial(here.line, lambda: None)


def waiting(here: TestHouse) -> dict[str, str]:
    """What waits, by the key of the record."""
    with here.line.store.read() as tx:
        rows = owed.in_state(tx, "waiting")
        return {records.by_id(tx, row.record_id).key: row.reason or "" for row in rows}  # type: ignore[union-attr]


def in_state(here: TestHouse, state: str) -> int:
    with here.line.store.read() as tx:
        return len(owed.in_state(tx, state))


# the whole way


def test_a_session_and_its_scores_reach_the_ehr(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        done = trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        assert (done["state"], done["key"], done["version"]) == ("merged", f"{SUBJECT}/S-01", 1)
        here.deliver_all()
        assert in_state(here, "owed") == in_state(here, "waiting") == 0

        (subject,) = ehr.holds("ResearchSubject")
        assert subject["individual"] == {"reference": "Patient/htest-1"}
        assert subject["study"] == {"reference": "ResearchStudy/dispo"}
        assert subject["status"] == "pending-on-study"
        (procedure,) = ehr.holds("Procedure")
        assert procedure["subject"] == {"reference": "Patient/htest-1"}
        assert procedure["performedPeriod"] == {
            "start": "2026-03-09T10:00:00+01:00",
            "end": "2026-03-09T10:30:00+01:00",
        }
        scores = {
            one["identifier"][0]["value"].removeprefix(f"{SUBJECT}/S-01/"): one for one in ehr.holds("Observation")
        }
        assert {name: one["valueQuantity"]["value"] for name, one in scores.items()} == {
            "pain-vas/before": 4,
            "pain-vas/after": 3,
            "borg-cr10": 5,
            "exercise-minutes": 30,
        }
        for one in (subject, procedure, *scores.values()):
            assert problems(one) == []
        assert {one["partOf"][0]["reference"] for one in scores.values()} == {f"Procedure/{procedure['id']}"}
        assert all(drift.what == "agrees" for drift in here.line.reconcile("ehr"))


def test_a_corrected_score_is_corrected_at_the_ehr_under_the_same_id(tmp_path: Path, ehr: SandboxEhr):
    entry = {"instrument": "pain-vas", "value": 3, "time": "2026-03-09", "timepoint": "t0"}
    with house(tmp_path, (target(ehr),)) as here:
        trial(here).enter("Observation", SUBJECT, entry)
        here.deliver_all()
        (first,) = ehr.holds("Observation")
        done = trial(here).enter("Observation", SUBJECT, {**entry, "value": 4}, why="typed wrongly")
        assert done["key"] == f"{SUBJECT}/pain-vas/t0"
        here.deliver_all()
        (now,) = ehr.holds("Observation")
        assert (now["id"], now["status"], now["valueQuantity"]["value"]) == (first["id"], "corrected", 4)
        assert first["status"] == "final"


def test_the_same_entry_again_is_no_new_version_and_no_write(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        first = trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        here.deliver_all()
        before = ehr.last()
        again = trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        here.deliver_all()
        assert (again["state"], again["version"]) == ("unchanged", first["version"])
        assert not [row for row in ehr.log(before) if row["wrote"]]


def test_a_session_that_did_not_take_place_takes_its_scores_back(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        here.deliver_all()
        trial(here).enter("ExerciseSession", SUBJECT, {"status": "entered-in-error"}, key="S-01", why="other patient")
        here.deliver_all()
        assert {one["status"] for one in ehr.holds("Observation")} == {"entered-in-error"}
        assert [one["status"] for one in ehr.holds("Procedure")] == ["entered-in-error"]


# references


def test_the_subject_waits_for_the_target_s_study_and_is_woken_by_it(tmp_path: Path, ehr: SandboxEhr):
    ehr.drop("ResearchStudy", "dispo")
    with house(tmp_path, (target(ehr, "Study", *TRIAL_RECORDS),)) as here:
        here.deliver_all()
        assert waiting(here) == {SUBJECT: f"the target's id of ResearchStudy {NCT}"}
        here.line.take([Document("trial", orjson.dumps(dispo()), FORMAT, "study record", "one")])
        here.read_all()
        here.deliver_all()
        assert waiting(here) == {}
        (study,), (subject,) = ehr.holds("ResearchStudy"), ehr.holds("ResearchSubject")
        assert subject["study"] == {"reference": f"ResearchStudy/{study['id']}"}


def test_a_study_that_the_target_has_of_its_own_is_found_by_its_number(tmp_path: Path, ehr: SandboxEhr):
    ehr.drop("ResearchStudy", "dispo")
    with house(tmp_path, (target(ehr),)) as here:
        here.deliver_all()
        assert waiting(here) == {SUBJECT: f"the target's id of ResearchStudy {NCT}"}
        ehr.hold(STUDY)
        here.clock.on(hours=2)  # looked for again by itself
        here.deliver_all()
        assert waiting(here) == {}


def test_scores_wait_for_their_session(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        here.deliver_all()
        ehr.fail(path="Procedure", method="POST", status=503, times=2)
        trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        here.deliver_all()
        assert set(waiting(here).values()) == {f"the target's id of Procedure {SUBJECT}/S-01"}
        assert ehr.holds("Observation") == []
        ehr.control(clear=True)
        here.clock.on(minutes=10)
        here.deliver_all()
        assert len(ehr.holds("Observation")) == 4


def test_scores_of_a_session_that_is_not_given_refer_to_it_by_identifier(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr, "Observation"),)) as here:
        trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        here.deliver_all()
        (one,) = {orjson.dumps(score["partOf"]) for score in ehr.holds("Observation")}
        identifier = {"system": "https://integrator.example/fhir/key/ExerciseSession", "value": f"{SUBJECT}/S-01"}
        assert orjson.loads(one) == [{"type": "Procedure", "identifier": identifier}]


def test_what_is_about_a_patient_waits_for_the_target_s_patient(tmp_path: Path, ehr: SandboxEhr):
    ehr.drop("Patient", "htest-1")
    with house(tmp_path, (target(ehr),)) as here:
        here.deliver_all()
        assert waiting(here) == {SUBJECT: "the target's id of Patient, found by number in its patient_system"}
        ehr.hold(PATIENT)
        here.clock.on(hours=2)
        here.deliver_all()
        assert len(ehr.holds("ResearchSubject")) == 1


def test_another_second_identifier_is_another_person(tmp_path: Path, ehr: SandboxEhr):
    ehr.hold({**PATIENT, "birthDate": "1961-01-01"})
    with house(tmp_path, (target(ehr),)) as here:
        here.deliver_all()
        assert waiting(here) == {
            SUBJECT: "a person: the target's patient with this number has another second identifier"
        }


def test_an_ehr_that_only_reads_says_so_of_every_kind(tmp_path: Path):
    with SandboxEhr(tmp_path / "ehr.db", settings="epic-like") as ehr:
        ehr.hold(PATIENT)
        with house(tmp_path, (target(ehr),)) as here:
            trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
            here.deliver_all()
            assert set(waiting(here).values()) == {
                "the target cannot write ResearchSubject",
                "the target cannot write Procedure",
                "the target cannot write Observation",
            }
            assert not [row for row in ehr.log() if row["wrote"]]


def test_a_research_target_hears_the_subject_code_only(tmp_path: Path, ehr: SandboxEhr):
    pseudonym = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": "urn:htest:subjects", "value": SUBJECT}],
    }
    ehr.hold(pseudonym)
    research = target(ehr, audience="research", patient_system="urn:htest:subjects")
    with house(tmp_path, (research,)) as here:
        trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        here.deliver_all()
        (procedure,) = ehr.holds("Procedure")
        assert procedure["subject"] == {"reference": "Patient/p1"}
        assert NUMBER not in str([row for row in ehr.log() if row["method"] != "GET"])


# participants


def status(here: TestHouse) -> tuple[str | None, str | None]:
    record = trial(here).show(SUBJECT)["record"]
    return record.get("status"), record.get("since")


def test_a_participant_s_life(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        assert status(here) == ("pending-on-study", "2026-03-02")
        trial(here).status(SUBJECT, "on-study-intervention", "2026-03-03", arm="A", randomised="2026-03-03")
        here.deliver_all()
        (subject,) = ehr.holds("ResearchSubject")
        assert (subject["status"], subject["assignedArm"]) == ("on-study-intervention", "A")
        assert subject["period"] == {"start": "2026-03-03"}

        with pytest.raises(NotValid, match="withdrawn is who withdrew before registration"):
            trial(here).status(SUBJECT, "withdrawn", "2026-03-10", reason="moved away")
        with pytest.raises(NotValid, match="reason: say why the participant is off-study"):
            trial(here).status(SUBJECT, "off-study", "2026-03-10")
        trial(here).status(SUBJECT, "off-study", "2026-03-10", reason="moved away")
        here.deliver_all()
        (subject,) = ehr.holds("ResearchSubject")
        assert (subject["status"], subject["period"]["end"]) == ("off-study", "2026-03-10")
        assert any(one.get("valueCodeableConcept") == {"text": "moved away"} for one in subject["extension"])


def test_no_session_before_randomisation_nor_in_the_future(tmp_path: Path):
    with house(tmp_path) as here:
        trial(here).status(SUBJECT, "on-study-intervention", "2026-03-09", arm="A", randomised="2026-03-09")
        with pytest.raises(NotValid, match="2026-03-06 is before the randomisation on 2026-03-09"):
            trial(here).enter(
                "ExerciseSession", SUBJECT, {**SESSION, "start": "2026-03-06 10:00", "end": "2026-03-06 10:30"}, key="S"
            )
        with pytest.raises(NotValid, match="is in the future"):
            trial(here).enter(
                "ExerciseSession", SUBJECT, {**SESSION, "start": "2026-03-10 09:20", "end": "2026-03-10 09:50"}, key="S"
            )
        with here.line.store.read() as tx:
            assert records.count(tx, "ExerciseSession") == 0


def test_withdrawal_from_the_intervention_ends_sessions_only(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        trial(here).status(SUBJECT, "on-study-intervention", "2026-03-03", arm="A", randomised="2026-03-03")
        trial(here).withdraw(SUBJECT, "intervention", "2026-03-08", "no time")
        assert status(here) == ("on-study-observation", "2026-03-08")
        done = trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        assert done["state"] == "unwanted"
        score = {"instrument": "pain-vas", "value": 3, "time": "2026-03-09"}
        assert trial(here).enter("Observation", SUBJECT, score)["state"] == "merged"
        here.deliver_all()
        assert len(ehr.holds("Observation")) == 1
        with pytest.raises(Rejected, match="withdrawn already on 2026-03-08"):
            trial(here).withdraw(SUBJECT, "intervention", "2026-03-09", "again")


def test_withdrawal_of_everything_stops_reading_and_sending(tmp_path: Path, ehr: SandboxEhr):
    with house(tmp_path, (target(ehr),)) as here:
        trial(here).status(SUBJECT, "on-study-intervention", "2026-03-03", arm="A", randomised="2026-03-03")
        trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        trial(here).withdraw(SUBJECT, "everything", "2026-03-10", "withdrew consent")
        assert status(here) == ("off-study", "2026-03-10")
        here.deliver_all()
        assert ehr.holds("Procedure") == []
        assert set(waiting(here).values()) == {"consent: it was withdrawn"}
        (subject,) = ehr.holds("ResearchSubject")
        assert subject["status"] == "off-study"
        score = {"instrument": "pain-vas", "value": 3, "time": "2026-03-10"}
        assert trial(here).enter("Observation", SUBJECT, score)["state"] == "unwanted"
        with here.line.store.read() as tx:
            acts = [one.action for one in journal.about(tx, "Participant", SUBJECT)]
        assert "consent withdrawn" in acts


def test_a_second_consent_is_later_and_of_another_version(tmp_path: Path):
    with house(tmp_path) as here:
        with pytest.raises(NotValid, match="there is a consent of 2026-03-02"):
            trial(here).consent(SUBJECT, "2026-03-01", "2.0")
        trial(here).consent(SUBJECT, "2026-03-09", "2.0")
        assert trial(here).show(SUBJECT)["record"]["consent"] == {"date": "2026-03-09", "version": "2.0"}


def test_nobody_knows_this_participant(tmp_path: Path):
    with house(tmp_path) as here:
        with pytest.raises(Rejected, match="there is no participant DISPO-HTEST-999"):
            trial(here).enter("Observation", "DISPO-HTEST-999", {"instrument": "ecog"})
        with pytest.raises(Rejected, match="an entry is of Participant, ExerciseSession, Observation"):
            trial(here).enter("Machine", SUBJECT, {})


# the line itself


def test_an_entry_that_is_not_valid_is_held_with_its_words(tmp_path: Path):
    with house(tmp_path) as here:
        body = {
            "record": "Observation",
            "subject": SUBJECT,
            "key": "x",
            "said": {"instrument": "pain-vas", "value": 11},
        }
        (number,) = here.line.take([Document("trial", orjson.dumps(body), "record", "Observation", "C-1")])
        here.read_all()
        with here.line.store.read() as tx:
            message = messages.get(tx, number)
            assert message is not None
            assert (message.state, message.reason) == ("held", "an entry that is not valid")
            assert questions.in_state(tx) == []


def test_a_status_that_cannot_follow_makes_a_question_where_nobody_could_refuse_it(tmp_path: Path):
    said = {"status": "withdrawn", "since": "2026-03-05", "reason": "moved away"}
    with house(tmp_path) as here:
        trial(here).status(SUBJECT, "on-study-intervention", "2026-03-03", arm="A", randomised="2026-03-03")
        for correction, asked in ((True, 0), (False, 1)):
            body = {"record": "Participant", "subject": SUBJECT, "said": said, "correction": correction}
            here.line.take([Document("trial", orjson.dumps(body), "record", "Participant", f"C-{correction}")])
            here.read_all()
            with here.line.store.read() as tx:
                found = [one.text for one in questions.in_state(tx) if one.cause == "life"]
            assert len(found) == asked
            trial(here).status(SUBJECT, "on-study-intervention", "2026-03-06", correction=True)
        assert found[0].startswith(f"{SUBJECT}: withdrawn is who withdrew before registration")


def test_entries_are_folded_alike_when_all_are_read_again(tmp_path: Path):
    with house(tmp_path) as here:
        trial(here).enter("ExerciseSession", SUBJECT, SESSION, key="S-01")
        trial(here).enter("ExerciseSession", SUBJECT, {"pain_after": 2}, key="S-01")
        with here.line.store.read() as tx:
            ids = [one.id for one in messages.page(tx)]
        assert here.line.read_again(ids)["changed"] == 0
        assert trial(here).show(SUBJECT)["records"] == {"Appointment": 0, "ExerciseSession": 1, "Observation": 4}


def test_texts_of_persons_are_sealed_in_the_store(tmp_path: Path):
    with house(tmp_path, clock=SetClock(datetime(2026, 3, 10, 8, tzinfo=UTC))) as here:
        stopped = {**SESSION, "status": "stopped", "reason": "saw Dr HTEST-Wolf", "note": "fell over HTEST-Bello"}
        trial(here).enter("ExerciseSession", SUBJECT, stopped, key="S-01")
        with here.line.store.read() as tx:
            (row,) = records.page(tx, "ExerciseSession")
        for text in ("HTEST-Wolf", "HTEST-Bello"):
            assert text not in str(row.body)
            assert text not in str(row.claims)
        assert row.status == "stopped"
        assert row.starts == datetime(2026, 3, 9, 9, tzinfo=UTC)


def test_a_withdrawal_and_a_message_at_once_do_not_wait_for_each_other_crosswise(tmp_path: Path):
    """Who merges holds who is in the trial, then takes records; a withdrawal does so too, and waits at once."""
    with house(tmp_path) as here, ThreadPoolExecutor(1) as pool:
        trial(here).status(SUBJECT, "on-study", "2026-03-09", arm="A")
        with here.line.store.write() as tx:
            here.line.store.told(tx, people.CHANGED)
            withdrawal = pool.submit(trial(here).withdraw, SUBJECT, "everything", "2026-03-10")
            time.sleep(0.5)  # it is under way, and waits
            assert not withdrawal.done()
            row = records.get(tx, "Participant", SUBJECT)
            assert row is not None
            assert row.status == "on-study"
        assert withdrawal.result(10)["state"] == "merged"
        with here.line.store.read() as tx:
            after = records.get(tx, "Participant", SUBJECT)
        assert after is not None
        assert after.status == "off-study"

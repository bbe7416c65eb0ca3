"""A registry record from the registry's socket to the record, its differences and the EHR; every version is kept."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrator.errors import Refused, Rejected, RetryLater
from integrator.receiving import Document
from integrator.sandbox.registry.process import SandboxRegistry
from integrator.sandbox.registry.record import NCT, dispo
from integrator.store import leases, messages, questions, records
from tests.registry.registry_house import RegistryHouse, registry_house

# one version, and the next


def test_the_first_look_makes_the_record(house: RegistryHouse):
    assert house.look().outcome == "a new version"
    (version,) = house.versions()
    assert (version.state, version.type, version.control_id[:11]) == ("merged", "study record", NCT)
    study = house.study()
    assert study is not None
    assert (study.status, study.body["registry_status"], study.body["start"]) == (
        "completed",
        "COMPLETED",
        {"text": "2011-09"},
    )
    with house.line.store.read() as tx:
        stored = messages.get(tx, version.id)
    assert stored is not None
    assert stored.source_time == datetime(2014, 3, 18, 23, tzinfo=UTC)  # midnight of 19 March in Heidelberg


def test_a_second_look_finds_nothing_new_and_stores_nothing(house: RegistryHouse):
    house.look()
    assert house.look().outcome == "nothing new"
    house.registry.change(NCT, {})  # a new build, with another day of handing in
    house.registry.put(dispo())
    assert house.look().outcome == "nothing new"
    assert len(house.versions()) == 1


def test_what_only_the_registry_makes_is_no_version(house: RegistryHouse):
    house.look()
    rebuilt = dispo()
    rebuilt["derivedSection"]["miscInfoModule"]["versionHolder"] = "2026-03-10"
    house.registry.put(rebuilt)
    assert house.look().outcome == "nothing new but what the registry makes itself"
    assert len(house.versions()) == 1


def test_a_change_is_a_version_and_shows_exactly_what_changed(house: RegistryHouse):
    house.look()
    house.registry.change(
        NCT, {"statusModule.overallStatus": "TERMINATED", "statusModule.lastUpdateSubmitDate": "2026-03-09"}
    )
    assert house.look().outcome == "a new version"
    found = house.diff()
    assert (found["versions"], found["before"], found["handed_in"]) == (2, "2014-03-19", "2026-03-09")
    assert [(one["field"], one["class"]) for one in found["changes"]] == [
        ("registry_status", "material"),
        ("update", "bookkeeping"),
    ]
    study = house.study()
    assert study is not None
    with house.line.store.read() as tx:
        kept = records.versions(tx, study.number)
    assert [one.changed for one in kept][1:] == [["registry_status", "status", "update"]]


def test_a_record_that_is_again_as_it_was_is_a_version_too(house: RegistryHouse):
    house.look()
    for count in (58, 60):
        house.registry.change(
            NCT, {"designModule.enrollmentInfo.count": count, "statusModule.lastUpdateSubmitDate": "2014-03-19"}
        )
        house.look()
    assert [one.state for one in house.versions()] == ["merged", "merged", "merged"]
    study = house.study()
    assert study is not None
    assert study.body["enrolled"] == 60


def test_a_status_that_is_withheld_leaves_ours_as_it_was(house: RegistryHouse):
    house.look()
    house.registry.change(NCT, {"statusModule.overallStatus": "WITHHELD"})
    house.look()
    study = house.study()
    assert study is not None
    assert (study.status, study.body["registry_status"]) == ("completed", "WITHHELD")


def test_an_unknown_word_holds_the_version_and_the_record_stays(house: RegistryHouse):
    house.look()
    house.registry.change(NCT, {"statusModule.overallStatus": "PAUSED"})
    assert house.look().outcome == "a new version, held: a person must look"
    first, second = house.versions()
    assert (first.state, second.state) == ("merged", "held")
    assert second.reason == "a code that has no row in the code map ctgov-status"
    study = house.study()
    assert study is not None
    assert study.status == "completed"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"protocolSection": {"identif', "bytes that are not JSON, or only a part of it"),
        (b"<html></html>", "bytes that are not JSON, or only a part of it"),
        (
            b'{"protocolSection": {"identificationModule": {"nctId": "NCT02847754"}}}',
            "the record of another study",
        ),
    ],
)
def test_bytes_that_are_no_version_of_this_study_are_held(house: RegistryHouse, data: bytes, reason: str):
    house.line.take([Document("ctgov", data, "ctgov", "study record", "1")])
    house.read_all()
    (version,) = house.versions()
    assert (version.state, version.reason) == ("held", reason)
    assert house.study() is None


# a registry that is away, or says no


def test_a_registry_that_is_busy_is_put_off_and_asked_again(house: RegistryHouse):
    house.registry.fail({"status": 503, "retry_after": 0})
    with pytest.raises(RetryLater):
        house.look()
    with house.line.store.read() as tx:
        assert house.watch.seen(tx).outcome.startswith("503")
    assert house.look().outcome == "a new version"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 429, "retry_after": 0}, "429 to read"),
        ({"html": True}, "no whole study (text/html)"),
        ({"html": True, "status": 404}, "404"),
        ({"cut": 60}, "only a part of it"),
    ],
)
def test_an_answer_that_is_no_record_changes_nothing_and_the_next_look_finds_the_record(
    house: RegistryHouse, fault: dict[str, Any], words: str
):
    house.look()
    house.registry.change(
        NCT, {"statusModule.whyStopped": "no money", "statusModule.lastUpdateSubmitDate": "2026-03-09"}
    )
    house.registry.fail({"pass": True}, fault)
    with pytest.raises((RetryLater, Refused), match=re.escape(words)):
        house.look()
    with house.line.store.read() as tx:
        seen = house.watch.seen(tx)
    assert words in seen.outcome
    assert seen.data, "the data version is that of the last whole answer, so that the next look asks again"
    assert len(house.versions()) == 1
    assert house.look().outcome == "a new version"
    assert len(house.versions()) == 2


def test_a_study_that_is_gone_is_a_question_and_the_record_stays(house: RegistryHouse):
    house.look()
    house.registry.drop(NCT)
    for _ in range(2):
        with pytest.raises(Refused, match="no such study"):
            house.look()
    with house.line.store.read() as tx:
        (question,) = [one for one in questions.in_state(tx) if one.cause == "registry"]
    assert (question.subject, question.count) == (NCT, 2)
    assert question.text.startswith(f"The registry answered for {NCT}: 404")
    assert house.study() is not None


def test_another_studys_record_is_refused_and_not_stored(house: RegistryHouse):
    other = copy.deepcopy(dispo())
    other["protocolSection"]["identificationModule"]["nctId"] = "NCT02847754"
    house.registry.put(other)
    house.registry.fail({"pass": True}, {"other": "NCT02847754"})
    with pytest.raises(Refused, match="the record of another study"):
        house.look()
    assert house.versions() == []


def test_a_number_that_was_merged_into_another_is_followed(tmp_path: Path, registry: SandboxRegistry):
    moved = dispo()
    moved["protocolSection"]["identificationModule"]["nctIdAliases"] = ["NCT00000009"]
    registry.put(moved)
    with registry_house(tmp_path, registry, nct="NCT00000009") as house:
        assert house.look().outcome == f"a new version; NCT00000009 is called {NCT} now"
        with house.line.store.read() as tx:
            row = records.get(tx, "Study", "NCT00000009")
        assert row is not None
        assert row.body["nct"] == NCT


def test_while_another_process_looks_this_one_does_not(house: RegistryHouse):
    now = house.clock.now()
    with house.line.store.write() as tx:
        assert leases.take(tx, "registry ctgov", "somebody", now, now + timedelta(minutes=5))
    assert house.look().outcome == "another process is looking"
    assert house.versions() == []
    house.clock.on(minutes=6)
    assert house.look().outcome == "a new version"


# beside the trial


def test_participants_on_study_are_one_drift_of_the_status(house: RegistryHouse):
    house.look()
    (found,) = house.diff()["drift"]
    assert (found["place"], found["ours"], found["registry"], found["ours_from"]) == (
        "status",
        "active",
        "completed",
        "participants",
    )
    assert found["due"] == "2026-04-01"
    assert found["sentence"] == (
        "Status: the registry says completed, our participants are on study since 2026-03-02."
        " The registry is to be told by 2026-04-01."
    )


def test_the_trials_own_word_wins_in_the_record_and_is_shown_beside_the_registrys(house: RegistryHouse):
    house.look()
    ours = dispo()
    ours["protocolSection"]["statusModule"]["overallStatus"] = "ACTIVE_NOT_RECRUITING"
    ours["protocolSection"]["armsInterventionsModule"]["armGroups"][1]["description"] = "Respiratory therapy"
    house.trial_says(ours, "T-1")
    study = house.study()
    assert study is not None
    assert study.status == "closed-to-accrual"
    found = {one["place"]: one for one in house.diff()["drift"]}
    assert set(found) == {"status", "registry_status", "arms[B: control].note"}
    assert (found["status"]["ours_from"], found["arms[B: control].note"]["class"]) == ("trial", "editorial")
    house.registry.change(NCT, {"statusModule.whyStopped": "no money"})
    house.look()
    after = house.study()
    assert after is not None
    assert after.status == "closed-to-accrual"


def test_a_study_that_nobody_watches_is_rejected_with_what_to_do(house: RegistryHouse):
    with pytest.raises(Rejected, match=r"no version of NCT02847754 is here; a \[\[source\]\] of kind"):
        house.diff("NCT02847754")

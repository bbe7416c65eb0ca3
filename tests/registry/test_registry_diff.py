"""Two versions of a record, and the registry beside the trial: exactly what differs, what it means, in sentences."""

from __future__ import annotations

import copy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from integrator.formats.study_record import parse_study
from integrator.mapping import Face, load_faces
from integrator.records import Said
from integrator.records.study_parts import Arm
from integrator.records.values import PartialDate
from integrator.registry_diff import Difference, agree, changes, drift, remarks
from integrator.sandbox.registry.record import dispo


@cache
def face() -> Face:
    return load_faces().get("ctgov/study")


def said(document: dict[str, Any]) -> Said:
    return face().read(document).said


def changed(**fields: Any) -> Said:
    """The trial's record with fields set, by module and name: statusModule__overallStatus."""
    document = copy.deepcopy(dispo())
    for path, value in fields.items():
        *above, last = path.split("__")
        node = document["protocolSection"]
        for step in above:
            node = node[int(step)] if step.isdigit() else node[step]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return said(document)


def places(found: list[Difference]) -> dict[str, str]:
    return {one.place: one.what for one in found}


# versions


def test_the_same_version_shows_nothing():
    assert changes(said(dispo()), said(dispo())) == []


@pytest.mark.parametrize(
    ("fields", "place", "kind", "sentence"),
    [
        (
            {"statusModule__overallStatus": "TERMINATED"},
            "registry_status",
            "material",
            "Status changed from COMPLETED to TERMINATED.",
        ),
        (
            {"statusModule__startDateStruct": {"date": "2011-10", "type": "ACTUAL"}},
            "start",
            "material",
            "Start changed from 2011-09 to 2011-10 (actual).",
        ),
        (
            {"designModule__enrollmentInfo__count": 58},
            "enrolled",
            "material",
            "Number of participants changed from 60 to 58.",
        ),
        (
            {"armsInterventionsModule__armGroups__1__type": "NO_INTERVENTION"},
            "arms[B: control].kind",
            "material",
            "Arm B: control, kind changed from ACTIVE_COMPARATOR to NO_INTERVENTION.",
        ),
        (
            {"contactsLocationsModule__locations__0__status": "COMPLETED"},
            "sites[University of Heidelberg, Heidelberg].registry_status",
            "material",
            "Site University of Heidelberg, Heidelberg, registry status was added: COMPLETED.",
        ),
        (
            {"descriptionModule__briefSummary": "Another word for the same thing. " * 5},
            "summary",
            "editorial",
            "Summary was reworded.",
        ),
        (
            {"statusModule__lastUpdateSubmitDate": "2026-03-09"},
            "update.submitted",
            "bookkeeping",
            "Last update changed from 2014-03-19 to 2026-03-09.",
        ),
        (
            {"statusModule__whyStopped": "no money"},
            "why_stopped",
            "material",
            "Reason of stopping was added: no money.",
        ),
        (
            {"identificationModule__acronym": None},
            "acronym",
            "editorial",
            "Acronym was taken out (it was DISPO).",
        ),
    ],
)
def test_one_changed_field_is_one_difference(fields: dict[str, Any], place: str, kind: str, sentence: str):
    (found,) = changes(said(dispo()), changed(**fields))
    assert (found.place, found.kind, found.sentence()) == (place, kind, sentence)


def test_two_versions_show_exactly_the_changed_fields():
    fields = {
        "statusModule__overallStatus": "TERMINATED",
        "statusModule__lastUpdateSubmitDate": "2026-03-09",
        "designModule__enrollmentInfo__count": 58,
        "armsInterventionsModule__armGroups__0__description": "Other words",
    }
    found = changes(said(dispo()), changed(**fields))
    assert {one.field for one in found} == {"registry_status", "update", "enrolled", "arms"}


def test_every_field_of_the_record_is_seen_when_it_changes(shared_data: Path):
    """A real record without one of its modules: only fields of that module differ, and all that it had."""
    document = parse_study((shared_data / "registry" / "api-v2" / "NCT00763412.json").read_bytes())
    before = said(document)
    for module in ("armsInterventionsModule", "outcomesModule", "eligibilityModule", "contactsLocationsModule"):
        fewer = copy.deepcopy(document)
        del fewer["protocolSection"][module]
        fields = {
            "armsInterventionsModule": {"arms", "interventions"},
            "outcomesModule": {"primary_outcomes", "secondary_outcomes", "other_outcomes"},
            "eligibilityModule": {"eligibility"},
            "contactsLocationsModule": {"sites", "officials", "contacts"},
        }[module]
        found = changes(before, said(fewer))
        assert {one.field for one in found} == {name for name in fields if before[name]}
        assert all(one.what == "removed" for one in found)


def test_an_arm_that_comes_or_goes_is_said_once():
    third = {"label": "C: waiting list", "type": "NO_INTERVENTION", "description": "waits"}
    groups = [*dispo()["protocolSection"]["armsInterventionsModule"]["armGroups"], third]
    (added,) = changes(said(dispo()), changed(armsInterventionsModule__armGroups=groups))
    assert (added.place, added.what, added.sentence()) == (
        "arms[C: waiting list]",
        "added",
        "Arm C: waiting list was added.",
    )
    gone = changes(said(dispo()), changed(armsInterventionsModule__armGroups=groups[1:2]))
    assert places(gone) == {"arms[A: isometric training]": "removed"}


def test_another_order_of_the_arms_is_no_difference():
    groups = dispo()["protocolSection"]["armsInterventionsModule"]["armGroups"][::-1]
    assert changes(said(dispo()), changed(armsInterventionsModule__armGroups=groups)) == []


def test_two_outcomes_of_one_name_are_told_apart():
    twice = [{"measure": "Pain", "timeFrame": "t1"}, {"measure": "Pain", "timeFrame": "t1", "description": "VAS"}]
    before = changed(outcomesModule__secondaryOutcomes=twice)
    after = changed(outcomesModule__secondaryOutcomes=twice[:1])
    assert places(changes(before, after)) == {"secondary_outcomes[Pain, t1 (2)]": "removed"}


def test_when_the_planned_number_becomes_the_actual_one_that_is_said_and_the_planned_one_stays():
    planned = changed(designModule__enrollmentInfo={"count": 60, "type": "ESTIMATED"})
    (found,) = changes(planned, changed(designModule__enrollmentInfo={"count": 58, "type": "ACTUAL"}))
    assert found.sentence() == "Number of participants was added: 58."


def test_a_status_that_is_withheld_is_said_and_changes_nothing_else():
    (found,) = changes(said(dispo()), changed(statusModule__overallStatus="WITHHELD"))
    assert found.place == "registry_status"


# beside the trial


SINCE = {"status": date(2026, 3, 9), "enrolled": date(2026, 3, 9), "summary": date(2026, 3, 9)}


def test_what_the_trial_does_not_say_is_no_drift():
    assert drift({}, said(dispo()), None, {}) == []


def test_what_both_say_alike_is_no_drift():
    registry = said(dispo())
    assert drift({name: registry[name] for name in ("status", "arms", "enrolled")}, registry, None, {}) == []


def test_the_status_of_the_story_is_one_drift():
    (found,) = drift({"status": "active", "nct": "NCT01409720"}, said(dispo()), None, SINCE)
    assert (found.place, found.state, found.kind) == ("status", "differs", "material")
    assert found.due == date(2026, 4, 8)
    assert found.sentence() == (
        "Status: the registry says completed, we say active. The registry is to be told by 2026-04-08."
    )


def test_who_is_ahead_follows_from_the_version_before():
    registry, before = said(dispo()), changed(designModule__enrollmentInfo__count=58)
    (ahead,) = drift({"enrolled": 58}, registry, before, SINCE)
    assert (ahead.state, ahead.due) == ("the registry is ahead", None)
    assert "nothing of ours changes until somebody decides" in ahead.sentence()
    (ours,) = drift({"enrolled": 61}, registry, registry, SINCE)
    assert (ours.state, ours.due) == ("ours is ahead", date(2026, 4, 8))
    (conflict,) = drift({"enrolled": 61}, registry, before, SINCE)
    assert conflict.state == "conflict"


def test_wording_has_a_year_and_what_the_registry_keeps_has_no_due_date():
    registry = said(dispo())
    (summary,) = drift({"summary": "Other words"}, registry, registry, SINCE)
    assert summary.due == date(2027, 3, 9)
    (verified,) = drift({"verified": PartialDate("2012")}, registry, registry, {"verified": date(2026, 3, 9)})
    assert verified.due is None


def test_three_wordings_of_the_control_arm_are_drift_and_are_not_mended():
    ours = tuple(
        Arm(
            arm.name,
            arm.kind,
            "Respiratory therapy and hot roll" if arm.name == "B: control" else arm.note,
            arm.interventions,
        )
        for arm in said(dispo())["arms"]
    )
    (found,) = drift({"arms": ours}, said(dispo()), None, {})
    assert (found.place, found.kind) == ("arms[B: control].note", "editorial")
    assert "manual therapy" in found.registry
    assert "Respiratory" in found.ours


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (PartialDate("2011-09"), PartialDate("2011-09-15", "ACTUAL"), True),
        (PartialDate("2011"), PartialDate("2011-09"), True),
        (PartialDate("2011-09"), PartialDate("2011-10-01"), False),
        (PartialDate("2011-09", "ACTUAL"), PartialDate("2011-09", "ESTIMATED"), False),
        ("a  b\nc", "a b c", True),
        (None, (), True),
        (60, 58, False),
    ],
)
def test_values_that_may_both_be_true_agree(one: Any, other: Any, both: bool):
    assert agree(one, other) is both
    assert agree(other, one) is both


# the record by itself


def test_a_verification_older_than_the_last_update_is_remarked():
    assert remarks(said(dispo()), date(2026, 3, 10)) == [
        "The verification (2011-08) is older than the last update (2014-03-19)."
    ]


def test_an_unknown_status_and_estimated_dates_in_the_past_are_remarked(shared_data: Path):
    document = parse_study((shared_data / "registry" / "api-v2" / "NCT03475563.json").read_bytes())
    found = remarks(said(document), date(2026, 3, 10))
    assert found[0].endswith("the last known status is RECRUITING.")
    assert "Completion (2019-12-30) is estimated and past." in found
    assert any("Nobody verified the record since 2019-11" in one for one in found)


def test_a_status_that_is_withheld_is_remarked():
    found = remarks(
        changed(statusModule__overallStatus="WITHHELD", statusModule__statusVerifiedDate="2026-03"), date(2026, 3, 10)
    )
    assert found == ["The registry withholds the status: posting is delayed."]

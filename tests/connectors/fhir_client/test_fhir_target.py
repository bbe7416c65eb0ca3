"""Writing to an EHR: by the best way that it has, never twice, whatever breaks on the way."""

from __future__ import annotations

from typing import Any

import pytest

from integrator.connectors.fhir_client import FhirSession, FhirTarget, Gone, Known
from integrator.errors import RetryLater, Waiting
from integrator.formats.fhir.validate import problems
from tests.connectors.fhir_client.standin_ehr import Ehr

SYSTEM, VALUE = "https://aria.example/appointments", "F-7|1"
OURS = (SYSTEM, VALUE)
FRESH: dict[str, Any] = {
    "resourceType": "Appointment",
    "identifier": [{"system": SYSTEM, "value": VALUE}],
    "status": "booked",
    "start": "2026-03-02T10:00:00+01:00",
    "end": "2026-03-02T10:15:00+01:00",
    "participant": [{"actor": {"display": "LINAC 3"}, "status": "accepted"}],
}


def onto(current: dict[str, Any]) -> dict[str, Any]:
    """Ours laid onto theirs: what we do not speak of stays."""
    return {**current, **FRESH}


def test_a_new_one_is_created_once(ehr: Ehr, target: FhirTarget) -> None:
    written = target.write("Appointment", FRESH, OURS, None, onto)
    assert (written.resource_id, written.version_id, written.wrote) == ("1", "1", True)
    assert written.held == ehr.current("1")
    _, path, headers, body = ehr.asked("POST")[0]
    assert path == "/fhir/Appointment"
    assert headers["Content-Type"] == headers["Accept"] == "application/fhir+json"
    assert headers["Prefer"] == "return=representation"
    assert body == FRESH
    again = target.write("Appointment", FRESH, OURS, None, onto)
    assert (again.resource_id, again.wrote) == ("1", False)
    assert len(ehr.asked("POST")) == 1
    assert not ehr.asked("PUT")


def test_searches_look_past_caches_and_escape_what_has_a_meaning(ehr: Ehr, target: FhirTarget) -> None:
    target.find("Appointment", SYSTEM, "a|b,c&d=ü")
    _, path, headers, _ = ehr.asked("GET")[-1]
    assert headers["Cache-Control"] == "no-cache"
    assert path.endswith("%7Ca%5C%7Cb%5C%2Cc%26d%3D%C3%BC")


def test_where_conditional_create_is_trusted_one_request_is_enough(ehr: Ehr) -> None:
    target = FhirTarget("ehr", FhirSession(ehr.base), trust_conditional_create=True)
    target.abilities()
    ehr.log.clear()
    plain = {**FRESH, "identifier": [{"system": SYSTEM, "value": "F-8"}]}
    target.write("Appointment", plain, (SYSTEM, "F-8"), None, lambda held: {**held, **plain})
    assert [entry[0] for entry in ehr.log] == ["POST"]
    assert ehr.log[0][2]["If-None-Exist"] == "identifier=https%3A%2F%2Faria.example%2Fappointments%7CF-8"
    again = target.write("Appointment", plain, (SYSTEM, "F-8"), None, lambda held: {**held, **plain})
    assert (again.resource_id, again.wrote) == ("1", False)
    assert len(ehr.held) == 1


def test_a_server_without_conditional_create_is_searched_first(ehr: Ehr, target: FhirTarget) -> None:
    ehr.claims_conditional_create = ehr.honours_conditional_create = False
    theirs = ehr.add({**FRESH, "comment": "their own words"})
    written = target.write("Appointment", FRESH, OURS, None, onto)
    assert (written.resource_id, written.wrote) == (theirs, False)
    assert not ehr.asked("POST")


def test_one_that_is_there_is_changed_and_keeps_what_we_do_not_say(ehr: Ehr, target: FhirTarget) -> None:
    ehr.add({**FRESH, "start": "2026-03-01T10:00:00+01:00", "comment": "their own words"})
    written = target.write("Appointment", FRESH, OURS, Known("1", "1"), onto)
    assert (written.wrote, written.version_id) == (True, "2")
    assert written.held["comment"] == "their own words"
    assert ehr.asked("PUT")[0][2]["If-Match"] == 'W/"1"'


def test_the_same_again_sends_nothing(ehr: Ehr, target: FhirTarget) -> None:
    ehr.add(FRESH)
    assert target.write("Appointment", FRESH, OURS, Known("1", "1"), onto).wrote is False
    assert not ehr.asked("PUT")


@pytest.mark.parametrize("stale", [409, 412])
def test_a_clash_is_read_again(ehr: Ehr, target: FhirTarget, stale: int) -> None:
    ehr.stale = stale
    ehr.add({**FRESH, "status": "proposed"})

    def somebody_writes() -> None:
        ehr.before_put = None
        ehr.edit("1", comment="written between our read and our write")

    ehr.before_put = somebody_writes
    written = target.write("Appointment", FRESH, OURS, Known("1", "1"), onto)
    assert written.held["comment"] == "written between our read and our write"
    assert written.held["status"] == "booked"
    assert len(ehr.asked("PUT")) == 2


def test_a_clash_without_end_is_tried_later(ehr: Ehr, target: FhirTarget) -> None:
    ehr.add({**FRESH, "status": "proposed"})
    ehr.before_put = lambda: ehr.edit("1", comment="again")
    with pytest.raises(RetryLater, match="others keep writing"):
        target.write("Appointment", FRESH, OURS, Known("1", "1"), onto)


@pytest.mark.parametrize("status", [404, 410])
def test_what_they_no_longer_have_is_for_a_person(ehr: Ehr, target: FhirTarget, status: int) -> None:
    ehr.add(FRESH)
    ehr.gone["1"] = status
    with pytest.raises(Gone) as caught:
        target.write("Appointment", FRESH, OURS, Known("1", "1"), onto)
    assert isinstance(caught.value, Waiting)
    assert (caught.value.what, caught.value.resource) == ("a person", "Appointment/1")
    assert target.read("Appointment", "1") is None


@pytest.mark.parametrize("trusted", [False, True])
def test_a_create_whose_answer_was_lost_is_not_done_twice(ehr: Ehr, trusted: bool) -> None:
    target = FhirTarget("ehr", FhirSession(ehr.base, answer=1.0), trust_conditional_create=trusted)
    plain = {**FRESH, "identifier": [{"system": SYSTEM, "value": "F-8"}]}
    ehr.after["POST"] = [(0, {}, b"")]
    with pytest.raises(RetryLater) as caught:
        target.write("Appointment", plain, (SYSTEM, "F-8"), None, lambda held: {**held, **plain})
    assert caught.value.ambiguous
    ehr.after.clear()
    written = target.write("Appointment", plain, (SYSTEM, "F-8"), None, lambda held: {**held, **plain})
    assert (written.resource_id, written.wrote) == ("1", False)
    assert len(ehr.held) == 1


def test_a_change_whose_answer_was_lost_is_not_sent_again(ehr: Ehr, target: FhirTarget) -> None:
    ehr.add({**FRESH, "status": "proposed"})
    ehr.after["PUT"] = [(0, {}, b"")]
    with pytest.raises(RetryLater) as caught:
        target.write("Appointment", FRESH, OURS, Known("1", "1"), onto)
    assert caught.value.ambiguous
    ehr.after.clear()
    assert target.write("Appointment", FRESH, OURS, Known("1", "1"), onto).wrote is False


def test_a_server_that_claims_too_much_is_healed(ehr: Ehr, target: FhirTarget) -> None:
    """It ignores If-None-Exist, and between our search and our POST somebody posted the same."""
    ehr.honours_conditional_create = False
    first = ehr.add(FRESH, updated="2026-03-01T08:00:00Z")
    ehr.add(FRESH, updated="2026-03-01T07:00:00Z")
    ehr.edit("2")
    ehr.current("2")["meta"]["lastUpdated"] = "2026-03-01T09:00:00Z"  # changed later, but made first
    written = target.write("Appointment", FRESH, OURS, None, onto)
    assert (written.resource_id, written.healed, written.doubles) == ("2", (first,), ())
    out_of_the_way = ehr.current(first)
    assert out_of_the_way["status"] == "entered-in-error"
    assert out_of_the_way["comment"] == "Duplicate of Appointment/2"
    assert "identifier" not in out_of_the_way
    assert problems(out_of_the_way) == []
    assert ehr.asked("PUT")[0][2]["If-Match"] == 'W/"1"'
    assert target.find("Appointment", *OURS) == [ehr.current("2")]


def test_the_hospitals_own_entry_with_our_number_is_left_alone(ehr: Ehr, target: FhirTarget) -> None:
    ehr.add(FRESH)
    ehr.add({**FRESH, "description": "entered at the front desk"}, updated="2026-03-02T08:00:00Z")
    written = target.write("Appointment", FRESH, OURS, None, onto)
    assert (written.resource_id, written.healed, written.doubles) == ("1", (), ("2",))
    assert ehr.current("2")["status"] == "booked"


def test_a_server_that_ignores_the_parameter_does_not_give_us_others(ehr: Ehr, target: FhirTarget) -> None:
    ehr.honours_search = False
    ehr.page = 2
    for number in range(5):
        ehr.add({**FRESH, "identifier": [{"system": SYSTEM, "value": f"other {number}"}]})
    written = target.write("Appointment", FRESH, OURS, None, onto)
    assert (written.resource_id, written.doubles) == ("6", ())
    assert target.find("Appointment", *OURS) == [ehr.current("6")]


def test_a_server_that_answers_with_nothing_is_asked(ehr: Ehr, target: FhirTarget) -> None:
    ehr.returns_body = False
    written = target.write("Appointment", FRESH, OURS, None, onto)
    assert written.held == ehr.current("1")
    ehr.edit("1", status="proposed")
    assert target.write("Appointment", FRESH, OURS, Known("1", "1"), onto).held == ehr.current("1")


@pytest.mark.parametrize("interactions", [[], ["read", "search-type"]])
def test_who_can_only_be_read_makes_us_wait(ehr: Ehr, target: FhirTarget, interactions: list[str]) -> None:
    ehr.interactions = interactions
    ehr.claims_conditional_create = False
    with pytest.raises(Waiting, match=r"^the target cannot write Appointment$"):
        target.write("Appointment", FRESH, OURS, None, onto)
    assert not ehr.asked("POST")
    ehr.interactions = ["read", "update"]
    target.refresh()
    with pytest.raises(Waiting, match="a way to find Appointment by identifier"):
        target.write("Appointment", FRESH, OURS, None, onto)


def test_who_cannot_create_and_who_cannot_change(ehr: Ehr, target: FhirTarget) -> None:
    ehr.interactions = ["read", "search-type", "update"]
    with pytest.raises(Waiting, match="cannot create Appointment"):
        target.write("Appointment", FRESH, OURS, None, onto)
    ehr.interactions = ["read", "search-type", "create"]
    target.refresh()
    ehr.add({**FRESH, "status": "proposed"})
    with pytest.raises(Waiting, match="cannot change Appointment"):
        target.write("Appointment", FRESH, OURS, None, onto)


def test_another_version_of_fhir_is_waited_for(ehr: Ehr, target: FhirTarget) -> None:
    ehr.fhir_version = "5.0.0"
    with pytest.raises(Waiting, match=r"speaks FHIR R4 .*5\.0\.0"):
        target.write("Appointment", FRESH, OURS, None, onto)


def test_json_patch_where_there_is_no_put(ehr: Ehr, target: FhirTarget) -> None:
    ehr.interactions = ["read", "search-type", "create", "patch"]
    ehr.add({**FRESH, "status": "proposed", "comment": "theirs", "priority": 1})

    def without_priority(held: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in onto(held).items() if name != "priority"}

    written = target.write("Appointment", FRESH, OURS, Known("1", "1"), without_priority)
    assert written.wrote
    assert {"status": "booked", "comment": "theirs"}.items() <= ehr.current("1").items()
    assert "priority" not in ehr.current("1")
    _, _, headers, steps = ehr.asked("PATCH")[0]
    assert headers["Content-Type"] == "application/json-patch+json"
    assert headers["If-Match"] == 'W/"1"'
    assert {"op": "test", "path": "/status", "value": "proposed"} in steps


def test_everything_it_holds_page_by_page(ehr: Ehr, target: FhirTarget) -> None:
    ehr.page = 2
    for number in range(5):
        ehr.add({**FRESH, "identifier": [{"system": SYSTEM, "value": str(number)}]})
    held = list(target.hold("Appointment", {"date": "ge2026-03-01"}))
    assert [each["id"] for each in held] == ["1", "2", "3", "4", "5"]
    assert "date=ge2026-03-01" in ehr.asked("GET")[0][1]

"""Create, read, update, patch, delete and history, over the socket, as HAPI does them."""

from __future__ import annotations

import requests

from integrator.sandbox.ehr.process import SandboxEhr
from tests.sandbox.sandbox_resources import SYSTEM, appointment, patient

PATCH = {"Content-Type": "application/json-patch+json"}


def made(ehr: SandboxEhr, resource: dict) -> str:
    answer = requests.post(f"{ehr.base}/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_create_tells_where_it_is_and_which_version(hapi: SandboxEhr) -> None:
    answer = requests.post(f"{hapi.base}/Appointment", json=appointment("c-1"))
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{hapi.base}/Appointment/{body['id']}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert body["meta"]["versionId"] == "1"
    assert body["identifier"] == appointment("c-1")["identifier"]
    assert requests.get(f"{hapi.base}/Appointment/{body['id']}").json() == body


def test_create_answers_nothing_but_headers_when_asked(hapi: SandboxEhr) -> None:
    answer = requests.post(f"{hapi.base}/Patient", json=patient("c-min"), headers={"Prefer": "return=minimal"})
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["ETag"] == 'W/"1"'


def test_conditional_create_makes_one(hapi: SandboxEhr) -> None:
    condition = {"If-None-Exist": f"identifier={SYSTEM}|cc-1"}
    first = requests.post(f"{hapi.base}/Appointment", json=appointment("cc-1"), headers=condition)
    second = requests.post(f"{hapi.base}/Appointment", json=appointment("cc-1"), headers=condition)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    made(hapi, appointment("cc-1"))
    third = requests.post(f"{hapi.base}/Appointment", json=appointment("cc-1"), headers=condition)
    assert third.status_code == 412
    assert third.json()["resourceType"] == "OperationOutcome"


def test_update_by_id_heeds_the_version(hapi: SandboxEhr) -> None:
    id_ = made(hapi, appointment("u-1"))
    moved = {**appointment("u-1", "2026-03-12T09:00:00+01:00"), "id": id_}
    url = f"{hapi.base}/Appointment/{id_}"
    answer = requests.put(url, json=moved, headers={"If-Match": 'W/"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    again = requests.put(url, json={**moved, "comment": "late"}, headers={"If-Match": 'W/"1"'})
    assert again.status_code == 409
    assert again.json()["issue"][0]["code"] == "conflict"
    assert "comment" not in requests.get(url).json()


def test_same_body_again_raises_no_version(hapi: SandboxEhr) -> None:
    id_ = made(hapi, appointment("same-1"))
    held = requests.get(f"{hapi.base}/Appointment/{id_}").json()
    answer = requests.put(f"{hapi.base}/Appointment/{id_}", json=held, headers={"If-Match": 'W/"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"1"')
    assert hapi.log()[-1]["wrote"] is None


def test_update_may_choose_an_id_with_a_letter(hapi: SandboxEhr) -> None:
    url = f"{hapi.base}/Patient"
    assert requests.put(f"{url}/own-1", json={**patient("o-1"), "id": "own-1"}).status_code == 201
    assert requests.put(f"{url}/777", json={**patient("o-2"), "id": "777"}).status_code == 400
    assert requests.put(f"{url}/own-2", json={**patient("o-2"), "id": "own-3"}).status_code == 400


def test_patch_moves_and_tests(hapi: SandboxEhr) -> None:
    id_ = made(hapi, appointment("p-1"))
    url = f"{hapi.base}/Appointment/{id_}"
    steps = [
        {"op": "test", "path": "/status", "value": "booked"},
        {"op": "replace", "path": "/status", "value": "cancelled"},
        {"op": "add", "path": "/identifier/-", "value": {"value": "second"}},
    ]
    answer = requests.patch(url, json=steps, headers=PATCH)
    assert answer.status_code == 200
    assert "ETag" not in answer.headers
    held = requests.get(url).json()
    assert (held["status"], held["meta"]["versionId"], len(held["identifier"])) == ("cancelled", "2", 2)
    assert requests.patch(url, json=steps, headers=PATCH).status_code == 400  # the test fails now
    assert requests.patch(url, json=steps, headers={**PATCH, "If-Match": 'W/"1"'}).status_code == 409
    assert requests.get(url).json() == held


def test_history_and_old_versions(hapi: SandboxEhr) -> None:
    id_ = made(hapi, appointment("h-1"))
    url = f"{hapi.base}/Appointment/{id_}"
    requests.put(url, json={**appointment("h-1", "2026-03-11T09:00:00+01:00"), "id": id_})
    requests.delete(url)
    bundle = requests.get(f"{url}/_history").json()
    assert bundle["type"] == "history"
    assert [entry["request"]["method"] for entry in bundle["entry"]] == ["DELETE", "PUT", "POST"]
    assert "resource" not in bundle["entry"][0]
    assert requests.get(f"{url}/_history/1").json()["start"] == "2026-03-10T09:00:00+01:00"
    assert requests.get(f"{url}/_history/3").status_code == 410
    assert requests.get(f"{url}/_history/9").status_code == 404


def test_after_a_delete_reads_are_gone_and_the_old_id_can_be_revived(hapi: SandboxEhr) -> None:
    id_ = made(hapi, appointment("d-1"))
    url = f"{hapi.base}/Appointment/{id_}"
    assert requests.delete(url, headers={"If-Match": 'W/"99"'}).status_code == 200  # HAPI does not heed it here
    assert requests.get(url).status_code == 410
    assert requests.get(f"{hapi.base}/Appointment", params={"identifier": f"{SYSTEM}|d-1"}).json().get("entry") is None
    assert requests.put(url, json={**appointment("d-1"), "id": id_}).status_code == 201
    assert requests.get(url).json()["meta"]["versionId"] == "3"


def test_what_is_not_there_and_what_is_not_offered(hapi: SandboxEhr) -> None:
    assert requests.get(f"{hapi.base}/Appointment/nobody").status_code == 404
    assert requests.get(f"{hapi.base}/Nothing/1").status_code == 404
    assert requests.post(f"{hapi.base}/Appointment/1", json={}).status_code == 405
    for answer in (requests.get(f"{hapi.base}/Appointment/nobody"), requests.get(f"{hapi.base}/Nothing/1")):
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_body_that_is_no_resource(hapi: SandboxEhr) -> None:
    url = f"{hapi.base}/Appointment"
    assert requests.post(url, data=b'{"resourceType": "Appo').status_code == 500  # seen of HAPI
    assert requests.post(url, json=patient("x")).status_code == 400
    assert requests.post(url, json=[1]).status_code == 400


def test_what_r4_forbids_is_refused_and_the_first_issue_is_a_warning(hapi: SandboxEhr) -> None:
    for wrong in ({"status": "maybe"}, {"start": "2026-02-30T09:00:00+01:00"}, {"participant": []}):
        answer = requests.post(f"{hapi.base}/Appointment", json={**appointment("bad"), **wrong})
        assert answer.status_code == 422, wrong
        assert [issue["severity"] for issue in answer.json()["issue"]][:2] == ["warning", "error"]
    assert not [held for held in hapi.holds("Appointment") if held["identifier"][0]["value"] == "bad"]


def test_a_reference_to_what_is_not_held_is_refused(hapi: SandboxEhr) -> None:
    to_nobody = [{"actor": {"reference": "Patient/nobody"}, "status": "accepted"}]
    assert requests.post(f"{hapi.base}/Appointment", json=appointment("r-1", participant=to_nobody)).status_code == 400
    to_somebody = [{"actor": {"reference": f"Patient/{made(hapi, patient('r-p'))}"}, "status": "accepted"}]
    assert requests.post(f"{hapi.base}/Appointment", json=appointment("r-1", participant=to_somebody)).ok

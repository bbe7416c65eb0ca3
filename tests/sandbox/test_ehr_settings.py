"""What tells the kinds of EHR apart: the CapabilityStatement is true, and each quirk is there."""

from __future__ import annotations

import requests

from integrator.formats.fhir.validate import problems
from integrator.sandbox.ehr.process import SandboxEhr
from tests.sandbox.sandbox_resources import SYSTEM, appointment, patient


def resource_of(ehr: SandboxEhr, type_: str) -> dict:
    statement = requests.get(f"{ehr.base}/metadata").json()
    assert problems(statement) == []
    assert statement["fhirVersion"] == "4.0.1"
    return next(each for each in statement["rest"][0]["resource"] if each["type"] == type_)


def test_hapi_like_says_what_it_can(hapi: SandboxEhr) -> None:
    said = resource_of(hapi, "Appointment")
    codes = {each["code"] for each in said["interaction"]}
    assert codes == {"read", "vread", "update", "patch", "delete", "history-instance", "create", "search-type"}
    assert (said["conditionalCreate"], said["conditionalUpdate"], said["updateCreate"]) == (True, True, True)


def test_epic_like_reads_only_and_says_so(epic: SandboxEhr) -> None:
    said = resource_of(epic, "Appointment")
    assert {each["code"] for each in said["interaction"]} == {"read", "search-type"}
    assert (said["conditionalCreate"], said["conditionalUpdate"]) == (False, False)
    (place,) = epic.hold(appointment("E-1"))
    url = f"{epic.base}/{place}"
    for answer in (
        requests.post(f"{epic.base}/Appointment", json=appointment("E-2")),
        requests.put(url, json={**appointment("E-1"), "id": place.split("/")[1]}),
        requests.put(f"{epic.base}/Appointment?identifier={SYSTEM}|E-1", json=appointment("E-1")),
        requests.patch(url, json=[], headers={"Content-Type": "application/json-patch+json"}),
        requests.delete(url),
        requests.get(f"{url}/_history"),
    ):
        assert (answer.status_code, answer.json()["resourceType"]) == (405, "OperationOutcome")
    assert requests.get(url).json()["identifier"][0]["value"] == "E-1"
    assert requests.get(f"{epic.base}/Procedure?patient=1").status_code == 404
    assert epic.summary()["changes"] == {}


def test_epic_like_ids_are_opaque_and_its_pages_are_below_the_type(epic: SandboxEhr) -> None:
    places = epic.hold(*(patient(f"EP-{number}", "HTEST-Page") for number in range(3)))
    assert not any(place.split("/")[1].isdigit() for place in places)
    first = requests.get(f"{epic.base}/Patient?family=HTEST-Page&_count=2").json()
    url = next(link["url"] for link in first["link"] if link["relation"] == "next")
    assert first["total"] == 3
    assert url.startswith(f"{epic.base}/Patient?")
    assert len(requests.get(url).json()["entry"]) == 1


def test_epic_like_tells_within_the_bundle_what_it_ignored(epic: SandboxEhr) -> None:
    (place,) = epic.hold(appointment("E-3"))
    bundle = requests.get(f"{epic.base}/Appointment?colour=red&_id={place.split('/')[1]}").json()
    assert [entry["search"]["mode"] for entry in bundle["entry"]] == ["match", "outcome"]
    nothing = requests.get(f"{epic.base}/Appointment?identifier=urn:x|nobody").json()
    assert nothing["total"] == 0
    assert [entry["resource"]["resourceType"] for entry in nothing["entry"]] == ["OperationOutcome"]


def test_hapi_like_conditional_update_does_not_heed_the_version(hapi: SandboxEhr) -> None:
    url = f"{hapi.base}/Appointment?identifier={SYSTEM}|Q-1"
    made = requests.put(url, json=appointment("Q-1"))
    assert made.status_code == 201
    assert "Location" not in made.headers
    assert made.headers["Content-Location"].endswith("/_history/1")
    moved = appointment("Q-1", "2026-03-11T09:00:00+01:00")
    assert requests.put(url, json=moved, headers={"If-Match": 'W/"99"'}).status_code == 200
    requests.post(f"{hapi.base}/Appointment", json=appointment("Q-1"))
    assert requests.put(url, json=moved).status_code == 412
    assert requests.put(f"{hapi.base}/Appointment", json=moved).status_code == 405

"""The EHR keeps what it acknowledged, logs every request, and goes wrong when it is told to."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from integrator.sandbox.ehr.process import SandboxEhr
from tests.sandbox.sandbox_resources import SYSTEM, appointment, patient


def post(ehr: SandboxEhr, number: str, **more: object) -> requests.Response:
    return requests.post(f"{ehr.base}/Appointment", json=appointment(number), timeout=10, **more)


def test_resources_versions_and_log_outlive_a_kill(own: SandboxEhr) -> None:
    id_ = post(own, "K-1").json()["id"]
    requests.put(f"{own.base}/Appointment/{id_}", json={**appointment("K-1", "2026-03-12T09:00:00+01:00"), "id": id_})
    requests.delete(f"{own.base}/Appointment/{post(own, 'K-2').json()['id']}")
    before = own.log(), own.holds("Appointment"), own.summary()
    own.kill()
    own.start()
    assert (own.log(), own.holds("Appointment"), own.summary()) == before
    assert requests.get(f"{own.base}/Appointment/{id_}/_history").json()["total"] == 2
    assert post(own, "K-3").json()["id"] == "3"  # no id is used twice


def test_log_holds_every_request_with_body_and_answer(own: SandboxEhr) -> None:
    requests.get(f"{own.base}/Patient?identifier=urn:x|ä", headers={"If-None-Match": "W/1"})
    post(own, "L-1", headers={"If-None-Exist": f"identifier={SYSTEM}|L-1"})
    first, second = own.log()
    assert (first["method"], first["path"], first["status"], first["wrote"]) == ("GET", "Patient", 200, None)
    assert second["headers"]["if-none-exist"] == f"identifier={SYSTEM}|L-1"
    assert "L-1" in second["body"]
    assert '"versionId":"1"' in second["answer"]
    assert second["wrote"] == "create Appointment/1 version 1"
    assert [row["seq"] for row in own.log(since=first["seq"])] == [second["seq"]]
    assert own.last() == second["seq"]
    summed = own.summary()
    assert summed["by_method"] == {"GET": 1, "POST": 1}
    assert (summed["writes"], summed["holds"], summed["twice"]) == (1, {"Appointment": 1}, {})
    assert own.summary(since=second["seq"])["requests"] == 0


def test_summary_names_what_is_held_twice(own: SandboxEhr) -> None:
    post(own, "T-1")
    post(own, "T-1")
    assert own.summary()["twice"] == {"Appointment": {f"{SYSTEM}|T-1": 2}}


def test_thirty_two_clients_at_once_make_one(own: SandboxEhr) -> None:
    condition = {"If-None-Exist": f"identifier={SYSTEM}|ONE"}
    gate = threading.Barrier(32)

    def client(_: int) -> int:
        gate.wait()
        return post(own, "ONE", headers=condition).status_code

    with ThreadPoolExecutor(32) as crowd:
        answers = list(crowd.map(client, range(32)))
    assert answers.count(201) == 1
    assert set(answers) <= {200, 201, 409}
    assert own.summary()["holds"] == {"Appointment": 1}


def test_clients_at_once_can_double_by_conditional_update(own: SandboxEhr) -> None:
    """Seen of HAPI: 8 of 25 identifiers ended with two copies. Ours has the same hole, so that nobody builds on it."""
    own.fail(delay=0.6, times=2)
    url = f"{own.base}/Appointment?identifier={SYSTEM}|TWO"
    with ThreadPoolExecutor(2) as pair:
        list(pair.map(lambda _: requests.put(url, json=appointment("TWO"), timeout=10), range(2)))
    assert own.summary()["twice"] == {"Appointment": {f"{SYSTEM}|TWO": 2}}


def test_losers_of_a_conditional_create_hear_a_conflict(own: SandboxEhr) -> None:
    own.fail(delay=0.6, times=2)
    condition = {"If-None-Exist": f"identifier={SYSTEM}|RACE"}
    with ThreadPoolExecutor(2) as pair:
        answers = list(pair.map(lambda _: post(own, "RACE", headers=condition).status_code, range(2)))
    assert sorted(answers) == [201, 409]


def test_while_away_connections_close_without_an_answer(own: SandboxEhr) -> None:
    own.control(down=True)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{own.base}/metadata", timeout=5)
    own.control(down=False)
    assert requests.get(f"{own.base}/metadata", timeout=5).ok
    own.control(down=0.5)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{own.base}/metadata", timeout=5)
    time.sleep(0.6)
    assert requests.get(f"{own.base}/metadata", timeout=5).ok


def test_ordered_statuses_do_or_do_not_write(own: SandboxEhr) -> None:
    own.control(next=[{"status": 500}, {"status": 503, "where": "after", "retry_after": 7}])
    assert post(own, "F-1").status_code == 500
    assert own.holds("Appointment") == []
    answer = post(own, "F-1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert len(own.holds("Appointment")) == 1
    assert post(own, "F-2").status_code == 201
    assert [(row["status"], row["wrote"], row["fault"]) for row in own.log()] == [
        (500, None, "status 500 before"),
        (503, "create Appointment/1 version 1", "status 503 after"),
        (201, "create Appointment/2 version 1", None),
    ]


def test_a_lost_answer(own: SandboxEhr) -> None:
    own.fail(close=True, where="after")
    with pytest.raises(requests.ConnectionError):
        post(own, "LOST")
    own.fail(close=True)
    with pytest.raises(requests.ConnectionError):
        post(own, "NEVER")
    own.fail(hang=0.5, where="after")
    with pytest.raises(requests.Timeout):
        requests.post(f"{own.base}/Appointment", json=appointment("SLOW"), timeout=0.2)
    held = [each["identifier"][0]["value"] for each in own.holds("Appointment")]
    assert held == ["LOST", "SLOW"]


def test_a_proxy_answers_instead(own: SandboxEhr) -> None:
    own.fail(html=True, status=200)
    answer = requests.get(f"{own.base}/Appointment")
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.text.startswith("<html>")


def test_faults_meet_only_the_requests_they_are_meant_for(own: SandboxEhr) -> None:
    own.control(next=[{"status": 429, "method": "POST", "path": "Appointment", "times": 2}])
    assert requests.get(f"{own.base}/Appointment").ok
    assert requests.post(f"{own.base}/Patient", json=patient("M-1")).ok
    assert [post(own, "M-1").status_code for _ in range(3)] == [429, 429, 201]
    own.control(next=[{"status": 500}], clear=True)
    own.control(clear=True)
    assert requests.get(f"{own.base}/Appointment").ok


def test_somebody_edits_just_before(own: SandboxEhr) -> None:
    id_ = post(own, "W-1").json()["id"]
    held = requests.get(f"{own.base}/Appointment/{id_}").json()
    own.fail(edit={**held, "comment": "by the ward"}, method="PUT")
    mine = {**held, "description": "mine"}
    answer = requests.put(f"{own.base}/Appointment/{id_}", json=mine, headers={"If-Match": 'W/"1"'})
    assert answer.status_code == 409
    assert own.holds("Appointment")[0]["comment"] == "by the ward"


def test_the_hospital_itself_writes_and_deletes_outside_the_log(own: SandboxEhr) -> None:
    (place,) = own.hold(patient("H-1"))
    own.hold({**patient("H-1", "HTEST-Neu"), "id": place.split("/")[1]})
    assert requests.get(f"{own.base}/{place}").json()["meta"]["versionId"] == "2"
    own.hold({**patient("H-1", "HTEST-Neu"), "id": place.split("/")[1]})  # as it stands: no version
    assert requests.get(f"{own.base}/{place}/_history").json()["total"] == 2
    own.drop(*place.split("/"))
    assert requests.get(f"{own.base}/{place}").status_code == 410
    assert own.summary()["writes"] == 0


def test_orders_that_it_does_not_understand_are_refused(own: SandboxEhr) -> None:
    for what, wish in (("control", {"next": [{"colour": 1}]}), ("control", [1]), ("hold", [{}]), ("nothing", {})):
        answer = requests.post(f"{own.address}/sandbox/{what}", json=wish)
        assert answer.status_code in (400, 404), what
    assert requests.get(f"{own.base}/metadata").ok


def test_it_ends_with_the_process_that_started_it(own: SandboxEhr) -> None:
    assert own.process is not None
    assert own.process.stdin is not None
    own.process.stdin.close()
    assert own.process.wait(5) == 0

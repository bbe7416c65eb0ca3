"""The API over a real socket, as a data manager's script and a physiotherapy app use it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from integrator.app import start_web
from tests.houses import NUMBER, house, siu
from tests.web.api.conftest import SCORE, SESSION, SUBJECT

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a served house with one appointment, and how often its workers were woken."""
    woken: list[str] = []
    with house(tmp_path) as here:
        here.receive(siu())
        here.read_all()
        address, stop = start_web(here.line, lambda: woken.append("woken"))
        try:
            yield f"{address}api/v1", woken
        finally:
            stop()


def test_a_session_is_posted_twice_read_and_corrected(served: tuple[str, list[str]]):
    base, woken = served
    made = requests.post(f"{base}/sessions", json=SESSION, timeout=5)
    assert (made.status_code, made.headers["ETag"], made.json()["version"]) == (201, '"1"', 1)
    assert made.headers["Location"] == f"/api/v1/sessions/{SUBJECT}/S-01"
    again = requests.post(f"{base}/sessions", json=SESSION, timeout=5)  # as after a time-out
    assert (again.status_code, again.json()) == (200, made.json())
    assert len(requests.get(f"{base}/sessions?subject={SUBJECT}", timeout=5).json()["items"]) == 1

    where = f"{base}/sessions/{SUBJECT}/S-01"
    read = requests.get(where, timeout=5)
    assert read.json()["record"]["pain_after"] == 3
    unchanged = requests.get(where, headers={"If-None-Match": read.headers["ETag"]}, timeout=5)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    corrected = requests.patch(where, json={"pain_after": 2}, headers={"If-Match": read.headers["ETag"]}, timeout=5)
    assert (corrected.status_code, corrected.headers["ETag"]) == (200, '"2"')
    late = requests.patch(where, json={"pain_after": 5}, headers={"If-Match": read.headers["ETag"]}, timeout=5)
    assert (late.status_code, late.json()["version"], late.headers["ETag"]) == (412, 2, '"2"')
    score = requests.get(f"{base}/observations/{SUBJECT}/S-01/pain-vas/after", timeout=5).json()
    assert (score["record"]["value"]["value"], score["record"]["status"]) == (2, "corrected")
    assert woken


def test_the_appointments_of_a_participant_without_who_they_are(served: tuple[str, list[str]]):
    base, _ = served
    answer = requests.get(f"{base}/appointments?subject={SUBJECT}&from=2026-03-12&to=2026-03-12", timeout=5)
    (one,) = answer.json()["items"]
    assert one["record"]["time"]["start"] == "2026-03-12T09:40:00+01:00"
    assert "patient" not in one["record"]
    assert NUMBER not in answer.text
    assert requests.get(f"{base}/appointments?to=2026-03-11", timeout=5).json() == {"items": [], "next": None}


def test_a_score_of_an_app_that_names_its_requests(served: tuple[str, list[str]]):
    base, _ = served
    named = {"Idempotency-Key": "app-4711"}
    made = requests.post(f"{base}/observations", json=SCORE, headers=named, timeout=5)
    assert made.status_code == 201
    again = requests.post(f"{base}/observations", json=SCORE, headers=named, timeout=5)
    assert (again.status_code, again.json()) == (200, made.json())
    other = requests.post(f"{base}/observations", json=SCORE | {"value": 5}, headers=named, timeout=5)
    assert (other.status_code, other.json()["detail"]) == (
        422,
        "this Idempotency-Key was of another request; each request has its own",
    )
    said = requests.get(f"{base}/messages?source=trial&type=Observation", timeout=5).json()["items"]
    assert [one["state"] for one in said] == ["merged"]


def test_two_that_post_at_once_make_one(served: tuple[str, list[str]]):
    base, _ = served
    for headers in ({}, {"Idempotency-Key": "one"}):
        body = SESSION | {"key": f"S-{len(headers)}"}
        with ThreadPoolExecutor(4) as pool:
            posts = [
                pool.submit(requests.post, f"{base}/sessions", json=body, headers=headers, timeout=20) for _ in range(8)
            ]
            answers = [one.result() for one in posts]
        assert Counter(one.status_code for one in answers) == {201: 1, 200: 7}
        assert {one.json()["version"] for one in answers} == {1}
    said = requests.get(f"{base}/messages?type=ExerciseSession", timeout=5).json()["items"]
    assert Counter(one["state"] for one in said) == {"merged": 2, "unchanged": 7}


def test_two_that_correct_at_once_do_not_write_over_each_other(served: tuple[str, list[str]]):
    base, _ = served
    requests.post(f"{base}/sessions", json=SESSION, timeout=5)
    with ThreadPoolExecutor(4) as pool:
        changes = [
            pool.submit(
                requests.patch,
                f"{base}/sessions/{SUBJECT}/S-01",
                json={"pain_after": n},
                headers={"If-Match": '"1"'},
                timeout=20,
            )
            for n in (0, 1, 2, 5)
        ]
        assert Counter(one.result().status_code for one in changes) == {200: 1, 412: 3}


def test_what_a_hostile_page_can_send_is_refused(served: tuple[str, list[str]]):
    base, _ = served
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = requests.post(f"{base}/observations", json=SCORE, headers=headers, timeout=5)
        assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
    form = requests.post(f"{base}/observations", data="subject=x", timeout=5)
    assert form.status_code == 415
    assert requests.get(f"{base}/participants", headers={"Host": "hospital.example"}, timeout=5).status_code == 403


def test_a_body_of_more_than_64_kib(served: tuple[str, list[str]]):
    base, _ = served
    answer = requests.post(f"{base}/observations", json=SCORE | {"note": "x" * 70_000}, timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")

"""Who gets an answer, and what the browser is told to do with it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from integrator.errors import RetryLater
from tests.web.hospital import Hospital, model_day

STATIC = Path(__file__).parents[2] / "integrator" / "web" / "static"


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.2", "2001:db8::1", "", "nonsense"])
def test_only_this_machine_is_answered(hospital: Hospital, address: str) -> None:
    client = hospital.web().test_client()
    for path in ("/", "/today", "/static/integrator.css"):
        assert client.get(path, environ_overrides={"REMOTE_ADDR": address}).status_code == 403


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_loopback_is_answered(hospital: Hospital, address: str) -> None:
    assert hospital.web().test_client().get("/", environ_overrides={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost:8480", 200),
        ("127.0.0.1:8480", 200),
        ("[::1]:8480", 200),
        ("hospital.example", 403),  # a foreign name that was pointed at this machine
        ("localhost.example", 403),
    ],
)
def test_a_foreign_name_for_this_machine_is_refused(hospital: Hospital, host: str, code: int) -> None:
    assert hospital.web().test_client().get("/", headers={"Host": host}).status_code == code


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://localhost"}, 303),
    ],
)
def test_only_our_own_page_may_change_anything(hospital: Hospital, headers: dict[str, str], code: int) -> None:
    client = hospital.web().test_client()
    answer = client.post("/today/seen", data={"until": "2026-03-10T08:00:00+01:00"}, headers=headers)
    assert answer.status_code == code


def test_every_answer_carries_the_policy_and_is_not_kept(hospital: Hospital) -> None:
    client = hospital.web().test_client()
    for path in ("/", "/today", "/healthz", "/nothing"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_obeys_its_own_policy(hospital: Hospital) -> None:
    model_day(hospital)
    html = hospital.web().test_client().get("/").text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert not re.search(r"(src|href)=\"https?:", html), "nothing comes from elsewhere"


def test_every_reference_of_the_page_leads_somewhere(hospital: Hospital) -> None:
    model_day(hospital)
    client = hospital.web().test_client()
    html = client.get("/").text
    for place in set(re.findall(r'(?:href|src|action|hx-get)="([^"]+)"', html)):
        if place.startswith("#"):
            assert f'id="{place[1:]}"' in html, place
        elif not place.startswith("/today/seen"):
            assert client.get(place).status_code == 200, place


def test_the_page_says_where_it_answers(hospital: Hospital) -> None:
    html = hospital.web(invented=False).test_client().get("/").text
    assert "Loopback only until sign-in exists; subject codes only." in html
    assert "HTEST" not in html


def test_alive(hospital: Hospital) -> None:
    assert hospital.web().test_client().get("/healthz").json == {"alive": True}


def test_errors_are_pages_too(hospital: Hospital) -> None:
    client = hospital.web().test_client()
    assert "There is no such page" in client.get("/nothing").text
    assert client.post("/", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 405


def test_a_closed_store_is_not_now(hospital: Hospital) -> None:
    client = hospital.web().test_client()
    hospital.store.close()
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert RetryLater("the store is closed").reason in answer.text


def test_vendored_scripts_are_what_their_list_says() -> None:
    listed = re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (STATIC / "vendor" / "README.md").read_text(), re.M)
    assert {name for name, _ in listed} == {path.name for path in (STATIC / "vendor").iterdir()} - {"README.md"}
    for name, digest in listed:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest

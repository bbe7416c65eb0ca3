"""Search by identifier, patient, date, status and `_lastUpdated`; paging; the result cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.ehr.search import span
from tests.sandbox.sandbox_resources import SYSTEM, appointment, patient

FRESH = {"Cache-Control": "no-cache"}


@pytest.fixture(scope="module")
def ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxEhr]:
    clock: Path = tmp_path_factory.mktemp("story") / "clock"
    clock.write_text("2026-03-06T17:00:00+01:00")
    with SandboxEhr(clock.parent / "ehr.db", "hapi-like", clock) as ehr:
        one, two = ehr.hold(patient("S-1"), patient("S-2", "HTEST-Öztürk"))
        for number in range(6):
            who = [{"actor": {"reference": one if number < 4 else two}, "status": "accepted"}]
            start = f"2026-03-{9 + number:02d}T10:00:00+01:00"
            ehr.hold(appointment(f"S-A{number}", start, participant=who, status="booked" if number else "cancelled"))
        yield ehr


def found(ehr: SandboxEhr, type_: str, query: str) -> list[str]:
    answer = requests.get(f"{ehr.base}/{type_}?{query}", headers=FRESH)
    assert answer.status_code == 200, answer.text
    entries = answer.json().get("entry", [])
    return [entry["resource"]["identifier"][0]["value"] for entry in entries]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (f"identifier={SYSTEM}|S-A1", [1]),
        ("identifier=S-A1", [1]),
        ("identifier=|S-A1", []),
        ("identifier=urn:other|S-A1", []),
        (f"identifier={SYSTEM}|S-A1,{SYSTEM}|S-A3", [1, 3]),
        (f"identifier={SYSTEM}|", [0, 1, 2, 3, 4, 5]),
        ("patient=Patient/1", [0, 1, 2, 3]),
        ("patient=2", [4, 5]),
        ("actor=Patient/2", [4, 5]),
        (f"patient.identifier={SYSTEM}|S-2", [4, 5]),
        ("status=cancelled", [0]),
        ("status=cancelled,booked&patient=Patient/1", [0, 1, 2, 3]),
        ("date=2026-03-10", [1]),
        ("date=ge2026-03-10&date=lt2026-03-12", [1, 2]),
        ("date=gt2026-03-10&date=le2026-03-12", [2, 3]),
        ("date=2026-03-10T09:00:00Z", [1]),
        ("date=ge2026-03-13T09:00:00.001Z", [5]),
        ("date=lt2026-03-09T09:00:00Z", []),
        ("date=2026-03&status=cancelled", [0]),
        ("_lastUpdated=ge2026-03-06", [0, 1, 2, 3, 4, 5]),
        ("_lastUpdated=gt2026-03-07", []),
        ("_sort=-date&_count=2", [5, 4]),
        ("_unheard=1&status=cancelled", [0]),
    ],
)
def test_appointments_are_found(ehr: SandboxEhr, query: str, numbers: list[int]) -> None:
    assert found(ehr, "Appointment", query) == [f"S-A{number}" for number in numbers]


def test_patients_are_found_by_name_and_number(ehr: SandboxEhr) -> None:
    assert found(ehr, "Patient", "family=htest-öz") == ["S-2"]
    assert found(ehr, "Patient", f"identifier={SYSTEM}|S-1") == ["S-1"]
    assert found(ehr, "Patient", "_id=1,2") == ["S-1", "S-2"]


def test_greater_than_its_own_last_update_leaves_the_row_out(ehr: SandboxEhr) -> None:
    updated = ehr.holds("Appointment")[-1]["meta"]["lastUpdated"].replace("+", "%2B")
    assert "S-A5" not in found(ehr, "Appointment", f"_lastUpdated=gt{updated}")
    assert "S-A5" in found(ehr, "Appointment", f"_lastUpdated=ge{updated}")


def test_unknown_parameters_and_bad_dates_are_refused(ehr: SandboxEhr) -> None:
    for query in ("colour=red", "date=yesterday", "date=xx2026-03-10", "date=2026-02-30"):
        answer = requests.get(f"{ehr.base}/Appointment?{query}")
        assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome"), query


def test_pages_follow_the_next_link_below_the_base(ehr: SandboxEhr) -> None:
    url, seen = f"{ehr.base}/Appointment?_count=4", []
    while url:
        bundle = requests.get(url, headers=FRESH).json()
        assert "total" not in bundle
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
        assert not url or url.startswith(f"{ehr.base}?_getpages=")
    assert len(seen) == len(set(seen)) == 6
    assert requests.get(f"{ehr.base}?_getpages=nobody").status_code == 410


def test_counting(ehr: SandboxEhr) -> None:
    counted = requests.get(f"{ehr.base}/Appointment?_summary=count").json()
    assert (counted["total"], "entry" in counted) == (6, False)
    assert requests.get(f"{ehr.base}/Appointment?_total=accurate&_count=1", headers=FRESH).json()["total"] == 6


def test_a_poller_sees_old_results_unless_it_says_no_cache(own: SandboxEhr) -> None:
    url = f"{own.base}/Appointment?status=booked"
    assert "entry" not in requests.get(url).json()
    requests.post(f"{own.base}/Appointment", json=appointment("cache-1"))
    assert "entry" not in requests.get(url).json()
    assert len(requests.get(url, headers=FRESH).json()["entry"]) == 1
    assert len(requests.get(url).json()["entry"]) == 1


def test_values_may_hold_commas_bars_and_letters_of_any_kind(own: SandboxEhr) -> None:
    odd = "Ä,1|+2 ?&x"
    requests.post(f"{own.base}/Appointment", json=appointment(odd))
    requests.post(f"{own.base}/Appointment", json=appointment("1"))
    escaped = odd.replace(",", r"\,").replace("|", r"\|")
    answer = requests.get(f"{own.base}/Appointment", params={"identifier": f"{SYSTEM}|{escaped}"})
    assert [entry["resource"]["identifier"][0]["value"] for entry in answer.json()["entry"]] == [odd]


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-03-29", "2026-03-28T23:00:00+00:00", "2026-03-29T22:00:00+00:00"),  # a day of 23 hours
        ("2026-12", "2026-11-30T23:00:00+00:00", "2026-12-31T23:00:00+00:00"),
        ("2026", "2025-12-31T23:00:00+00:00", "2026-12-31T23:00:00+00:00"),
        ("2026-03-10T09:00+01:00", "2026-03-10T08:00:00+00:00", "2026-03-10T08:01:00+00:00"),
        ("2026-03-10T09:00:00.123Z", "2026-03-10T09:00:00.123000+00:00", "2026-03-10T09:00:00.124000+00:00"),
    ],
)
def test_a_date_means_a_span(text: str, first: str, after: str) -> None:
    assert [each.isoformat() for each in span(text, "Europe/Berlin")] == [first, after]

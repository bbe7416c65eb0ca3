"""The page of the study: the registry beside us, what differs, each version, and whether the registry answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from integrator.app import open_line
from integrator.config import Source
from integrator.connectors.mllp import Arrival
from integrator.entering import add_participant
from integrator.errors import Refused, RetryLater
from integrator.sandbox.registry.record import NCT, dispo
from integrator.security.keys import Keyring
from integrator.store import people
from integrator.trial import Trial
from integrator.watching import Seen
from integrator.web.study.asked import asked
from tests.houses import NOW, NUMBER, SetClock, settings, siu
from tests.registry.registry_house import RegistryHouse
from tests.web.study.conftest import web


def text_of(app: Flask, part: str = "") -> str:
    """The words of the page, or of the section with that id, in one line."""
    html = app.test_client().get("/study").text
    if part:
        html = html[html.index(f'<section class="pane" id="{part}"') :].partition("</section>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_drift_comes_first_with_its_class_and_its_day(house: RegistryHouse, app: Flask):
    house.look()
    html = app.test_client().get("/study").text
    assert html.index('id="waits"') < html.index('id="beside"') < html.index('id="versions"')
    text = text_of(app, "waits")
    assert "our participants are on study since 2026-03-02. The registry is to be told by 2026-04-01." in text
    assert "material" in text
    assert "the day is over" not in text
    assert "The verification (2011-08) is older than the last update (2014-03-19)." in text
    house.clock.on(days=30)
    assert "the day is over" in text_of(app, "waits")


def test_the_head_says_what_the_trial_is_and_what_the_registry_says(house: RegistryHouse, app: Flask):
    house.look()
    text = text_of(app)
    assert f"DISPO {NCT}" in text
    assert (
        "The registry says COMPLETED. 1 thing differs from what we know. 1 participant, 1 of them in the study" in text
    )
    assert "The registry ctgov answered 09:15: a new version" in text


def test_status_dates_numbers_arms_and_sites_stand_beside_each_other(house: RegistryHouse, app: Flask):
    house.look()
    ours = dispo()
    ours["protocolSection"]["designModule"]["enrollmentInfo"] = {"count": 12, "type": "ACTUAL"}
    ours["protocolSection"]["statusModule"]["completionDateStruct"] = {"date": "2026-09", "type": "ESTIMATED"}
    house.trial_says(ours, "T-1")
    text = text_of(app, "beside")
    for told in (
        "Status COMPLETED which is completed completed",
        "Start 2011-09 2011-09",
        "Primary completion — —",
        "Completion differs 2013-09 (actual) 2026-09 (estimated)",
        "Number of participants differs 60 12 0 registered here",
        "Arm A: isometric training named EXPERIMENTAL named 0 participants",
        "Site University of Heidelberg, Heidelberg named Germany named Germany",
    ):
        assert told in text


def test_participants_are_counted_by_status_and_arm(house: RegistryHouse, app: Flask):
    trial = Trial(house.line, lambda: None)
    consent = datetime(2026, 3, 1, tzinfo=UTC)
    for number, (arm, status) in enumerate([("B", "on-study"), ("A", "on-study"), ("A", "off-study")], 2):
        subject = f"DISPO-HTEST-{number:03}"
        with house.line.store.write() as tx:
            known = {"subject": subject, "number": f"HTEST-{number:04}", "second": "1960-01-01"}
            add_participant(house.line, tx, **known, consent=consent, arm=arm)
        if status == "off-study":
            trial.status(subject, status, "2026-03-05", reason="moved away")
    text = text_of(app, "participants")
    assert "4 in all" in text
    assert "Status A B no arm yet All" in text
    assert "on-study 1 1 0 2" in text
    assert "off-study 1 0 0 1" in text
    assert "pending-on-study 0 0 1 1" in text


def test_each_version_says_what_it_changed_and_leads_to_its_record(house: RegistryHouse, app: Flask):
    house.look()
    house.registry.change(
        NCT,
        {
            "statusModule.overallStatus": "TERMINATED",
            "statusModule.whyStopped": "no money",
            "statusModule.lastUpdateSubmitDate": "2026-03-09",
        },
    )
    house.look()
    text = text_of(app, "versions")
    newest, oldest = text.index("2026-03-09 3 changes"), text.index("2014-03-19 the first version that we have")
    assert newest < oldest
    material = text.index("Status changed from COMPLETED to TERMINATED. material")
    assert material < text.index("Last update changed from 2014-03-19 to 2026-03-09. bookkeeping")
    client = app.test_client()
    places = re.findall(r'href="(/study/versions/\d+)"', client.get("/study").text)
    answers = [client.get(place) for place in places]
    words = [one.json["protocolSection"]["statusModule"]["overallStatus"] for one in answers]
    assert words == ["TERMINATED", "COMPLETED"]


def test_only_records_of_a_registry_are_given_out(house: RegistryHouse, app: Flask):
    house.line.receive([Arrival("aria", siu(), "test")])
    client = app.test_client()
    assert [client.get(f"/study/versions/{number}").status_code for number in range(1, 6)] == [404] * 5


def test_a_registry_that_does_not_answer_is_named_with_what_still_holds(house: RegistryHouse, app: Flask):
    house.look()
    house.clock.on(hours=1)
    house.registry.fail({"status": 503, "retry_after": 0})
    with pytest.raises(RetryLater):
        house.look()
    text = text_of(app)
    assert "The registry ctgov was asked at 10:15 and gave no record: 503" in text
    assert "No answer since 09:15. What it said before stands; it is asked every hour." in text
    assert "The registry says COMPLETED." in text
    house.look()
    assert "The registry ctgov answered 10:15: nothing new" in text_of(app)


def test_a_registry_that_lost_the_study_is_named(house: RegistryHouse, app: Flask):
    house.registry.drop(NCT)
    with pytest.raises(Refused):
        house.look()
    text = text_of(app)
    assert "gave no record: 404" in text
    assert "No answer ever." in text
    assert "No version of the registry's record is here." in text


def test_before_the_first_look_the_page_says_what_to_do(house: RegistryHouse, app: Flask):
    text = text_of(app)
    assert "The registry ctgov was not asked yet; it is asked every hour." in text
    assert "integrator registry look asks at once" in text
    assert "Nothing can be compared yet." in text


def test_without_a_registry_the_page_says_how_one_is_named(each_store: str, tmp_path: Path):
    Keyring.make(tmp_path / "integrator.keys")
    with open_line(settings(tmp_path), SetClock()) as line:
        text = text_of(web(line))
    assert "No registry is watched." in text
    assert 'kind = "registry" with nct = "NCT01409720"' in text
    assert "1 in all" in text


def test_no_name_and_no_number_of_a_person_is_on_the_page(house: RegistryHouse, app: Flask):
    house.look()
    with house.line.store.read() as tx:
        assert people.by_subject(tx, "DISPO-HTEST-001") is not None
    html = app.test_client().get("/study").text
    assert NUMBER not in html
    assert "1957-03-12" not in html


def test_the_page_obeys_the_policy(house: RegistryHouse, app: Flask):
    house.look()
    html = app.test_client().get("/study").text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert len(re.findall(r"<h1>", html)) == 1
    for place in set(re.findall(r'(?:href|src)="(/[^"]+)"', html)):
        assert app.test_client().get(place).status_code == 200, place


@pytest.mark.parametrize(
    ("base", "place"),
    [
        ("https://registry.example/api/v2", f"https://registry.example/study/{NCT}"),
        ("https://registry.example/api/v2/", f"https://registry.example/study/{NCT}"),
        ("http://127.0.0.1:8000/api/v2", ""),
        ("https://registry.example/elsewhere", ""),
    ],
)
def test_the_registrys_own_page_is_linked_where_it_is_known(base: str, place: str):
    source = Source(name="ctgov", system="ctgov", zone="Europe/Berlin", kind="registry", nct=NCT, base=base)
    assert asked(source, Seen(), NOW).record == place


def test_a_registry_that_nobody_asks_any_more_is_amber():
    source = Source(name="ctgov", system="ctgov", zone="Europe/Berlin", kind="registry", nct=NCT)
    seen = Seen(looked="2026-03-10T04:00:00+00:00", answered="2026-03-10T04:00:00+00:00", outcome="nothing new")
    told = asked(source, seen, NOW)
    assert told.look == "amber"
    assert "no process with the role schedule does" in told.lines[1]

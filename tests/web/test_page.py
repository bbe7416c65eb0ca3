"""The page of the day, rendered from a real store: what a study nurse reads, and what must never stand there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from integrator.records.values import Period
from integrator.web import Feed
from tests.web.hospital import NAME, NUMBER, Hospital, berlin, model_day


def text(html: str) -> str:
    """The words of a page, without markup."""
    body = re.sub(r"<svg.*?</svg>", "", html.split("</header>", 1)[-1], flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split()).replace(" ,", ",").replace(" .", ".").replace(" :", ":")


def read(hospital: Hospital, **settings: object) -> str:
    answer = hospital.web(**settings).test_client().get("/")
    assert answer.status_code == 200
    return answer.text


def row_of(html: str, subject: str) -> str:
    """The words of the row of one participant in the list of today."""
    rows = re.findall(r'<tr role="row" id="[ag].*?</tr>', html, flags=re.S)
    rows += re.findall(r'<tr role="row" class="gone".*?</tr>', html, flags=re.S)
    return text("</header>" + next(row for row in rows if subject in row))


def test_the_day_of_the_model_page(hospital: Hospital) -> None:
    model_day(hospital)
    html = read(hospital)
    words = text(html)
    assert "Tuesday 10 March 2026" in words
    assert "6 participants come today. Dates of 4 participants moved. 4 things wait for you." in words
    assert "In step with ARIA: last message 10:41. The page follows by itself." in words
    assert (
        "DISPO-017: Fraction 7 moved from Tue 10:00 to Thu 09:40 — machine down (ARIA, 08:12)."
        " Fractions 8 to 10 moved too." in words
    )
    assert "6 come, 2 no longer" in words
    assert "08:20 DISPO-011 A training Fraction 9 of 10, LINAC 1 evidenced" in words
    assert "11:20 DISPO-019 A training Fraction 3 of 10, LINAC 2 scheduled was 09:20, LINAC 3" in words
    assert words.index("08:40 DISPO-014") < words.index("now 10:42") < words.index("10:50 DISPO-020")
    assert "10:00 DISPO-017 Fraction 7 of 10, not today to Thu 12 Mar 09:40, LINAC 3" in words
    assert "15:40 DISPO-013 Fraction 8 of 10, not today cancelled" in words
    assert "Thu 12 March 09:20 DISPO-019 F 5 of 10, LINAC 3 09:40 DISPO-017 F 7 of 10, LINAC 3 was Tue 10:00" in words


def test_what_waits_comes_most_urgent_first(hospital: Hospital) -> None:
    model_day(hospital)
    words = text(read(hospital))
    places = [
        words.index(sentence)
        for sentence in (
            "DISPO-016: EHR refused 1 appointment — the target does not know the patient.",
            "DISPO-014: a message from ARIA is held — bytes that are not of the character set ISO 8859-1.",
            "DISPO-016: Is the code 4711 of ARIA a fraction, a visit or planning",
            "DISPO-017: 4 appointments are not in EHR yet — the target cannot write Appointment.",
        )
    ]
    assert places == sorted(places)


def test_no_name_and_no_number_reaches_the_page(hospital: Hospital) -> None:
    model_day(hospital)
    hospital.hears(berlin(10, 9), "DISPO-014", "held", "no appointment id")
    hospital.hears(berlin(10, 9), None, "held", "empty PID-3")
    client = hospital.web().test_client()
    for path in ("/", "/today", "/healthz", "/nothing"):
        page = client.get(path).text
        assert NUMBER not in page
        assert NAME not in page
        assert "Müller" not in page
        assert "index of" not in page


def test_past_rows_are_sunk_and_the_list_of_today_is_of_the_hospitals_day(hospital: Hospital) -> None:
    hospital.joins("DISPO-001")
    hospital.books("DISPO-001", berlin(10, 0, 10), 1)  # 23:10 of the day before in UTC
    hospital.books("DISPO-001", berlin(10, 10, 30), 2)  # running now: not over
    hospital.books("DISPO-001", berlin(11, 0, 10), 3)
    html = read(hospital)
    assert html.count('class="over"') == 1
    assert "1 participant comes today." in text(html)
    assert "00:10 DISPO-001 Fraction 1 of 10" in text(html)
    assert text(html).index("10:30") < text(html).index("now 10:42")
    assert "Wed 11 March 00:10 DISPO-001 F 3 of 10" in text(html)


def test_a_day_without_anyone_says_so_and_what_comes_next(hospital: Hospital) -> None:
    assert "No participant is known yet." in read(hospital)
    hospital.joins("DISPO-001")
    assert "No later appointment is known." in read(hospital)
    hospital.books("DISPO-001", berlin(16, 9, 20), 1)
    words = text(read(hospital))
    assert "Nobody comes today. No date moved. Nothing waits for you." in words
    assert "The next appointment is Mon 16 Mar 09:20." in words
    assert "nothing since Mon 9 Mar" in words


def test_a_no_show_stays_struck_and_is_told(hospital: Hospital) -> None:
    hospital.joins("DISPO-015")
    record = hospital.books("DISPO-015", berlin(10, 9, 20), 4)
    hospital.says(record, berlin(10, 9, 45), status="noshow", evidence=None)
    html = read(hospital)
    assert row_of(html, "DISPO-015") == "09:20 DISPO-015 Fraction 4 of 10, not today no show"
    assert "DISPO-015: did not come to fraction 4 today 09:20 (ARIA, 09:45)." in text(html)
    assert "Nobody comes today." in text(html)


def test_a_cancellation_of_weeks_ago_is_not_news(hospital: Hospital) -> None:
    hospital.joins("DISPO-015")
    hospital.books("DISPO-015", berlin(10, 9, 20), 4, status="cancelled")
    words = text(read(hospital))
    assert "DISPO-015" not in words


def test_next_days_are_working_days_and_days_on_which_somebody_comes(hospital: Hospital) -> None:
    hospital.clock.at = berlin(13, 8)
    hospital.joins("DISPO-015")
    html = read(hospital)
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["Mon 16 March", "Tue 17 March", "Wed 18 March"]
    hospital.books("DISPO-015", berlin(14, 9, 20), 4)
    html = read(hospital)
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["Sat 14 March", "Mon 16 March", "Tue 17 March"]


def test_records_of_nobody_in_the_trial_stand_nowhere(hospital: Hospital) -> None:
    hospital.books("DISPO-099", berlin(10, 9, 20), 4)  # no such participant
    assert "DISPO-099" not in read(hospital)


def test_a_silent_source_and_a_target_behind_turn_the_line_amber(hospital: Hospital) -> None:
    record = hospital.books("DISPO-016", berlin(12, 15, 40), 6)
    model_day(hospital)
    hospital.owes(record, "owed", "connection refused", berlin(10, 10, 41))
    assert "has not taken" not in text(read(hospital)), "two minutes are not yet late"
    hospital.clock.at = berlin(10, 11, 20)
    words = text(read(hospital))
    assert "ARIA has been silent since 10:41; dates on this page may be old." in words
    assert "EHR has not taken 1 change since 10:41; we try again by ourselves." in words
    assert "In step" not in words
    words = text(read(hospital, feeds=(Feed("aria", timedelta(hours=2)),)))
    assert "silent" not in words


def test_two_sources_are_named_in_their_order(hospital: Hospital) -> None:
    hospital.hears(berlin(10, 10, 30))
    words = text(read(hospital, feeds=(Feed("aria"), Feed("adt")), titles={"aria": "ARIA", "adt": "Admissions"}))
    assert "In step with ARIA (10:30) and Admissions (nothing yet)." in words


def test_what_moved_lasts_until_it_is_marked_as_seen(hospital: Hospital) -> None:
    model_day(hospital)
    client = hospital.web().test_client()
    until = re.search(r'name="until" value="([^"]+)"', client.get("/").text)
    assert until
    record = hospital.books("DISPO-016", berlin(12, 15, 40), 6)
    hospital.moves(record, berlin(12, 16, 0), berlin(10, 10, 43), "machine down")  # after the page was read
    hospital.clock.at = berlin(10, 10, 45)
    form = {"until": until[1]}
    answer = client.post("/today/seen", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    words = text(client.get("/").text)
    assert "What moved since all was marked as seen, 10:36" in words
    assert "DISPO-016: Fraction 6 moved" in words
    assert "DISPO-017: Fraction 7 moved" not in words
    assert "10:00 DISPO-017 Fraction 7 of 10, not today to Thu 12 Mar 09:40" in words, "the row itself stays"


@pytest.mark.parametrize("until", ["", "yesterday", "2026-03-10T10:00:00", "2999-01-01T00:00:00+00:00"])
def test_marking_as_seen_needs_a_past_instant(hospital: Hospital, until: str) -> None:
    client = hospital.web().test_client()
    answer = client.post("/today/seen", data={"until": until}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 400


def test_a_page_that_did_not_change_is_not_sent_again(hospital: Hospital) -> None:
    model_day(hospital)
    client = hospital.web().test_client()
    tag = re.search(r'hx-ptag="([^"]+)"', client.get("/").text)
    assert tag
    same = client.get("/today", headers={"HX-PTag": tag[1]})
    assert (same.status_code, same.data) == (304, b"")
    assert client.get("/today", headers={"HX-PTag": "another"}).status_code == 200


def test_every_kind_of_change_changes_the_tag(hospital: Hospital) -> None:
    hospital.joins("DISPO-001")
    record = hospital.books("DISPO-001", berlin(11, 9), 1)
    client = hospital.web().test_client()
    tags = [client.get("/today").headers["HX-PTag"]]

    def changed() -> None:
        tags.append(client.get("/today").headers["HX-PTag"])

    hospital.moves(record, berlin(12, 9), berlin(10, 10, 42), "machine down")
    changed()
    hospital.hears(berlin(10, 10, 42), None, "held", "no appointment id")
    changed()
    hospital.owes(record, "owed", None, berlin(10, 10, 42))
    changed()
    hospital.owes(record, "waiting", "a start", berlin(10, 10, 42))
    changed()
    hospital.asks("Is the code X a fraction?", berlin(10, 10, 42))
    changed()
    hospital.clock.at += timedelta(minutes=1)
    changed()
    assert len(set(tags)) == 7


def test_the_number_of_queries_does_not_grow_with_the_day(hospital: Hospital) -> None:
    queries: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        queries.append(statement)

    client = hospital.web().test_client()
    counts = []
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for many in (1, 20):
            for number in range(many):
                subject = f"DISPO-{many}{number:02}"
                hospital.joins(subject)
                record = hospital.books(subject, berlin(10, 9), number)
                hospital.moves(record, berlin(10, 11), berlin(10, 8, 12), "machine down")
            queries.clear()
            client.get("/")
            counts.append(len(queries))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]


def test_a_move_of_the_day_without_a_time_does_not_break_the_page(hospital: Hospital) -> None:
    hospital.joins("DISPO-001")
    record = hospital.books("DISPO-001", berlin(10, 9), 1, time=Period(berlin(10, 9)))  # a start without an end
    bare = hospital.books("DISPO-001", berlin(10, 9, 5), None, fractions=None, place=None, time=None, evidence=None)
    hospital.says(bare, berlin(10, 9, 30), status="noshow")
    hospital.says(record, berlin(10, 9, 31), status="arrived", evidence="arrived")
    words = text(read(hospital))
    assert "DISPO-001: did not come to fraction without a time" in words
    assert "09:00 DISPO-001 Fraction 1 of 10, LINAC 3 arrived" in words

"""The page of a participant and the list of all, over real messages: what is read there, and what never is."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Engine

from integrator.store import owed, people, records
from tests.houses import NUMBER, TestHouse
from tests.web.participant.story import SUBJECT, Teller, berlin, day_of
from tests.web.test_page import text

on_each_store = pytest.mark.usefixtures("each_store")
PAGE = f"/participants/{SUBJECT}"


def read(client: FlaskClient, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def pane(html: str, heading: str) -> str:
    """The words of one pane."""
    found = re.search(rf'<section [^>]*aria-labelledby="{heading}">.*?</section>', html, flags=re.S)
    return text("</header>" + found[0].replace("</header>", " ")) if found else ""


def rows(html: str, heading: str) -> list[str]:
    """The words of each row of a pane's table."""
    found = re.search(rf'aria-labelledby="{heading}">.*?</section>', html, flags=re.S)
    return [text("</header>" + row) for row in re.findall(r"<tr.*?</tr>", found[0], flags=re.S)[1:]] if found else []


@on_each_store
def test_the_head_and_the_facts(told: Teller, client: FlaskClient) -> None:
    words = text(read(client))
    assert f"Participants / {SUBJECT}" in words
    assert "Arm A. On study since 2 Mar 2026. Consent 2 Mar 2026." in words
    assert "Next Thu 12 Mar 09:40 Fraction 7, LINAC 3 was Tue 10 Mar 10:00" in words
    assert "Fractions given 4 of 10 2 more not confirmed: 5 only presumed and 6 only arrived" in words
    assert "Exercise sessions 4 2 done, 1 partly done, 1 not done" in words
    assert "Latest pain score 4 pain VAS, Mon 2 Mar, t0" in words
    assert "As of Tue 10 Mar 10:42." in words


def test_the_table_says_what_the_picture_shows(told: Teller, client: FlaskClient) -> None:
    html = read(client)
    table = rows(html, "h-list")
    assert len(table) == 10
    given = "given Mon 2 Mar (DFT of ARIA, Mon 2 Mar 22:10) Given? Fraction 1"
    assert table[0] == f"Fraction 1 Mon 2 Mar 10:00 LINAC 3 evidenced — {given}"
    assert table[5] == "Fraction 6 Mon 9 Mar 10:00 LINAC 3 arrived — Given? Fraction 6"
    assert table[6] == "Fraction 7 Thu 12 Mar 09:40 LINAC 3 scheduled — first plan Tue 10 Mar 10:00"
    wide = re.search(r'<svg class="tl tl-wide.*?</svg>', html, flags=re.S)
    assert wide
    leads = re.findall(r'<a href="#(\w+)"', wide[0])
    assert len([one for one in leads if one.startswith("a")]) == 10
    assert all(f'id="{one}"' in html for one in leads), "every link of the picture leads to a row"
    assert "Fraction 7, Thu 12 Mar 09:40, LINAC 3, scheduled, first planned Tue 10 Mar 10:00." in html


@on_each_store
def test_sessions_and_scores_with_the_earlier_value_struck(told: Teller, client: FlaskClient) -> None:
    told.enters(
        "Observation", berlin(10, 10, 43), {"instrument": "pain-vas", "value": 5}, "pain-vas/t0", "read wrongly"
    )
    html = read(client)
    sessions = rows(html, "h-sessions")
    assert [row.split()[0] for row in sessions] == ["S-04", "S-03", "S-02", "S-01"]
    assert "not done unwell" in sessions[0]
    assert "partly done pain supervised isometric training 4 6 7 5 Correct session S-03" in sessions[1]
    assert "<s>6</s> 7" in html
    assert rows(html, "h-scores") == ["pain VAS Mon 2 Mar t0 4 5 corrected Correct pain VAS, Mon 2 Mar"]
    assert "<s>4</s> 5" in html


@on_each_store
def test_what_changed_is_told_once_the_newest_first(told: Teller, client: FlaskClient) -> None:
    log = pane(read(client), "h-log")
    sentences = [
        "Today, Tue 10 March",
        "08:12 Fraction 7 moved from Tue 10:00 to Thu 09:40 — machine down (ARIA, 08:12). Fractions 8 to 10 moved too.",
        "Mon 9 March",
        "09:52 Fraction 6: arrived (ARIA, 09:52).",
        "22:10 Fraction 4 evidenced: given Thu 5 Mar (DFT of ARIA, 22:10).",
        "11:20 Session S-04, Thu 5 Mar 10:40 to 11:10, recorded: not done, isometric training — unwell",
        "12:00 Session S-03 corrected: pain after from 6 to 7 — typed wrongly (command line, 12:00).",
        "10:15 Fraction 1: appointment over, so presumed (ARIA, 10:15).",
        "08:40 Fractions 1 to 10 booked: Mon 2 Mar 10:00 to Fri 13 Mar 10:00 (ARIA, 08:40).",
        "08:30 Pain VAS t0, Mon 2 Mar recorded: 4 (command line, 08:30).",
    ]
    places = [log.index(sentence) for sentence in sentences]
    assert places == sorted(places)
    assert log.count("S-01") == 1, "the scores of a session stand in the session's own sentence"
    assert log.count("Fraction 4") == 2, "a report and the rung that it makes are one sentence"


def test_a_fraction_that_moves_twice_in_a_day_is_told_twice(told: Teller, client: FlaskClient) -> None:
    told.says("S13", 7, berlin(10, 10, 30), start="20260312110000", end="20260312112000", why="machine down")
    log = pane(read(client), "h-log")
    assert "10:30 Fraction 7 moved from Thu 09:40 to Thu 11:00 — machine down (ARIA, 10:30)." in log
    assert "08:12 Fraction 7 moved from Tue 10:00 to Thu 09:40" in log


def test_several_charges_of_one_message_are_each_told_of_their_own_fraction(told: Teller, client: FlaskClient) -> None:
    told.charges(6, berlin(9, 22, 10), more=berlin(6, 22))
    log = pane(read(client), "h-log")
    assert "Fraction 6 evidenced: given Mon 9 Mar (DFT of ARIA, 22:10)." in log
    assert "Fraction 5 evidenced: given Fri 6 Mar (DFT of ARIA, 22:10)." in log


def test_rungs_of_one_minute_and_source_are_one_sentence(told: Teller, client: FlaskClient) -> None:
    for number in (8, 9, 10):
        told.says("S14", number, berlin(10, 10, 30), status="Complete")
    log = pane(read(client), "h-log")
    assert "10:30 Fractions 8 to 10: appointments over, so presumed (ARIA, 10:30)." in log
    assert "10:15 Fraction 5: appointment over, so presumed" in log


def test_a_credit_takes_a_rung_back_and_both_are_told(told: Teller, client: FlaskClient) -> None:
    told.charges(4, berlin(5, 23, 0), kind="CD")
    html = read(client)
    assert "Fraction 4: evidenced no longer, now presumed" in pane(html, "h-log")
    assert "Fractions given 3 of 10" in text(html)


def test_a_cancellation_that_is_the_first_we_hear_is_no_booking(told: Teller, client: FlaskClient) -> None:
    told.says("S15", 9, berlin(10, 10, 30), filler="F-90", start="20260319100000", end="20260319102000", why="unwell")
    log = pane(read(client), "h-log")
    assert "10:30 Fraction 9 Thu 19 Mar 10:00 cancelled — unwell (ARIA, 10:30)." in log
    assert "Fraction 9 of 10 booked" not in log


@on_each_store
def test_what_waits_comes_first_and_only_for_this_participant(told: Teller, client: FlaskClient) -> None:
    assert "Waits for you" not in read(client)
    told.says("S12", 1, berlin(10, 10, 0), filler="F-99", activity="XYZ")
    told.says("S12", 1, berlin(10, 10, 1), filler="F-98", start="20261399000000")
    with told.here.line.store.write() as tx:
        row = records.of_subject(tx, SUBJECT, "Appointment")[6]
        args = ("ehr", row.number, "fhir-r4/appointment")
        owed.mark(tx, *args, "refused", "the target does not know the patient", told.here.clock.now())
    html = read(client)
    words = text(html)
    order = [
        "refused 1 appointment — the target does not know the patient.",
        "A message from ARIA is held",
        "What is the activity",
    ]
    places = [words.index(one) for one in order]
    assert places == sorted(places)
    assert "Waits for you 3" in words
    assert html.index('id="waits"') < html.index('class="facts"')
    assert text(read(client, "/participants")).count("3 things") == 1


@on_each_store
def test_a_report_that_the_schedule_denies_is_a_dashed_question(told: Teller, client: FlaskClient) -> None:
    told.says("S15", 4, berlin(10, 10, 30), why="patient unwell")
    html = read(client)
    words = text(html)
    assert "another source says that it was not" in words
    assert re.search(r"Fraction 4, [^\"]*cancelled, a question waits", html)
    assert 'class="r-ask"' in html


def test_an_unknown_activity_is_a_question_and_no_fraction(told: Teller, client: FlaskClient) -> None:
    told.says("S12", 1, berlin(10, 10), filler="F-99", activity="XYZ", start="20260318100000", end="20260318102000")
    html = read(client)
    assert "Fractions given 4 of 10" in text(html)
    assert rows(html, "h-list")[-1] == "Appointment Wed 18 Mar 10:00 LINAC 3 scheduled — question"
    assert "Appointment, Wed 18 Mar 10:00, LINAC 3, scheduled, a question waits" in html


def test_older_changes_are_folded_away_whole_days_at_a_time(told: Teller, client: FlaskClient) -> None:
    assert "<details>" not in read(client)
    for minute, (instrument, value) in enumerate((("karnofsky", 80), ("ecog", 1), ("weight", 71.5))):
        entry: dict[str, object] = {"instrument": instrument, "value": value, "time": "2026-03-10"}
        told.enters("Observation", berlin(10, 10, minute), entry)
    shown, _, older = read(client).partition("<details>")
    assert "<summary>Older: 7 changes since Mon 2 March</summary>" in older
    assert "<h3>Mon 2 March</h3>" in older
    assert "<h3>Tue 3 March</h3>" in shown
    assert "<h3>Mon 2 March</h3>" not in shown


def test_a_report_of_a_cancelled_fraction_is_told_as_a_difference(told: Teller, client: FlaskClient) -> None:
    told.says("S15", 7, berlin(10, 10, 30), start="20260312094000", end="20260312100000", why="unwell")
    told.charges(7, berlin(12, 22, 10))
    html = read(client)
    difference = "22:10 Fraction 7: only presumed, for sources differ: given Thu 12 Mar (DFT of ARIA, 22:10)."
    assert difference in pane(html, "h-log")
    assert "another source says that it was not" in text(html)


def test_nobody_is_404_in_words(client: FlaskClient) -> None:
    answer = client.get("/participants/DISPO-999")
    assert answer.status_code == 404
    assert "No participant has the subject code DISPO-999." in answer.text
    assert client.get(f"{PAGE}/records/4711").status_code == 404


def test_an_empty_course_says_what_is_so_and_what_to_do(empty: TestHouse, client: FlaskClient) -> None:
    words = text(read(client))
    assert "No fraction is known yet." in words
    assert "No session is recorded yet. Record a session" in words
    assert "No score is recorded yet. Record a pain score" in words
    assert "No arm yet. Before registration" in words


def test_no_name_and_no_number_reaches_a_page(told: Teller, client: FlaskClient) -> None:
    told.says("S12", 1, berlin(10, 10, 1), filler="F-98", start="20261399000000")
    with told.here.line.store.read() as tx:
        numbers = [
            row.number for kind in ("ExerciseSession", "Observation") for row in records.of_subject(tx, SUBJECT, kind)
        ]
        index = people.by_subject(tx, SUBJECT).number_index.hex()  # type: ignore[union-attr]
    for address in (PAGE, "/participants", "/", *(f"{PAGE}/records/{number}" for number in numbers)):
        html = client.get(address).text
        for secret in (NUMBER, "Müller", "Anna", "1957", index):
            assert secret not in html


def test_an_erased_patient_leaves_a_page_without_reasons(told: Teller, client: FlaskClient) -> None:
    with told.here.line.store.write() as tx:
        participant = people.by_subject(tx, SUBJECT)
        assert participant is not None
        people.erase_patient(tx, participant.patient_id, told.here.clock.now())
    words = text(read(client))
    assert "Fractions given 4 of 10" in words
    assert "unwell" not in words
    assert "machine down" not in words


@on_each_store
def test_the_list_has_everyone_in_one_line(told: Teller, client: FlaskClient) -> None:
    html = read(client, "/participants")
    assert rows(html, "h-everyone") == [
        f"{SUBJECT} On study Arm A, since 2 Mar 2026 Thu 12 Mar 09:40 Fraction 7, LINAC 3 4 of 10 nothing"
    ]
    assert "1 participant. Nothing waits for you." in text(html)
    assert f'href="{PAGE}"' in html


def test_the_navigation_leads_to_the_pages_that_there_are(told: Teller, client: FlaskClient) -> None:
    nav = re.search(r'<nav class="pages".*?</nav>', read(client), flags=re.S)
    assert nav
    assert re.findall(r'href="(/[^"]*)"', nav[0]) == ["/", "/participants", "/study"]
    assert re.findall(r'href="(/[^"]*)" aria-current="page"', nav[0]) == ["/participants"]
    told.here.clock.at = berlin(12, 8)
    assert f'<a class="who" href="{PAGE}">{SUBJECT}</a>' in read(client, "/")


def test_times_are_those_of_the_hospital(told: Teller, client: FlaskClient) -> None:
    assert day_of(10).isoformat() == "2026-03-13"
    told.here.clock.at = berlin(29, 12)  # summer time began that morning
    told.says("S12", 11, berlin(29, 12), start="20260330100000", end="20260330102000")
    assert "Mon 30 Mar 10:00" in text(read(client))


def test_markup_in_what_a_source_says_is_text(told: Teller, client: FlaskClient) -> None:
    told.says("S13", 8, berlin(10, 10, 30), start="20260313094000", end="20260313100000", machine="<b>LINAC</b>")
    assert "<b>LINAC</b>" not in read(client)


def test_the_number_of_queries_does_not_grow_with_the_course(told: Teller, client: FlaskClient) -> None:
    queries: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        queries.append(statement)

    counts = []
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for address in (PAGE, "/participants"):
            queries.clear()
            read(client, address)
            counts.append(len(queries))
        for number in range(11, 31):
            told.says("S12", number, berlin(10, 10, 42))
            told.says("S13", number, berlin(10, 10, 43), start="20260401100000", end="20260401102000")
        for address in (PAGE, "/participants"):
            queries.clear()
            read(client, address)
            counts.append(len(queries))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert counts[:2] == counts[2:]
    assert max(counts) < 25

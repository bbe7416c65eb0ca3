"""Recording, correcting and taking back on the page: once each, through the line, wrong fields told in words."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from integrator.entering import said_of, withdraw
from integrator.house import TRIAL
from integrator.records import Said
from integrator.store import journal, messages, people, records
from tests.houses import TestHouse
from tests.web.participant.story import SAME, SUBJECT, Teller, berlin
from tests.web.participant.test_participant_page import PAGE, pane, read, rows
from tests.web.test_page import text

on_each_store = pytest.mark.usefixtures("each_store")

SESSION = {
    "status": "completed", "program": "isometric-training", "setting": "supervised", "day": "2026-03-10",
    "from": "09:40", "to": "10:10", "pain_before": "4", "pain_after": "3", "exertion": "5", "reason": "",
}  # fmt: skip
SCORE = {"instrument": "pain-vas", "value": "3.5", "absent": "", "timepoint": "t1", "day": "2026-03-10", "from": ""}


def once(html: str, address: str) -> str:
    """The name of a filling-in of the form that goes to this address."""
    found = re.search(rf'action="{re.escape(address)}[^"]*">.*?name="once" value="([0-9a-f]+)"', html, flags=re.S)
    assert found
    return found[1]


def send(client: FlaskClient, address: str, values: dict[str, str]) -> TestResponse:
    """A form with the names of its own filling-in, unless the values say one."""
    if "once" not in values:
        shown = address.rpartition("/")[0]
        values = {"once": once(read(client, shown), address)} | values
    return client.post(address, data=values, headers=SAME)


def said(here: TestHouse, kind: str, key: str) -> Said:
    with here.line.store.read() as tx:
        participant = people.by_subject(tx, SUBJECT)
        assert participant is not None
        return said_of(here.line, tx, kind, f"{SUBJECT}/{key}", participant) or {}


def number(here: TestHouse, kind: str, key: str) -> int:
    with here.line.store.read() as tx:
        row = records.get(tx, kind, f"{SUBJECT}/{key}")
        assert row is not None
        return row.number


def entries(here: TestHouse) -> int:
    """How many messages the trial has sent itself."""
    with here.line.store.read() as tx:
        return sum(messages.counts(tx, only=TRIAL).values())


def wrong_texts(html: str) -> list[str]:
    """What the page says beside its fields."""
    return re.findall(r'class="wrong-text">([^<]*)<', html)


def test_a_session_is_recorded_and_its_line_is_marked(told: Teller, client: FlaskClient) -> None:
    answer = send(client, f"{PAGE}/sessions", SESSION)
    assert answer.status_code == 303
    record = number(told.here, "ExerciseSession", "S-05")
    assert answer.location == f"{PAGE}?marked={record}#s{record}"
    kept = said(told.here, "ExerciseSession", "S-05")
    assert (kept["status"], kept["pain_before"], kept["exertion"]) == ("completed", 4, 5)
    assert kept["time"].start == berlin(10, 9, 40)
    html = read(client, answer.location)
    assert f'<tr id="s{record}" aria-current="true">' in html
    assert "done saved supervised" in rows(html, "h-sessions")[0]
    assert "Session S-05, Tue 10 Mar 09:40 to 10:10, recorded: done, isometric training, pain 4 before and 3 after" in (
        pane(html, "h-log")
    )
    assert "(entered on this page, 10:42)" in pane(html, "h-log")


def test_it_goes_through_the_line_as_an_entry_of_the_page(told: Teller, client: FlaskClient) -> None:
    before = entries(told.here)
    send(client, f"{PAGE}/sessions", SESSION)
    assert entries(told.here) == before + 1
    with told.here.line.store.read() as tx:
        row = records.get(tx, "Observation", f"{SUBJECT}/S-05/pain-vas/before")
        assert row is not None
        told_of = [(one.actor, one.action) for one in journal.about(tx, "ExerciseSession", f"{SUBJECT}/S-05")]
    assert ("page", "entered") in told_of


@on_each_store
@pytest.mark.parametrize(("form", "values"), [("sessions", SESSION), ("scores", SCORE)])
def test_a_double_click_is_one_entry(told: Teller, client: FlaskClient, form: str, values: dict[str, str]) -> None:
    address = f"{PAGE}/{form}"
    filled = {"once": once(read(client), address)} | values
    before = entries(told.here)
    first = send(client, address, filled)
    told.here.clock.on(seconds=1)
    second = send(client, address, filled)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert entries(told.here) == before + 1


@on_each_store
def test_two_sessions_get_two_names(told: Teller, client: FlaskClient) -> None:
    send(client, f"{PAGE}/sessions", SESSION)
    send(client, f"{PAGE}/sessions", SESSION | {"from": "10:20", "to": "10:30"})
    assert [row.split()[0] for row in rows(read(client), "h-sessions")][:2] == ["S-06", "S-05"]


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(told: Teller, client: FlaskClient) -> None:
    before = entries(told.here)
    typed = SESSION | {"status": "stopped", "from": "9.40", "pain_after": "11"}
    answer = send(client, f"{PAGE}/sessions", typed)
    assert answer.status_code == 422
    assert "What is wrong stands at its field" in answer.text
    assert wrong_texts(answer.text) == ["&#39;9.40&#39; is no time of day; write it as 09:40."]
    assert 'value="9.40"' in answer.text
    assert re.search(r'name="status" value="stopped" checked', answer.text)
    answer = send(client, f"{PAGE}/sessions", typed | {"from": "09:40"})
    assert wrong_texts(answer.text) == ["Say why it was stopped.", "Pain VAS is a number from 0 to 10; 11 is not."]
    assert answer.text.count(" autofocus") == 1
    assert entries(told.here) == before, "nothing was taken"


SESSIONS_THAT_CANNOT_BE = [
    ({"day": "2026-03-12"}, "is in the future"),
    ({"day": "12.03.2026"}, "12.03.2026 is not how dates are written here; write 2026-03-12"),
    ({"day": "2026-02-27"}, "2026-02-27 is before the consent of 2026-03-02"),
    ({"to": "09:00"}, "The end is before the start"),
    ({"day": "", "from": "", "to": ""}, "When was it? write start and end, or only day"),
    ({"status": ""}, "Did it take place?"),
    ({"program": ""}, "Which unit was it?"),
]


def test_a_session_that_cannot_be(told: Teller, client: FlaskClient) -> None:
    for changed, words in SESSIONS_THAT_CANNOT_BE:
        answer = send(client, f"{PAGE}/sessions", SESSION | changed)
        assert answer.status_code == 422
        assert any(words in one for one in wrong_texts(answer.text)), wrong_texts(answer.text)


def test_a_session_that_was_not_done_says_when_it_should_have_been(told: Teller, client: FlaskClient) -> None:
    missed = SESSION | {"status": "not-done", "pain_before": "", "pain_after": "", "exertion": "", "reason": "unwell"}
    assert send(client, f"{PAGE}/sessions", missed).status_code == 303
    kept = said(told.here, "ExerciseSession", "S-05")
    assert "time" not in kept
    assert kept["planned"].start == berlin(10, 9, 40)
    assert "Tue 10 Mar 09:40 to 10:10 not done unwell" in rows(read(client), "h-sessions")[0]


def test_a_score_is_recorded(told: Teller, client: FlaskClient) -> None:
    answer = send(client, f"{PAGE}/scores", SCORE)
    assert answer.status_code == 303
    assert said(told.here, "Observation", "pain-vas/t1")["value"].value == 3.5
    assert rows(read(client, answer.location), "h-scores")[0].startswith("pain VAS Tue 10 Mar t1 3.5 final saved")


def test_a_score_that_was_not_asked(told: Teller, client: FlaskClient) -> None:
    assert send(client, f"{PAGE}/scores", SCORE | {"value": "", "absent": "asked-declined"}).status_code == 303
    assert "t1 declined final" in rows(read(client), "h-scores")[0]


SCORES_THAT_CANNOT_BE = [
    ({"value": "12"}, "Pain VAS is a number from 0 to 10; 12 is not."),
    ({"value": "3,5"}, "3,5 has a decimal comma; write 3.5."),
    ({"value": ""}, "The value is missing"),
    ({"absent": "not-asked"}, "exclude each other"),
    ({"instrument": "pain-nrs"}, "Pain NRS is a whole number from 0 to 10"),
    ({"timepoint": "t0"}, "There is a pain VAS of t0 already; correct that one in the list."),
]


def test_a_score_that_cannot_be(told: Teller, client: FlaskClient) -> None:
    for changed, words in SCORES_THAT_CANNOT_BE:
        answer = send(client, f"{PAGE}/scores", SCORE | changed)
        assert answer.status_code == 422
        assert any(words in one for one in wrong_texts(answer.text)), wrong_texts(answer.text)
    assert said(told.here, "Observation", "pain-vas/t0")["value"].value == 4


@on_each_store
def test_a_score_is_corrected_with_its_reason(told: Teller, client: FlaskClient) -> None:
    record = number(told.here, "Observation", "pain-vas/t0")
    address = f"{PAGE}/records/{record}"
    assert "Assessed Mon 2 Mar. Now: 4." in read(client, address)
    filled = {"version": "1", "value": "6", "why": ""}
    answer = send(client, f"{address}/correct", filled)
    assert answer.status_code == 422
    assert wrong_texts(answer.text) == ["Say why it is corrected: typed wrongly, asked again."]
    assert 'value="6"' in answer.text
    answer = send(client, f"{address}/correct", filled | {"why": "read wrongly"})
    assert answer.location == f"{PAGE}?marked={record}#o{record}"
    kept = said(told.here, "Observation", "pain-vas/t0")
    assert (kept["value"].value, kept["status"]) == (6, "corrected")
    html = read(client)
    assert "<s>4</s> 6" in html
    assert "Pain VAS t0, Mon 2 Mar corrected: value from 4 to 6 — read wrongly (entered on this page, 10:42)." in (
        pane(html, "h-log")
    )


def test_scores_of_a_session_are_corrected_in_the_session(told: Teller, client: FlaskClient) -> None:
    record = number(told.here, "ExerciseSession", "S-01")
    address = f"{PAGE}/records/{record}/correct"
    values = {"version": "1", "pain_before": "4", "pain_after": "", "exertion": "6.5", "why": "typed wrongly"}
    assert send(client, address, values).status_code == 303
    kept = said(told.here, "ExerciseSession", "S-01")
    assert (kept["pain_before"], kept["pain_after"], kept["exertion"]) == (4, None, 6.5)
    assert said(told.here, "Observation", "S-01/pain-vas/after")["status"] == "entered-in-error"
    assert said(told.here, "Observation", "S-01/borg-cr10")["value"].value == 6.5
    assert "pain after <s>3</s> taken back, exertion from <s>5</s> to <b>6.5</b>" in read(client)


def test_nothing_that_differs_is_no_correction(told: Teller, client: FlaskClient) -> None:
    record = number(told.here, "Observation", "pain-vas/t0")
    answer = send(client, f"{PAGE}/records/{record}/correct", {"version": "1", "value": "4", "why": "to be sure"})
    assert answer.status_code == 422
    assert "Nothing differs from what is recorded." in answer.text


def test_a_correction_of_what_changed_meanwhile_is_asked_again(told: Teller, client: FlaskClient) -> None:
    record = number(told.here, "Observation", "pain-vas/t0")
    address = f"{PAGE}/records/{record}/correct"
    values = {"version": "1", "value": "6", "why": "read wrongly"}
    send(client, address, values)
    answer = send(client, address, values | {"value": "7"})
    assert answer.status_code == 422
    assert "It was changed meanwhile" in answer.text
    assert "Now: 6." in answer.text
    assert 'value="7"' in answer.text
    assert said(told.here, "Observation", "pain-vas/t0")["value"].value == 6


@on_each_store
def test_a_session_is_taken_back_with_its_scores(told: Teller, client: FlaskClient) -> None:
    record = number(told.here, "ExerciseSession", "S-02")
    address = f"{PAGE}/records/{record}/error"
    answer = send(client, address, {"why": ""})
    assert wrong_texts(answer.text) == ["Say why it is taken back: other participant, entered twice."]
    filled = {"once": once(read(client, address.rpartition("/")[0]), address), "why": "other participant"}
    assert send(client, address, filled).status_code == 303
    assert send(client, address, filled).status_code == 303, "a double click is one"
    assert said(told.here, "Observation", "S-02/pain-vas/before")["status"] == "entered-in-error"
    html = read(client)
    assert "Session S-02 taken back, entered in error — other participant" in pane(html, "h-log")
    row = next(row for row in rows(html, "h-sessions") if row.startswith("S-02"))
    assert "entered in error" in row
    assert "Correct" not in row
    assert client.get(address.rpartition("/")[0]).status_code == 404
    again = client.post(address, data={"why": "again"}, headers=SAME)
    assert again.status_code == 422
    assert "It was taken back already" in again.text
    assert send(client, f"{PAGE}/sessions", SESSION).status_code == 303
    assert rows(read(client), "h-sessions")[0].startswith("S-05"), "no name is used twice"


def test_a_score_that_was_taken_back_can_be_recorded_again(told: Teller, client: FlaskClient) -> None:
    record = number(told.here, "Observation", "pain-vas/t0")
    send(client, f"{PAGE}/records/{record}/error", {"why": "other participant"})
    assert send(client, f"{PAGE}/scores", SCORE | {"timepoint": "t0", "value": "2"}).status_code == 303
    kept = said(told.here, "Observation", "pain-vas/t0")
    assert kept["value"].value == 2
    assert kept["status"] != "entered-in-error"


@on_each_store
def test_what_consent_does_not_cover_is_not_kept(told: Teller, client: FlaskClient) -> None:
    with told.here.line.store.write() as tx:
        withdraw(told.here.line, tx, SUBJECT, "everything", "2026-03-10", "no more", "command line")
    before = entries(told.here)
    answer = send(client, f"{PAGE}/sessions", SESSION)
    assert answer.status_code == 422
    assert "Nothing was saved: the participant&#39;s consent does not cover this day." in answer.text
    assert entries(told.here) == before
    assert "Consent to everything withdrawn from 10 Mar 2026." in read(client).replace("<b>", "").replace("</b>", "")


def test_a_form_of_a_foreign_page_is_refused(told: Teller, client: FlaskClient) -> None:
    before = entries(told.here)
    for form in ("sessions", "scores"):
        assert client.post(f"{PAGE}/{form}", data=SESSION).status_code == 403
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert client.post(f"{PAGE}/{form}", data=SESSION, headers=foreign).status_code == 403
    assert entries(told.here) == before


def test_nobody_can_be_entered_for_whom_there_is_not(client: FlaskClient) -> None:
    for form in ("sessions", "scores", "records/1/correct", "records/1/error"):
        assert client.post(f"/participants/DISPO-999/{form}", data=SESSION, headers=SAME).status_code == 404


def test_one_participant_s_record_is_not_another_s(told: Teller, client: FlaskClient) -> None:
    with told.here.line.store.read() as tx:
        appointment = records.of_subject(tx, SUBJECT, "Appointment")[0].number
    assert client.get(f"{PAGE}/records/{appointment}").status_code == 404
    of_session = number(told.here, "Observation", "S-01/pain-vas/before")
    assert client.get(f"{PAGE}/records/{of_session}").status_code == 404, "it is corrected in its session"


def test_texts_of_people_are_escaped(told: Teller, client: FlaskClient) -> None:
    reason = '<script>alert("x")</script>'
    send(client, f"{PAGE}/sessions", SESSION | {"status": "stopped", "reason": reason})
    html = read(client)
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


# a person's word on a fraction


def fraction(here: TestHouse, place: int) -> int:
    """The number of the n-th fraction's record."""
    with here.line.store.read() as tx:
        found = next(row for row in records.of_subject(tx, SUBJECT, "Appointment") if row.body.get("fraction") == place)
        return found.number


GIVEN = {"status": "completed", "day": "2026-03-06", "from": "", "to": "", "dose": "2.5", "unit": "Gy", "reason": ""}


@on_each_store
def test_a_person_s_word_makes_a_fraction_attested(told: Teller, client: FlaskClient) -> None:
    record = fraction(told.here, 5)
    address = f"{PAGE}/fractions/{record}"
    shown = read(client, address)
    assert "Fraction 5, Fri 6 Mar 10:00, LINAC 3, presumed." in shown
    filled = {"once": once(shown, address)} | GIVEN
    before = entries(told.here)
    for _ in range(2):
        answer = client.post(address, data=filled, headers=SAME)
        assert answer.location == f"{PAGE}?marked={record}#a{record}"
        told.here.clock.on(seconds=1)
    assert entries(told.here) == before + 1
    html = read(client, answer.location)
    row = next(row for row in rows(html, "h-list") if row.startswith("Fraction 5"))
    assert "attested 2.5 Gy given Fri 6 Mar, 2.5 Gy (entered here, 10:42) saved" in row
    assert "Fraction 5 attested: given Fri 6 Mar, 2.5 Gy (entered on this page, 10:42)." in pane(html, "h-log")
    assert "Fractions given 5 of 10" in pane_of_facts(html)


def pane_of_facts(html: str) -> str:
    """The words of the facts under the head."""
    found = re.search(r'<dl class="facts">.*?</dl>', html, flags=re.S)
    return text("</header>" + found[0]) if found else ""


def test_a_word_can_be_changed_and_taken_back(told: Teller, client: FlaskClient) -> None:
    address = f"{PAGE}/fractions/{fraction(told.here, 5)}"
    client.post(address, data=GIVEN, headers=SAME)
    assert re.search(r'name="status" value="completed" checked', read(client, address))
    client.post(address, data=GIVEN | {"status": "entered-in-error", "dose": ""}, headers=SAME)
    assert "presumed" in next(row for row in rows(read(client), "h-list") if row.startswith("Fraction 5"))
    assert "My word back" not in read(client, address)


def test_a_word_that_cannot_be(told: Teller, client: FlaskClient) -> None:
    address = f"{PAGE}/fractions/{fraction(told.here, 5)}"
    for changed, words in (
        ({"status": ""}, "Was it given? write given, partly or not given"),
        ({"status": "not-done"}, "Say why it was not given"),
        ({"dose": "2,5"}, "2,5 has a decimal comma; write 2.5"),
        ({"unit": ""}, "A dose needs its unit"),
        ({"day": "2026-03-20"}, "is in the future"),
    ):
        answer = client.post(address, data=GIVEN | changed, headers=SAME)
        assert answer.status_code == 422
        assert any(words in one for one in wrong_texts(answer.text)), (changed, wrong_texts(answer.text))
    assert client.get(f"{PAGE}/fractions/{fraction(told.here, 7)}").status_code == 404, "its day has not come"
    assert client.post(address, data=GIVEN).status_code == 403

"""What the hospital did with a participant's number, and documents that came: on their page in words."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from integrator.doings import Doings
from integrator.numbers_told import OTHERS
from tests.houses import NUMBER, TestHouse, siu
from tests.test_renumbering import NEW, adt, feed, link
from tests.web.participant.test_participant_page import PAGE, pane, read, rows

pytestmark = pytest.mark.usefixtures("each_store")


def test_a_page_without_news_of_the_hospital_has_no_such_pane(empty: TestHouse, client: FlaskClient) -> None:
    assert pane(read(client), "h-beside") == ""


def test_a_retired_number_is_told_and_shown_nowhere(empty: TestHouse, client: FlaskClient) -> None:
    feed(empty, adt(at="20260302050000"))
    html = read(client)
    assert rows(html, "h-beside") == [
        "Mon 2 Mar 05:00 The hospital retired their number: messages come under another one now, and both find them."
    ]
    assert NUMBER not in html
    assert NEW not in html


@pytest.mark.parametrize(
    ("event", "into", "prior", "told"),
    [
        ("A40", NUMBER, NEW, "The hospital retired another number into theirs: what comes under it is theirs too."),
        ("A47", NEW, NUMBER, "The hospital changed their number to another one; both find them."),
        ("A24", NEW, NUMBER, "The hospital linked their number with another: both find them."),
        ("A44", NEW, NUMBER, OTHERS["records"]),
    ],
)
def test_each_kind_of_change_has_its_words(
    empty: TestHouse, client: FlaskClient, event: str, into: str, prior: str, told: str
) -> None:
    feed(empty, adt(event, into, prior, at="20260302050000"))
    assert rows(read(client), "h-beside") == [f"Mon 2 Mar 05:00 {told}"]


def test_what_was_taken_back_or_has_no_effect_says_so(empty: TestHouse, client: FlaskClient) -> None:
    feed(empty, adt(at="20260302050000"), adt("A40", NUMBER, NEW, "A2", "20260302050100"))
    assert "It has no effect: these merges would go in a circle" in pane(read(client), "h-beside")
    Doings(empty.line, lambda: None).commands()["participant unmerge"]("DISPO-HTEST-001", reason="a namesake", change=1)
    empty.read_all()
    told = pane(read(client), "h-beside")
    assert "The hospital retired their number: messages come under another one now" in told
    assert told.count("A person took it back.") == 1
    assert "A person took back a change of numbers." in told


def test_of_two_enrolled_neither_page_tells_of_the_others_numbers(empty: TestHouse, client: FlaskClient) -> None:
    empty.clock.on(days=9)
    link(empty, "DISPO-HTEST-002", NEW)
    feed(empty, adt("A40", NEW, "HTEST-0055", "A0", "20260302040000"), adt(at="20260302050000"))
    assert len(rows(read(client), "h-beside")) == 1
    assert "It has no effect: both numbers are enrolled in the trial" in pane(read(client), "h-beside")
    assert len(rows(read(client, "/participants/DISPO-HTEST-002"), "h-beside")) == 2
    for address in (PAGE, "/participants/DISPO-HTEST-002"):
        assert "are one person; in the trial they stay two" in read(client, address)


def test_documents_and_blocked_time_stand_there(empty: TestHouse, client: FlaskClient) -> None:
    document = siu("S12", "D1", "20260302050000").replace(b"SIU^S12^SIU_S12", b"MDM^T02^MDM_T02")
    feed(empty, document, siu("S23", "B1", "20260302051000", status="Blocked"))
    newest, oldest = rows(read(client), "h-beside")
    assert newest.startswith("Mon 2 Mar 05:10 Time of a machine was blocked or opened again (SIU S23 of")
    assert oldest.startswith("Mon 2 Mar 05:00 A document came (MDM T02 of")


def test_a_record_that_was_another_participants_shows(empty: TestHouse, client: FlaskClient) -> None:
    """Older versions are sealed for the one who had the number while it was merged."""
    empty.clock.on(days=9)
    feed(empty, adt(), siu("S15", "M2", filler="F-2", number=NEW, why="HTEST-Müller kann nicht"))
    feed(empty, adt("A37", control_id="A2", at="20260310120000"))
    link(empty, "DISPO-HTEST-002", NEW)
    empty.read_all()
    assert "cancelled" in pane(read(client, "/participants/DISPO-HTEST-002"), "h-list")
    assert pane(read(client), "h-list").endswith("No appointment is known yet.")
    assert read(client, PAGE)

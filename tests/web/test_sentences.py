"""Every sentence of the page, as it is read and as it is marked up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from integrator.records import Said
from integrator.records.values import Period, Place
from integrator.store.today import Held, Question, Step, Stuck
from integrator.web.today.moves import Move, kind_of, net_moves
from integrator.web.today.sentences import (
    Voice,
    fractions_named,
    held_told,
    moves_told,
    question_told,
    source_told,
    stuck_told,
)
from tests.web.hospital import BERLIN, berlin

VOICE = Voice(
    date(2026, 3, 10), BERLIN, {"aria": "ARIA", "ehr": "EHR"}, lambda step: step.why.decode() if step.why else None
)


def said(start: datetime | None, place: str | None = "LINAC 3", number: int | None = 7, **more: Any) -> Said:
    fields: Said = {"status": "booked", "fraction": number, "fractions": 10}
    if start:
        fields["time"] = Period(start, start + timedelta(minutes=20))
    if place:
        fields["place"] = Place(name=place)
    return fields | more


def step(
    before: Said | None, after: Said, why: str | None = "machine down", at: datetime | None = None,
    record: int = 1, version: int = 2, subject: str = "DISPO-017", read: datetime | None = None,
) -> Step:  # fmt: skip
    at = at or berlin(10, 8, 12)
    return Step(
        record, version, subject, read or at, before, after, b"index", why.encode() if why else None, "aria", at,
        read or at,
    )  # fmt: skip


def told(*steps: Step) -> list[str]:
    return [sentence.striptags() for _, sentence in moves_told(net_moves(steps), VOICE)]


def test_a_move_says_from_to_why_and_source() -> None:
    moved = step(said(berlin(10, 10)), said(berlin(12, 9, 40)))
    assert told(moved) == ["DISPO-017: Fraction 7 moved from Tue 10:00 to Thu 09:40 — machine down (ARIA, 08:12)."]


def test_what_was_is_struck_and_what_is_now_is_bold() -> None:
    [(kind, html)] = moves_told(net_moves([step(said(berlin(10, 10)), said(berlin(12, 9, 40)))]), VOICE)
    assert kind == "moved"
    assert "from <s>Tue 10:00</s> to <b>Thu 09:40</b>" in html


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            said(berlin(10, 10, 20)),
            said(berlin(10, 13, 20), "LINAC 1"),
            "DISPO-017: Fraction 7 moved from today 10:20, LINAC 3 to today 13:20, LINAC 1 — machine down"
            " (ARIA, 08:12).",
        ),
        (
            said(berlin(10, 10, 20)),
            said(berlin(10, 10, 20), "LINAC 1"),
            "DISPO-017: Fraction 7 today 10:20 moved from LINAC 3 to LINAC 1 — machine down (ARIA, 08:12).",
        ),
        (
            said(berlin(10, 15, 40)),
            said(berlin(10, 15, 40), status="cancelled"),
            "DISPO-017: Fraction 7 today 15:40 cancelled — machine down (ARIA, 08:12).",
        ),
        (
            said(berlin(10, 8)),
            said(berlin(10, 8), status="noshow"),
            "DISPO-017: did not come to fraction 7 today 08:00 — machine down (ARIA, 08:12).",
        ),
        (
            said(berlin(16, 8)),
            said(berlin(16, 8), status="entered-in-error"),
            "DISPO-017: Fraction 7 Mon 16 Mar 08:00 taken back, entered in error — machine down (ARIA, 08:12).",
        ),
        (
            said(berlin(11, 8), status="cancelled"),
            said(berlin(11, 8)),
            "DISPO-017: Fraction 7 is booked again, Wed 08:00 — machine down (ARIA, 08:12).",
        ),
        (
            said(None, number=None, activity="visit"),
            said(None, number=None, activity="visit", status="noshow"),
            "DISPO-017: did not come to visit without a time — machine down (ARIA, 08:12).",
        ),
        (
            None,
            said(berlin(10, 15, 40), status="cancelled"),  # the cancellation came before the booking
            "DISPO-017: Fraction 7 today 15:40 cancelled — machine down (ARIA, 08:12).",
        ),
    ],
)
def test_each_kind_of_move_has_its_sentence(before: Said | None, after: Said, sentence: str) -> None:
    assert told(step(before, after)) == [sentence]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, said(berlin(10, 10))),  # a new booking has not moved
        (said(berlin(10, 10)), said(berlin(10, 10), status="arrived")),
        (said(None), said(berlin(10, 10))),
        (said(berlin(10, 10), None), said(berlin(10, 10), "LINAC 3")),
        (said(berlin(10, 10), status="cancelled"), said(berlin(11, 10), status="cancelled")),
    ],
)
def test_what_is_no_move_makes_no_sentence(before: Said | None, after: Said) -> None:
    assert kind_of(before, after) is None
    assert told(step(before, after)) == []


def test_without_a_reason_the_sentence_has_no_dash() -> None:
    assert told(step(said(berlin(10, 10)), said(berlin(12, 9, 40)), why=None)) == [
        "DISPO-017: Fraction 7 moved from Tue 10:00 to Thu 09:40 (ARIA, 08:12)."
    ]


def test_steps_of_one_record_are_one_net_move_with_the_reason_of_the_last_that_moved_it() -> None:
    first, second, third = said(berlin(10, 10)), said(berlin(10, 12)), said(berlin(12, 9, 40))
    arrived = third | {"status": "arrived"}
    steps = [
        step(first, second, "machine down", version=2),
        step(second, third, "patient asked for it", berlin(10, 9, 5), version=3),
        step(third, arrived, None, berlin(10, 9, 40), version=4),
    ]
    assert told(*steps) == [
        "DISPO-017: Fraction 7 moved from Tue 10:00 to Thu 09:40 — patient asked for it (ARIA, 09:05)."
    ]


def test_there_and_back_is_no_move() -> None:
    here, there = said(berlin(10, 10)), said(berlin(12, 10))
    assert told(step(here, there), step(there, here, version=3)) == []


def test_booked_and_moved_meanwhile_is_told_from_the_first_booking() -> None:
    here, there = said(berlin(10, 10)), said(berlin(12, 9, 40))
    assert told(step(None, here, None, version=1), step(here, there)) == [
        "DISPO-017: Fraction 7 moved from Tue 10:00 to Thu 09:40 — machine down (ARIA, 08:12)."
    ]


def test_moves_of_one_participant_with_one_cause_are_one_sentence() -> None:
    steps = [
        step(said(berlin(day, 10), number=number), said(berlin(day, 12), number=number), record=number)
        for number, day in ((7, 10), (8, 11), (9, 12), (10, 13))
    ]
    assert told(*steps) == [
        "DISPO-017: Fraction 7 moved from today 10:00 to today 12:00 — machine down (ARIA, 08:12)."
        " Fractions 8 to 10 moved too."
    ]


def test_moves_of_two_causes_or_two_participants_stay_apart() -> None:
    here, there = said(berlin(10, 10)), said(berlin(10, 12))
    assert len(told(step(here, there), step(here, there, "other", record=2))) == 2
    assert len(told(step(here, there), step(here, there, record=2, subject="DISPO-018"))) == 2


def test_the_earliest_day_comes_first() -> None:
    steps = [
        step(said(berlin(13, 10)), said(berlin(13, 12)), record=1, subject="DISPO-001"),
        step(said(berlin(10, 10)), said(berlin(16, 12)), record=2, subject="DISPO-002"),
    ]
    assert [line[:9] for line in told(*steps)] == ["DISPO-002", "DISPO-001"]


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ([8], "Fraction 8"),
        ([8, 9], "Fractions 8 and 9"),
        ([8, 9, 10], "Fractions 8 to 10"),
        ([8, 10, 11], "Fractions 8, 10 and 11"),
    ],
)
def test_fractions_are_named_together(numbers: list[int], named: str) -> None:
    assert fractions_named(numbers) == named


def test_a_source_that_was_read_late_names_both_times() -> None:
    here, there = said(berlin(10, 10)), said(berlin(10, 12))
    assert (
        source_told(step(here, there, at=berlin(10, 3, 4), read=berlin(10, 3, 13)), VOICE) == "ARIA, 03:04; read 03:13"
    )
    assert source_told(step(here, there, at=berlin(10, 3, 4), read=berlin(10, 3, 5)), VOICE) == "ARIA, 03:04"
    late = step(here, there, at=berlin(9, 17, 20), read=berlin(10, 3, 13))
    assert source_told(late, VOICE) == "ARIA, yesterday 17:20; read 03:13"


def test_a_change_without_a_message_is_a_persons() -> None:
    here, there = said(berlin(10, 10)), said(berlin(10, 12))
    by_hand = Step(1, 2, "DISPO-017", berlin(10, 9, 0), here, there, None, None, None, None, None)
    assert told(by_hand) == ["DISPO-017: Fraction 7 moved from today 10:00 to today 12:00 (a person, 09:00)."]


def test_values_are_escaped() -> None:
    html = moves_told(net_moves([step(said(berlin(10, 10)), said(berlin(12, 9)), "<script>alert(1)</script>")]), VOICE)
    assert "&lt;script&gt;" in html[0][1]
    assert "<script>" not in html[0][1]


def test_held_messages_say_whose_and_why() -> None:
    reason = "no appointment id"
    assert held_told(Held("aria", reason, "DISPO-014", 1, berlin(10, 8)), VOICE).striptags() == (
        "DISPO-014: a message from ARIA is held — no appointment id."
    )
    assert held_told(Held("aria", reason, None, 1, berlin(10, 8)), VOICE).striptags() == (
        "A message from ARIA is held — no appointment id."
    )
    assert held_told(Held("aria", reason + ".", None, 3, berlin(10, 8)), VOICE).striptags() == (
        "3 messages from ARIA are held — no appointment id."
    )


def test_what_a_target_does_not_hold_says_why() -> None:
    one = Stuck("ehr", "Appointment", "waiting", "a start", ("DISPO-001",), 1, berlin(10, 8))
    assert stuck_told(one, VOICE).striptags() == "DISPO-001: 1 appointment is not in EHR yet — a start."
    many = Stuck("ehr", "Appointment", "refused", None, ("A", "B", "C", "D"), 40, berlin(10, 8))
    assert stuck_told(many, VOICE).striptags() == "4 participants: EHR refused 40 appointments — no reason given."


def test_a_question_is_asked_as_it_was_written() -> None:
    question = Question(1, "DISPO-016", "Is code 4711 a fraction?", "aria", 1, berlin(10, 8))
    assert question_told(question, VOICE).striptags() == "DISPO-016: Is code 4711 a fraction?"


def test_a_move_knows_the_earliest_time_it_touches() -> None:
    move = Move("moved", "DISPO-017", said(berlin(12, 9)), said(berlin(10, 9)), step(None, said(None)))
    assert move.moment == berlin(10, 9)

"""Folding claims: any order of arrival ends in the same record, and an owner's word beats a later stranger's."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from integrator.merge import PERSON, Claim, Origin, changed, drift, fold, is_owed, outcome, standing, take, waits_for
from integrator.records.values import Coding, Concept, Identifier, Period, Place, Service

START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def at(hour: int) -> datetime:
    return datetime(2026, 3, 6, hour, 0, tzinfo=UTC)


def aria(trigger: str, hour: int, receipt: int = 1) -> Origin:
    return Origin("aria", at(hour), receipt, trigger)


def period(hours: int) -> Period:
    begin = START + timedelta(hours=hours)
    return Period(begin, begin + timedelta(minutes=20))


def owner(field: str) -> str:
    return "aria"


# Seven messages about one appointment, with distinct source times: what each says.
SEVEN = [
    (aria("S12", 1), {"filler": Identifier("A1"), "status": "booked", "time": period(0), "place": Place("LINAC 1")}),
    (aria("S13", 2), {"filler": Identifier("A1"), "status": "booked", "time": period(1)}),
    (aria("S13", 3), {"filler": Identifier("A1"), "status": "booked", "time": period(24), "place": Place("LINAC 2")}),
    (aria("S14", 4), {"filler": Identifier("A1"), "place": Place("LINAC 3", "R2")}),
    (aria("S15", 5), {"filler": Identifier("A1"), "status": "cancelled", "reason": Concept(text="ill")}),
    (aria("S17", 6), {"filler": Identifier("A1"), "status": "entered-in-error"}),
    (aria("S26", 7), {"filler": Identifier("A1"), "status": "noshow", "time": period(24)}),
]


def folded(arrivals):
    claims = {}
    for receipt, (origin, said) in enumerate(arrivals, start=1):
        claims = take(claims, said, Origin(origin.system, origin.at, receipt, origin.trigger))
    record = fold("Appointment", claims, owner)
    won = {name: (c.value, c.origin.system, c.origin.at) for name, c in record.winners.items()}
    return record.said, won


def test_every_arrival_of_seven_messages_with_doubles_ends_in_one_record(record_property):
    seed = random.SystemRandom().randrange(2**32)
    record_property("seed", seed)
    print(f"seed {seed}")
    draw = random.Random(seed)
    expected = folded(SEVEN)
    assert expected[0]["status"] == "entered-in-error"
    assert expected[0]["time"] == period(24)
    assert expected[0]["place"] == Place("LINAC 3", "R2")
    count = 0
    for order in itertools.permutations(SEVEN):
        arrivals = list(order)
        for message in order:
            arrivals.insert(draw.randrange(len(arrivals) + 1), message)
        assert folded(arrivals) == expected, f"seed {seed}: {[o.trigger for o, _ in arrivals]}"
        count += 1
    assert count == 5040


def test_equal_times_are_decided_by_the_receipt_number_not_by_processing():
    said = [{"status": "booked", "time": period(n)} for n in range(4)]
    messages = [(Origin("aria", at(1), receipt, "S13"), words) for receipt, words in enumerate(said, start=1)]
    results = set()
    for order in itertools.permutations(messages):
        claims = {}
        for origin, words in order:
            claims = take(claims, words, origin)
        record = fold("Appointment", claims, owner)
        results.add((record.said["time"], record.winners["time"].origin.receipt))
    assert results == {(period(3), 4)}


@pytest.mark.parametrize(
    ("triggers", "status"),
    [
        (["S12", "S15", "S13"], "booked"),  # a move after a cancellation books again
        (["S12", "S17", "S13"], "entered-in-error"),  # after a deletion only a booking does
        (["S12", "S17", "S12"], "booked"),
        (["S17", "S13", "S15"], "entered-in-error"),
        (["S12", "S26", "S13"], "booked"),
        (["S13", "S15"], "cancelled"),
    ],
)
def test_status_over_a_life(triggers, status):
    words = {"S12": "booked", "S13": "booked", "S15": "cancelled", "S17": "entered-in-error", "S26": "noshow"}
    claims = {}
    for hour, trigger in enumerate(triggers, start=1):
        claims = take(claims, {"status": words[trigger]}, aria(trigger, hour, hour))
    assert fold("Appointment", claims, owner).said["status"] == status


def test_the_owner_wins_against_a_later_stranger_and_the_stranger_is_drift():
    claims = take({}, {"time": period(0)}, aria("S12", 1, 1))
    claims = take(claims, {"time": period(5)}, Origin("ehr", at(9), 2))
    assert fold("Appointment", claims, owner).said["time"] == period(0)
    mine, theirs = drift(claims, owner)["time"]
    assert (mine.origin.system, theirs.origin.system) == ("aria", "ehr")


def test_a_person_beats_the_owner_up_to_the_answer_and_not_after():
    claims = take({}, {"time": period(0)}, aria("S12", 1, 1))
    claims = take(claims, {"time": period(2)}, Origin(PERSON, at(2), 2))
    assert fold("Appointment", claims, owner).said["time"] == period(2)
    claims = take(claims, {"time": period(3)}, aria("S13", 3, 3))
    assert fold("Appointment", claims, owner).said["time"] == period(3)


def test_the_same_fact_again_is_unchanged_but_its_time_counts_against_a_late_message():
    first, again, late = aria("S12", 1, 1), aria("S12", 5, 2), aria("S13", 3, 3)
    claims = take({}, {"time": period(0)}, first)
    before = fold("Appointment", claims, owner).said
    claims = take(claims, {"time": period(0)}, again)
    assert outcome(before, fold("Appointment", claims, owner), again) == "unchanged"
    claims = take(claims, {"time": period(7)}, late)
    after = fold("Appointment", claims, owner)
    assert outcome(before, after, late) == "superseded"
    assert after.said["time"] == period(0)


def test_instants_are_equal_as_instants_and_none_is_not_unsaid():
    berlin = Period(START.astimezone(), None)
    assert changed({"time": Period(START)}, {"time": berlin}) == frozenset()
    assert changed({}, {"reason": None}) == {"reason"}
    assert changed({"notes": ()}, {"notes": None}) == frozenset()


def test_standing_takes_the_booking_only_when_it_is_later_than_the_deletion():
    booked, deleted = Claim("booked", aria("S12", 1)), Claim("entered-in-error", aria("S17", 2))
    assert standing([booked, deleted]) is deleted
    assert standing([Claim("booked", aria("S12", 3)), deleted]).value == "booked"


def test_an_unknown_activity_waits_for_an_answer_and_is_not_sent():
    said = {"time": period(0), "services": (Service(Concept((Coding("XYZ"),))),)}
    assert waits_for("Appointment", said) == "an answer: what is this activity"
    assert waits_for("Appointment", {**said, "activity": "fraction"}) is None


def test_nobody_is_given_a_thing_only_to_hear_that_it_is_deleted():
    assert not is_owed("Appointment", {"status": "entered-in-error"}, held_by_target=False)
    assert is_owed("Appointment", {"status": "entered-in-error"}, held_by_target=True)
    assert is_owed("Appointment", {"status": "cancelled"}, held_by_target=False)

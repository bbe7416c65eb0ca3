"""Which report speaks of which planned fraction, and what a fraction is then known to be."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from integrator.evidence import Match, fraction_key, match, weigh
from integrator.records import Said
from integrator.records.values import Identifier, Period, Place, Quantity, Ref, When

ZONE = "Europe/Berlin"


def slot(day: int = 12, hour: int = 9, machine: str | None = "LINAC 3", series: str = "C1", **more: Any) -> Said:
    start = datetime(2026, 3, day, hour, 40, tzinfo=UTC)
    time = Period(start, start.replace(hour=hour + 1))
    said: Said = {"activity": "fraction", "status": "booked", "time": time, "series": Identifier(series)}
    return said | {"place": Place(machine)} | more


def report(day: int = 12, at: tuple[int, int] | None = None, machine: str | None = None, **more: Any) -> Said:
    time = When(datetime(2026, 3, day, *at, tzinfo=UTC)) if at else When(day=f"2026-03-{day:02}")
    said: Said = {"activity": "fraction", "status": "completed", "evidence": "evidenced", "time": time}
    return said | ({"place": Place(machine)} if machine else {}) | more


def matched(slots: dict[str, Said], **reports: Said) -> dict[str, Match]:
    return match(slots, {f"fin||{name}": said for name, said in reports.items()}, ZONE)


class TestMatching:
    def test_a_charge_of_the_day_is_the_slot_of_the_day(self):
        found = matched({"a|1": slot(11), "a|2": slot(12)}, x=report(12))
        assert found == {"fin||x": Match("a|2")}

    def test_the_nearest_slot_of_two(self):
        found = matched({"a|1": slot(12, 8), "a|2": slot(12, 14)}, x=report(12, (14, 20)))
        assert found["fin||x"].slot == "a|2"

    def test_two_on_a_day_are_told_apart_by_machine_course_and_number(self):
        slots = {"a|1": slot(12, 8, "LINAC 2", fraction=4), "a|2": slot(12, 14, "LINAC 3", "C2", fraction=5)}
        assert matched(slots, x=report(12, machine="linac-3"))["fin||x"].slot == "a|2"
        assert matched(slots, x=report(12, series=Identifier("C1")))["fin||x"].slot == "a|1"
        assert matched(slots, x=report(12, fraction=5))["fin||x"].slot == "a|2"

    def test_a_day_with_two_and_one_charge_asks(self):
        slots = {"a|1": slot(12, 8), "a|2": slot(12, 14)}
        assert matched(slots, x=report(12))["fin||x"] == Match(doubt="two slots")

    def test_and_the_second_charge_answers(self):
        slots = {"a|1": slot(12, 8), "a|2": slot(12, 14)}
        found = matched(slots, x=report(12), y=report(12))
        assert {one.slot for one in found.values()} == {"a|1", "a|2"}

    def test_as_near_to_both_asks(self):
        slots = {"a|1": slot(12, 8), "a|2": slot(12, 10)}
        assert matched(slots, x=report(12, (9, 40)))["fin||x"] == Match(doubt="two slots")

    def test_one_too_many_was_not_planned(self):
        found = matched({"a|1": slot(12)}, x=report(12), y=report(12))
        assert sorted(one.doubt or "" for one in found.values()) == ["", "no slot"]

    @pytest.mark.parametrize("wrong", [report(13), report(12, machine="LINAC 9"), report(12, series=Identifier("C7"))])
    def test_another_day_machine_or_course_was_not_planned(self, wrong: Said):
        assert matched({"a|1": slot(12)}, x=wrong)["fin||x"] == Match(doubt="no slot")

    def test_the_day_is_the_hospitals(self):
        late = datetime(2026, 3, 11, 23, 30, tzinfo=UTC)  # half past midnight of the 12th in Heidelberg
        slots = {"a|1": slot(12) | {"time": Period(late, late.replace(minute=50))}}
        assert matched(slots, x=report(12))["fin||x"].slot == "a|1"

    def test_a_cancelled_slot_is_the_last_to_be_thought_of(self):
        slots = {"a|1": slot(12, 8, status="cancelled"), "a|2": slot(12, 14)}
        assert matched(slots, x=report(12))["fin||x"].slot == "a|2"
        assert matched({"a|1": slots["a|1"]}, x=report(12))["fin||x"].slot == "a|1"

    def test_only_fractions_count(self):
        assert matched({"a|1": slot(12, activity="planning")}, x=report(12))["fin||x"].doubt == "no slot"
        assert matched({"a|1": slot(12)}, x=report(12, activity="other"))["fin||x"] == Match()

    def test_what_was_taken_back_speaks_of_nothing(self):
        found = matched({"a|1": slot(12)}, x=report(12, status="entered-in-error"), y=report(12))
        assert found == {"fin||x": Match(), "fin||y": Match("a|1")}

    def test_each_system_speaks_for_itself(self):
        found = match({"a|1": slot(12)}, {"fin||x": report(12), "rov||y": report(12, (9, 45))}, ZONE)
        assert {one.slot for one in found.values()} == {"a|1"}

    def test_a_person_names_the_fraction(self):
        slots = {"a|1": slot(12, 8, fraction=4), "a|2": slot(12, 14, fraction=5)}
        word = {"activity": "fraction", "status": "completed", "evidence": "attested", "fraction": 5}
        assert match(slots, {"S-1/fraction-5": word}, ZONE)["S-1/fraction-5"].slot == "a|2"
        named = word | {"fraction": None, "appointment": Ref("Appointment", "a|1")}
        assert match(slots, {"S-1/x": named}, ZONE)["S-1/x"].slot == "a|1"
        nowhere = word | {"fraction": None, "appointment": Ref("Appointment", "a|9")}
        assert match(slots, {"S-1/x": nowhere}, ZONE)["S-1/x"].doubt == "no slot"

    def test_the_order_in_which_they_came_does_not_matter(self):
        chance = random.Random(20260312)
        for _ in range(200):
            slots = [(f"a|{n}", slot(chance.choice((11, 12)), chance.choice((8, 11, 14)))) for n in range(5)]
            hours = [chance.choice([None, (8, 40), (9, 50), (13, 0)]) for _ in range(4)]
            reports = [(f"fin||{n}", report(chance.choice((11, 12)), at)) for n, at in enumerate(hours)]
            first = match(dict(slots), dict(reports), ZONE)
            chance.shuffle(slots)
            chance.shuffle(reports)
            assert match(dict(slots), dict(reports), ZONE) == first
            taken = [one.slot for one in first.values() if one.slot]
            assert len(taken) == len(set(taken))


def weighed(slot_: Said, policy: str = "evidenced", there: tuple[str, ...] = (), **reports: Said):
    told = {name.replace("_", "||"): said for name, said in reports.items()}
    found = weigh({"a|1": slot_}, told, there, policy, "rov", ZONE)
    return found.evidence["a|1"], found.fractions.get("fraction:a/1")


class TestTheLadder:
    @pytest.mark.parametrize(
        ("status", "rung"),
        [("booked", "scheduled"), ("checked-in", "arrived"), ("fulfilled", "presumed"), ("cancelled", None)],
    )
    def test_an_appointment_alone_is_at_most_presumed(self, status: str, rung: str | None):
        assert weighed(slot(status=status)) == (rung, None)

    def test_a_charge_is_evidence(self):
        rung, fraction = weighed(slot(status="fulfilled"), fin_x=report(12))
        assert rung == "evidenced"
        assert fraction is not None
        assert fraction["status"] == "completed"
        assert fraction["doubt"] is None

    def test_a_persons_word_is_more(self):
        assert weighed(slot(), fin_x=report(12), S=report(12, evidence="attested"))[0] == "attested"

    def test_a_credit_takes_it_back_and_the_fraction_with_it(self):
        back = report(12, status="entered-in-error")
        rung, fraction = weighed(slot(status="fulfilled"), there=("fraction:a/1",), fin_x=back)
        assert rung == "presumed"
        assert fraction is not None
        assert fraction["status"] == "entered-in-error"

    @pytest.mark.parametrize("denial", ["cancelled", "noshow", "entered-in-error"])
    def test_what_the_owner_denies_is_presumed_at_most_and_in_doubt(self, denial: str):
        rung, fraction = weighed(slot(status=denial), there=("fraction:a/1",), fin_x=report(12))
        assert rung == "presumed"
        assert fraction is not None
        assert fraction["doubt"] == "disputed"

    def test_so_is_what_another_report_denies(self):
        told = {"fin_x": report(12), "rov_y": report(12, (9, 45), status="not-done")}
        rung, fraction = weighed(slot(), there=("fraction:a/1",), **told)
        assert rung == "presumed"
        assert fraction is not None
        assert fraction["doubt"] == "disputed"

    def test_a_persons_word_settles_it_either_way(self):
        yes = report(12, evidence="attested")
        assert weighed(slot(status="cancelled"), fin_x=report(12), S=yes)[0] == "attested"
        no = report(12, evidence="attested", status="not-done")
        rung, fraction = weighed(slot(), there=("fraction:a/1",), fin_x=report(12), S=no)
        assert rung == "scheduled"
        assert fraction is not None
        assert fraction["status"] == "entered-in-error"
        assert fraction["doubt"] is None

    def test_partly_given_is_stopped(self):
        _, fraction = weighed(slot(), fin_x=report(12, status="stopped"))
        assert fraction is not None
        assert fraction["status"] == "stopped"

    def test_a_policy_counts_lower_rungs(self):
        _, fraction = weighed(slot(status="fulfilled"), policy="presumed")
        assert fraction is not None
        assert fraction["status"] == "completed"
        assert fraction["evidence"] == "presumed"
        _, fraction = weighed(slot(), policy="scheduled")
        assert fraction is not None
        assert fraction["status"] == "preparation"
        assert weighed(slot(), policy="presumed")[1] is None

    def test_each_fact_comes_from_who_says_most(self):
        dose = Quantity(3, "Gy", "Gy", "http://unitsofmeasure.org")
        timed = report(12, (9, 45), dose=dose, fraction=4)
        _, fraction = weighed(slot(fractions=10), fin_a=report(12), rov_b=timed)
        assert fraction is not None
        assert fraction["time"] == timed["time"]
        assert fraction["dose"] == dose
        assert fraction["fraction"] == 4
        assert fraction["fractions"] == 10
        assert fraction["place"] == Place("LINAC 3")
        assert fraction["appointment"] == Ref("Appointment", "a|1")

    def test_its_key_can_be_searched_for(self):
        assert "|" not in fraction_key("aria|https://htest.example/aria|F-1")

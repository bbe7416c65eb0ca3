"""The story's numbers add up, and its messages are what it says they are."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timedelta

import pytest

from integrator.errors import Held
from integrator.formats.fhir.validate import problems
from integrator.formats.hl7v2 import parse
from integrator.sandbox.audit import differences
from integrator.sandbox.book import ZONE, Fraction
from integrator.sandbox.people import NUMBER_SYSTEM, OTHERS, PARTICIPANTS, patient_resource
from integrator.sandbox.story import same_bytes, same_facts, tell

STORY = tell()
SIU = [sent for act in STORY.acts for sent in act.messages if sent.source == "aria" and sent.state != "held"]


def test_it_is_always_the_same() -> None:
    assert tell() == STORY


def test_what_must_come_of_the_messages() -> None:
    assert STORY.states() == {"merged": 250, "superseded": 1, "held": 1, "unwanted": 80}
    answers = Counter(sent.answer for act in STORY.acts for sent in act.messages)
    assert answers == {"AA": 331, "AE": 1}  # with the duplicate, which is answered and not stored
    assert [(act.name, act.size) for act in STORY.acts] == [
        ("first-people", 9),
        ("first-booking", 90),
        ("second-people", 3),
        ("second-booking", 29),
        ("given", 48),
        ("charges", 48),
        ("machine-down", 17),
        ("cancellation", 1),
        ("no-show", 1),
        ("duplicate", 1),
        ("late-booking", 2),
        ("broken-characters", 1),
        ("others", 80),
        ("wrong-charge", 1),
        ("credit", 1),
        ("units", 27),
        ("scores", 12),
        ("diary", 21),
    ]


def test_what_must_be_true_in_the_end() -> None:
    assert len(STORY.truth) == 120
    assert STORY.statuses() == {"booked": 69, "fulfilled": 48, "cancelled": 2, "noshow": 1}
    for person in PARTICIPANTS:
        own = sorted((each for each in STORY.truth if each.person == person), key=lambda each: each.n)
        assert [each.n for each in own] == list(range(1, 11))
        assert [each.slot.start for each in own] == sorted(each.slot.start for each in own)
        assert all(each.slot.start.weekday() < 5 for each in own)
    moved = find(17, 7)
    assert moved.slot.start == datetime(2026, 3, 12, 9, 40, tzinfo=ZONE)
    assert (find(19, 2).slot.machine, find(19, 2).slot.start.hour) == ("LINAC 2", 11)
    assert (find(13, 7).status, find(13, 7).reason) == ("cancelled", "patient unwell")
    assert find(9, 7).status == "noshow"


def find(subject: int, n: int) -> Fraction:
    return next(each for each in STORY.truth if each.person.subject == f"DISPO-{subject:03d}" and each.n == n)


def test_no_machine_is_booked_twice_at_one_time() -> None:
    used = [each.slot for each in STORY.truth if each.status != "cancelled"]
    for machine in {slot.machine for slot in used}:
        own = sorted((slot for slot in used if slot.machine == machine), key=lambda slot: slot.start)
        assert all(first.end <= second.start for first, second in itertools.pairwise(own)), machine


def test_people_are_marked_and_consented_before_anything_is_said_of_them() -> None:
    assert len({each.number for each in PARTICIPANTS + OTHERS}) == 52
    assert all(each.family.startswith("HTEST-") for each in PARTICIPANTS + OTHERS)
    assert Counter(each.arm for each in PARTICIPANTS) == {"A": 7, "B": 5}
    assert any(ord(char) > 127 for each in PARTICIPANTS for char in each.family)
    assert all(problems(patient_resource(each)) == [] for each in PARTICIPANTS)
    for act in STORY.acts:
        for sent in act.messages:
            number = parse(sent.data).get("PID-3") if sent.state != "held" else None
            person = next((each for each in PARTICIPANTS if each.number == number), None)
            assert (person is None) == (sent.state in ("unwanted", "held"))
            assert person is None or (person.consent and person.consent <= act.at.date())


def test_each_message_is_from_just_before_its_act_but_for_the_late_one() -> None:
    for act in STORY.acts:
        for sent in act.messages:
            when = datetime.strptime(sent.data.split(b"|")[6].decode()[:14], "%Y%m%d%H%M%S").replace(tzinfo=ZONE)
            age = act.at - when
            assert timedelta(0) <= age < timedelta(days=1)
            assert (age > timedelta(hours=1)) == (sent.state == "superseded")


def test_control_ids_are_used_once_but_for_the_duplicate() -> None:
    used = Counter(sent.data.split(b"|")[9] for act in STORY.acts for sent in act.messages)
    assert [times for times in used.values() if times > 1] == [2]
    fresh = {sent.data.split(b"|")[9] for sent in same_facts(STORY).messages}
    assert len(fresh) == 120
    assert not fresh & set(used)


def test_messages_say_umlauts_in_their_own_character_set() -> None:
    for sent in SIU:
        message = parse(sent.data)
        assert message.get("MSH-18") == "8859/1"
        assert sent.data.decode("iso8859-1") == message.text()
    assert "HTEST-Schäfer" in {parse(sent.data).get("PID-5") for sent in SIU}


def test_the_broken_one_does_not_decode() -> None:
    (sent,) = STORY.act("broken-characters").messages
    with pytest.raises(Held, match="bytes that are not"):
        parse(sent.data)


def test_scheduling_messages_carry_the_whole_appointment() -> None:
    message = parse(STORY.act("machine-down").messages[0].data)
    said = {
        path: message.get(path)
        for path in ("SCH-2", "SCH-2.2", "SCH-4", "SCH-6", "SCH-7", "SCH-7.2", "SCH-25", "TQ1-7")
    }
    assert said == {
        "SCH-2": "40017-07",
        "SCH-2.2": "ARIA",
        "SCH-4": "C-40017",
        "SCH-6": "machine down",
        "SCH-7": "7",
        "SCH-7.2": "10",
        "SCH-25": "Booked",
        "TQ1-7": "20260312094000",
    }
    place = {path: message.get(path) for path in ("AIL-3", "AIL-3.2", "AIL-3.4", "AIS-3", "TQ1-8", "PID-3.4")}
    assert list(place.values()) == [
        "LINAC 3",
        "Raum U1.110",
        "HTEST-RADIO",
        "RT-FRACTION",
        "20260312095500",
        "HTEST",
    ]


def test_playing_the_messages_in_order_of_their_time_gives_the_book() -> None:
    """A second, independent reading: the last word on each appointment, by MSH-7, is what the book says."""
    last: dict[str, tuple[str, str, str, str]] = {}
    for sent in sorted(SIU, key=lambda sent: sent.data.split(b"|")[6]):
        message = parse(sent.data)
        if sent.state != "unwanted":
            status, start, machine = message.get("SCH-25"), message.get("TQ1-7"), message.get("AIL-3")
            last[message.get("SCH-2") or ""] = (status or "", start or "", machine or "", message.get("SCH-7") or "")
    words = {"booked": "Booked", "fulfilled": "Complete", "cancelled": "Cancelled", "noshow": "Noshow"}
    assert last == {
        each.filler: (words[each.status], each.slot.start.strftime("%Y%m%d%H%M%S"), each.slot.machine, str(each.n))
        for each in STORY.truth
    }


def test_same_bytes_is_every_message_again() -> None:
    act = same_bytes(STORY)
    assert len(act.messages) == 332
    assert {sent.data for sent in act.messages} == {sent.data for one in STORY.acts for sent in one.messages}
    assert Counter(sent.answer for sent in act.messages) == {"AA": 331, "AE": 1}


def test_same_facts_says_of_each_appointment_what_the_book_says() -> None:
    act = same_facts(STORY)
    events = Counter(parse(sent.data).get("MSH-9.2") for sent in act.messages)
    assert events == {"S12": 53, "S13": 16, "S14": 48, "S15": 2, "S26": 1}
    assert {parse(sent.data).get("SCH-2") for sent in act.messages} == {each.filler for each in STORY.truth}
    assert {sent.state for sent in act.messages} == {"unchanged"}


def test_what_was_given_is_what_was_charged_and_not_credited() -> None:
    assert {each.filler for each in STORY.given()} == {
        each.filler for each in STORY.truth if each.status == "fulfilled"
    }
    charges = [parse(sent.data) for act in STORY.acts for sent in act.messages if sent.source == "fin"]
    assert Counter(one.get("FT1-6") for one in charges) == {"CG": 49, "CD": 1}
    credit = next(one for one in charges if one.get("FT1-6") == "CD")
    assert (credit.get("FT1-2"), credit.get("FT1-4")) == ("T-40009-07", "20260310")
    assert {one.get("MSH-18") for one in charges} == {"8859/1"}


def test_the_trial_says_one_unit_for_each_given_fraction() -> None:
    units, diary, scores = (STORY.act(name) for name in ("units", "diary", "scores"))
    keys = {(post.body["subject"], post.body["key"]) for post in units.posts}
    assert len(keys) + diary.size == len(STORY.given())
    assert all(post.body["start"] > "2026-03-02" and post.body["end"] < "2026-03-09T18:00" for post in units.posts)
    assert scores.size == len(PARTICIPANTS)
    assert not any(person.family in sheet.sheet.text for sheet in (diary, scores) for person in PARTICIPANTS)
    assert {post.answer for post in same_bytes(STORY).posts} == {"200"}


def appointment(fraction: Fraction, **more: object) -> dict:
    actor = {"identifier": {"value": fraction.slot.machine}}
    return {
        "id": "1",
        "identifier": [{"value": fraction.filler}],
        "status": fraction.status,
        "start": fraction.slot.start.isoformat(),
        "end": fraction.slot.end.isoformat(),
        "participant": [{"actor": {"reference": f"Patient/htest-{fraction.person.number.lower()}"}}, {"actor": actor}],
        **more,
    }


def test_the_audit_finds_what_is_wrong() -> None:
    patients = [patient_resource(each) for each in PARTICIPANTS]
    fraction = find(17, 7)

    def wrong(*held: dict) -> list[str]:
        return differences([fraction], held, patients)

    right = appointment(fraction)
    assert wrong(right) == []
    assert wrong({**right, "start": "2026-03-12T08:40:00Z"}) == []
    assert wrong() == ["40017-07: held 0 times"]
    assert wrong(right, right) == ["40017-07: held 2 times"]
    assert wrong({**right, "status": "noshow"}) == ["40017-07: status is noshow, not booked"]
    assert wrong({**right, "start": "2026-03-10T10:00:00+01:00"})[0].startswith("40017-07: start is")
    other = [*appointment(fraction)["participant"][1:], {"actor": {"reference": "Patient/htest-h1700009"}}]
    assert wrong({**right, "participant": other}) == ["40017-07: it is of ['H1700009'], not of H1700017"]
    logical = {"identifier": {"system": NUMBER_SYSTEM, "value": "H1700017"}}
    assert wrong({**right, "participant": [*right["participant"][1:], {"actor": logical}]}) == []
    assert wrong({**right, "participant": right["participant"][:1]}) == ["40017-07: the machine is not LINAC 3"]
    assert wrong(right, {"id": "9", "identifier": [{"value": "x"}]}) == [
        "Appointment/9: no appointment of the story has its number"
    ]
    cancelled = find(13, 7)
    assert differences([cancelled], [appointment(cancelled)], patients) == [
        "40013-07: the reason is not patient unwell"
    ]


def test_each_run_of_same_facts_has_fresh_control_ids_and_later_times() -> None:
    first, second = ([sent.data.split(b"|") for sent in same_facts(STORY, run).messages] for run in (1, 2))
    assert not {fields[9] for fields in first} & {fields[9] for fields in second}
    assert max(fields[6] for fields in first) < min(fields[6] for fields in second)
    assert [sent.data for sent in same_bytes(STORY, 2).messages] == [sent.data for sent in same_bytes(STORY).messages]

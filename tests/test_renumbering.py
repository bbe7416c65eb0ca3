"""Identity changes on the line: a merge, and what of it must be found, read again, told and taken back."""

from __future__ import annotations

import itertools
import random
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from integrator import entering, identity
from integrator.claims import said_from_json
from integrator.config import Target
from integrator.doings import Doings
from integrator.errors import Rejected, RetryLater
from integrator.identity import field_keys
from integrator.merging import CIRCLE, ENROLLED, MOVED, NOTHING
from integrator.records.values import Identifier
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import NUMBER_SYSTEM
from integrator.store import identity_changes, journal, leases, messages, people, questions, records
from tests.houses import NOW, NUMBER, TestHouse, house, siu

NEW, THIRD, OTHERS = "HTEST-0009", "HTEST-0010", "HTEST-0077"
pytestmark = pytest.mark.usefixtures("each_store")


def adt(
    event: str = "A40",
    into: str = NEW,
    prior: str = NUMBER,
    control_id: str = "A1",
    at: str = "20260310090000",
    more: str = "",
    mrg: str = "",
) -> bytes:
    """A message that speaks of two numbers; A24 and A37 name both in a PID."""
    pid = f"PID|1|{more}|{into}^^^HTEST^MR||HTEST-Müller^Anna||19570312|F"
    second = (
        f"PID|2||{prior}^^^HTEST^MR||HTEST-Müller^Anna" if event in ("A24", "A37") else f"MRG|{prior}^^^HTEST^MR{mrg}"
    )
    head = f"MSH|^~\\&|KIS|HTEST|INT|HTEST|{at}||ADT^{event}|{control_id}|T|2.5.1"
    return ("\r".join([head, f"EVN|{event}|{at}", pid, second]) + "\r").encode("iso8859-1")


def said(opened: TestHouse, key: str = "F-1") -> dict:
    """An appointment of the participant in clear, by its number."""
    with opened.line.store.read() as tx:
        (row,) = (one for one in records.page(tx, "Appointment") if one.key.endswith(key))
        participant = people.by_subject(tx, row.subject)
        _, open_ = field_keys(tx, opened.line.keys, participant.patient_id)
        return {"subject": row.subject, **said_from_json(row.kind, row.body, open_)}


def asked(opened: TestHouse) -> list[str]:
    with opened.line.store.read() as tx:
        return [one.text for one in questions.in_state(tx)]


def feed(here: TestHouse, *bodies: bytes) -> None:
    here.receive(*bodies)
    here.read_all()


def test_after_a_merge_the_surviving_number_finds_the_participant(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu())
        feed(here, adt())
        feed(here, siu(control_id="M2", filler="F-2", number=NEW))
        assert here.states() == {"merged": 3}
        assert said(here, "F-2")["subject"] == said(here)["subject"] == "DISPO-HTEST-001"
        moved = siu("S13", "M3", "20260310110000", number=NEW, start="20260313110000", end="20260313112000")
        feed(here, moved, siu(control_id="M4", filler="F-3"))  # under the retired number: a late one
        assert here.states() == {"merged": 5}
        assert said(here)["time"].start.hour == 11
        assert asked(here) == []


def test_what_was_unwanted_under_the_other_number_is_read_again(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu(control_id="M2", filler="F-2", number=NEW))
        assert here.states() == {"unwanted": 1}
        feed(here, adt())
        assert here.states() == {"merged": 2}
        assert said(here, "F-2")["subject"] == "DISPO-HTEST-001"


@pytest.mark.parametrize("event", ["A40", "A34", "A47", "A24"])
@pytest.mark.parametrize(("into", "prior"), [(NEW, NUMBER), (NUMBER, NEW)])
def test_every_tie_leads_either_number_to_the_participant(tmp_path: Path, event: str, into: str, prior: str) -> None:
    with house(tmp_path) as here:
        feed(here, adt(event, into, prior))
        feed(here, siu(control_id="M2", filler="F-2", number=NEW), siu(control_id="M3", filler="F-3"))
        assert here.states() == {"merged": 3}


def test_a_chain_leads_to_the_last_number_in_whatever_order_it_came(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu(number=THIRD))
        feed(here, adt("A40", THIRD, NEW, "A2", "20260310100000"))
        assert here.states() == {"unwanted": 2}, "nobody in the trial has one of these numbers yet"
        feed(here, adt())
        assert here.states() == {"merged": 3}
        assert said(here)["subject"] == "DISPO-HTEST-001"


def test_one_message_may_merge_several(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        body = adt("A40", "HTEST-5001", "HTEST-5002") + adt().split(b"\r", 2)[2]
        feed(here, body, siu(control_id="M2", number=NEW))
        assert here.states() == {"merged": 2}


# ---- taken back


def test_an_unlink_takes_back_what_the_merge_brought(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu(), adt())
        feed(here, siu("S13", "M2", "20260310100000", number=NEW, start="20260313110000", end="20260313112000"))
        feed(here, siu(control_id="M3", filler="F-2", number=NEW, why="HTEST-Müller kann nicht", event="S15"))
        assert said(here)["time"].start.day == 13
        feed(here, adt("A37", control_id="A2", at="20260310120000"))
        assert said(here)["time"].start.day == 12, "what was said under the other number counts no more"
        assert said(here, "F-2")["status"] == "entered-in-error"
        assert here.states() == {"merged": 2, "superseded": 1, "unwanted": 2}
        feed(here, siu(control_id="M4", filler="F-4", number=NEW))
        assert here.states()["unwanted"] == 3


def test_a_person_takes_a_merge_back_and_the_hospital_says_it_again(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, adt(), siu(control_id="M2", filler="F-2", number=NEW))
        doings = Doings(here.line, lambda: None).commands()
        done = doings["participant unmerge"]("DISPO-HTEST-001", reason="a namesake")
        here.read_all()
        assert done["state"] == "merged"
        assert said(here, "F-2")["status"] == "entered-in-error"
        assert here.states() == {"superseded": 1, "unwanted": 1}
        assert [one["stands"] for one in doings["participant numbers"]("DISPO-HTEST-001")] == [False, True]
        feed(here, adt(control_id="A2", at="20260310100000"))
        assert said(here, "F-2")["status"] == "booked"
        assert here.states() == {"superseded": 1, "merged": 2}
        with here.line.store.read() as tx:
            (apart,) = (e for e in journal.about(tx, "Participant", "DISPO-HTEST-001") if "apart" in e.action)
        assert apart.actor == "command line"


def test_an_undo_needs_a_reason_and_something_to_undo(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        unmerge = Doings(here.line, lambda: None).commands()["participant unmerge"]
        with pytest.raises(Rejected, match="no change of the numbers of DISPO-HTEST-001 stands"):
            unmerge("DISPO-HTEST-001", reason="a namesake")
        feed(here, adt())
        with pytest.raises(Rejected, match="say why"):
            unmerge("DISPO-HTEST-001", reason=" ")
        with pytest.raises(Rejected, match="change 7 of the numbers of DISPO-HTEST-001 does not stand; there are 1"):
            unmerge("DISPO-HTEST-001", reason="a namesake", change=7)
        with pytest.raises(Rejected, match="there is no participant DISPO-9"):
            unmerge("DISPO-9", reason="a namesake")
        assert here.states() == {"merged": 1}


def test_demographics_of_the_other_number_are_taken_back_too(tmp_path: Path) -> None:
    def a08(number: str, name: str, control_id: str, at: str) -> bytes:
        head = f"MSH|^~\\&|KIS|HTEST|INT|HTEST|{at}||ADT^A08|{control_id}|T|2.5.1\rEVN|A08|{at}\r"
        return (head + f"PID|1||{number}^^^HTEST^MR||{name}^Anna||19570312|F\r").encode("iso8859-1")

    def name(here: TestHouse) -> str:
        with here.line.store.read() as tx:
            participant = people.by_subject(tx, "DISPO-HTEST-001")
            return identity.patient_record(tx, here.line.keys, participant.patient_id)[0]["name"].family

    with house(tmp_path) as here:
        feed(here, a08(NUMBER, "HTEST-Müller", "P1", "20260310080000"), adt())
        feed(here, a08(NEW, "HTEST-Other", "P2", "20260310110000"))
        assert name(here) == "HTEST-Other"
        feed(here, adt("A37", control_id="A2", at="20260310120000"))
        assert name(here) == "HTEST-Müller"


def test_after_an_undo_the_other_number_may_be_another_participant(tmp_path: Path) -> None:
    """With a key of their own: what was sealed for the first does not stand in their way, nor they in the first's."""
    with house(tmp_path) as here:
        feed(here, siu(), adt())
        feed(here, siu("S15", "M2", filler="F-2", number=NEW, why="HTEST-Müller kann nicht"))
        feed(here, adt("A37", control_id="A2", at="20260310120000"))
        link(here, "DISPO-HTEST-002", NEW)
        here.read_all()
        assert said(here, "F-2")["subject"] == "DISPO-HTEST-002"
        assert said(here, "F-2")["status"] == "cancelled"
        assert said(here, "F-2")["reason"].codings[0].code == "HTEST-Müller kann nicht"
        assert said(here)["subject"] == "DISPO-HTEST-001"
        with here.line.store.read() as tx:
            one, two = (people.by_subject(tx, f"DISPO-HTEST-00{n}") for n in (1, 2))
        assert one.patient_id != two.patient_id
        feed(here, siu(control_id="M5", filler="F-5", number=NEW), siu(control_id="M6", filler="F-6"))
        assert said(here, "F-5")["subject"] == "DISPO-HTEST-002"
        assert said(here, "F-5")["patient"] == Identifier(NEW, namespace="HTEST", type="MR")


def link(here: TestHouse, subject: str, number: str, second: str = "1957-03-12") -> None:
    with here.line.store.write() as tx:
        entering.add_participant(here.line, tx, subject=subject, number=number, second=second, consent=NOW)


def test_reading_everything_again_changes_nothing(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        here.clock.on(hours=4)
        feed(here, *story())
        feed(here, adt("A37", control_id="A8", at="20260310120000"))
        link(here, "DISPO-HTEST-002", NEW)
        here.read_all()
        before, told = end(here), numbers_told(here)
        assert before[1]["M3"] == "read"
        for _ in range(2):
            Doings(here.line, lambda: None).commands()["replay"]()
            here.read_all()
            assert end(here) == before
            assert numbers_told(here) == told
        with here.line.store.read() as tx:
            two = people.by_subject(tx, "DISPO-HTEST-002")
            assert people.patient_of(tx, two.number_index) == two.patient_id


def numbers_told(here: TestHouse) -> list[dict]:
    return Doings(here.line, lambda: None).commands()["participant numbers"]("DISPO-HTEST-001")


def test_an_erased_patient_is_not_touched(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu())
        with here.line.store.write() as tx:
            people.erase_patient(tx, people.by_subject(tx, "DISPO-HTEST-001").patient_id, NOW)
        feed(here, adt())
        assert here.states() == {"merged": 1, "unwanted": 1}


# ---- who is linked


def test_whoever_is_linked_later_has_what_was_merged_before(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(
            here,
            adt("A40", OTHERS, "HTEST-0078"),
            siu(number="HTEST-0078"),
            siu(control_id="M2", filler="F-2", number=OTHERS),
        )
        assert here.states() == {"unwanted": 3}
        link(here, "DISPO-HTEST-002", OTHERS)
        here.read_all()
        assert here.states() == {"merged": 3}
        with pytest.raises(Rejected, match="linked to DISPO-HTEST-002 already"):
            link(here, "DISPO-HTEST-003", "HTEST-0078")


def test_two_who_are_enrolled_stay_two_and_a_person_is_asked(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        link(here, "DISPO-HTEST-002", NEW)
        feed(here, adt(), siu(), siu(control_id="M2", filler="F-2", number=NEW))
        assert here.states() == {"held": 1, "merged": 2}
        assert here.message(1).reason == ENROLLED
        assert said(here)["subject"] == "DISPO-HTEST-001"
        assert said(here, "F-2")["subject"] == "DISPO-HTEST-002"
        (question,) = asked(here)
        assert "DISPO-HTEST-001 and DISPO-HTEST-002 are one person" in question
        feed(here, adt("A37", control_id="A2", at="20260310120000"))
        assert asked(here) == [], "the hospital took it back"
        assert here.states() == {"superseded": 1, "merged": 2, "unchanged": 1}


def test_what_goes_in_a_circle_is_held_until_the_first_is_taken_back(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, adt(), adt("A40", NUMBER, NEW, "A2", "20260310100000"))
        assert here.states() == {"merged": 1, "held": 1}
        assert here.message(2).reason == CIRCLE
        Doings(here.line, lambda: None).commands()["participant unmerge"]("DISPO-HTEST-001", reason="wrong way round")
        here.read_all()
        assert here.states() == {"superseded": 1, "merged": 1}
        feed(here, siu(control_id="M2", number=NEW))
        assert said(here)["subject"] == "DISPO-HTEST-001"


def test_a_known_appointment_of_the_other_number_waits_no_longer(tmp_path: Path) -> None:
    """The scheduling system knew of the merge before the message came."""
    with house(tmp_path) as here:
        feed(here, siu(), siu(control_id="M3", filler="F-2", number=NEW))
        moved = siu("S13", "M2", "20260310100000", number=NEW, start="20260313110000", end="20260313112000")
        link(here, "DISPO-HTEST-002", OTHERS)
        feed(here, moved)
        assert here.states()["unwanted"] == 2
        feed(here, adt())
        assert here.states() == {"merged": 4}
        assert said(here)["time"].start.day == 13
        assert asked(here) == []


@pytest.mark.parametrize("event", ["A40", "A47", "A24"])
@pytest.mark.parametrize(("into", "prior"), [(NEW, NUMBER), (NUMBER, NEW)])
def test_a_person_with_another_birth_date_is_not_taken_in(tmp_path: Path, event: str, into: str, prior: str) -> None:
    with house(tmp_path) as here:
        feed(here, adt(event, into, prior).replace(b"19570312", b"19610704"), siu(control_id="M2", number=NEW))
        assert here.states() == {"held": 1, "unwanted": 1}
        assert here.message(1).reason == "the second identifier is not the participant's"
        assert asked(here) == ["A change of the participant's number names a person with another second identifier."]


def test_several_prior_numbers_are_retired_together(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        body = adt().replace(b"MRG|", f"MRG|{OTHERS}^^^HTEST^MR~65 170839 J 003^^^DRV^SS~".encode())
        feed(here, body, siu(control_id="M2", number=OTHERS), siu(control_id="M3", filler="F-2", number=NEW))
        assert here.states() == {"merged": 3}


# ---- moves, and what is not followed


def test_a_number_that_was_another_persons_comes_to_the_participant(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu(number=NEW))
        feed(here, adt("A43", NEW, NEW, more=f"{NUMBER}^^^HTEST^MR", mrg=f"|||{OTHERS}^^^HTEST^MR"))
        assert here.states() == {"merged": 2}
        feed(here, adt("A43", NEW, NEW, "A2", "20260310110000", f"{OTHERS}^^^HTEST^MR", f"|||{NUMBER}^^^HTEST^MR"))
        assert here.states() == {"superseded": 1, "merged": 1, "unwanted": 1}
        assert said(here)["status"] == "entered-in-error"


def test_the_number_of_a_participant_is_not_given_away(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, siu(), adt("A43", NUMBER, NUMBER, more=f"{OTHERS}^^^HTEST^MR", mrg=f"|||{NEW}^^^HTEST^MR"))
        assert here.states() == {"merged": 1, "held": 1}
        assert here.message(2).reason == MOVED
        (question,) = asked(here)
        assert question.startswith("The hospital says that the number of DISPO-HTEST-001 is another person's.")


@pytest.mark.parametrize("event", ["A43", "A44", "A45"])
@pytest.mark.parametrize(("into", "prior"), [(NEW, NUMBER), (NUMBER, NEW)])
def test_moved_records_are_a_question_and_no_merge(tmp_path: Path, event: str, into: str, prior: str) -> None:
    with house(tmp_path) as here:
        feed(here, adt(event, into, prior), siu(control_id="M2", number=NEW))
        assert here.states() == {"unchanged": 1, "unwanted": 1}
        (question,) = asked(here)
        assert "one of them DISPO-HTEST-001's" in question


@pytest.mark.parametrize("event", ["A18", "A30", "A35", "A36", "A39", "A41", "A42", "A46", "A48", "A49", "A50", "A51"])
@pytest.mark.parametrize(("into", "prior"), [(NEW, NUMBER), (NUMBER, NEW)])
def test_other_merges_are_held_with_a_reason_where_they_concern_a_participant(
    tmp_path: Path, event: str, into: str, prior: str
) -> None:
    with house(tmp_path) as here:
        feed(here, adt(event, into, prior), adt(event, OTHERS, "HTEST-0078", "A2"))
        assert here.states() == {"held": 1, "unwanted": 1}
        assert event in (here.message(1).reason or "")
        assert "does not follow" in (here.message(1).reason or "")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (adt(prior="").replace(b"MRG|^^^HTEST^MR", b"MRG|"), "a merge without both numbers"),
        (b"\r".join(adt(into=NUMBER).split(b"\r")[:3]) + b"\r", "a merge without the prior number"),
        (adt("A24", NUMBER, ""), "a link of patients without the numbers of both"),
        (adt("A43", NUMBER, NUMBER), "a number goes from one person to another, and the two are not named"),
        (adt("A37", NUMBER, NEW), NOTHING),
    ],
)
def test_what_lacks_a_number_is_held_with_its_reason(tmp_path: Path, body: bytes, reason: str) -> None:
    body = body if reason != "a merge without both numbers" else body.replace(NEW.encode(), NUMBER.encode())
    with house(tmp_path) as here:
        feed(here, body)
        assert here.states() == {"held": 1}
        assert here.message(1).reason == reason


def test_a_merge_that_cannot_be_read_is_held_whichever_number_is_the_participants(tmp_path: Path) -> None:
    with house(tmp_path, charset="") as here:
        feed(here, adt(), adt("A40", OTHERS, "HTEST-0078", "A2"))
        assert here.states() == {"held": 1, "unwanted": 1}
        assert (here.message(1).reason or "").startswith("bytes that are not")


def test_a_change_of_a_number_that_nobody_is_found_by_concerns_nobody(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, adt("A47", NUMBER).replace(f"MRG|{NUMBER}^^^HTEST^MR".encode(), b"MRG|65 170839 J 003^^^DRV^SS"))
        assert here.states() == {"unwanted": 1}
        with here.line.store.read() as tx:
            assert identity_changes.of_message(tx, here.message(1).id) == []


def test_a_strangers_merge_leaves_no_text_of_a_number(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        feed(here, adt("A40", OTHERS, "HTEST-0078"))
        with here.line.store.read() as tx:
            index = identity.number_index(here.line.keys, OTHERS)
            assert len(identity_changes.around(tx, [index])) == 1
            assert people.sealed_number(tx, index) is None
            assert here.message(1).erase_at is not None


def test_the_public_sample_merges(tmp_path: Path, shared_data: Path) -> None:
    sample = (shared_data / "hl7v2" / "samples" / "ADT-A40-01.hl7").read_bytes().replace(b"|P|2.8", b"|T|2.8")
    with house(tmp_path) as here:
        link(here, "DISPO-HTEST-002", "56789", second="2018-02-05")
        feed(here, sample.replace(b"|NE|NE", b"|"), siu(control_id="M2", number="12345"))
        assert here.states() == {"merged": 2}
        assert said(here)["subject"] == "DISPO-HTEST-002"


# ---- in whatever order


def story() -> list[bytes]:
    """Bookings and moves under three numbers, demographics, merges, an unlink and a second merge."""
    return [
        siu(sent="20260310080000"),
        siu("S13", "M2", "20260310093000", number=NEW, start="20260313110000", end="20260313112000"),
        siu(control_id="M3", sent="20260310094000", filler="F-2", number=NEW),
        siu(control_id="M4", sent="20260310100000", filler="F-3", number=THIRD),
        siu("S15", "M5", "20260310101000", filler="F-3", number=NUMBER),
        adt(control_id="A1", at="20260310090000"),
        adt("A40", THIRD, NEW, "A2", "20260310095000"),
        adt("A37", THIRD, NEW, "A3", "20260310105000"),
        adt("A40", NUMBER, THIRD, "A4", "20260310110000"),
        adt("A40", NEW, NUMBER, "A5", "20260310111000"),
        adt("A24", OTHERS, "HTEST-0078", "A6", "20260310112000"),
        adt("A40", NUMBER, NEW, "A7", "20260310113000"),
    ]


def end(here: TestHouse) -> tuple[dict, dict]:
    """What stands at last: of each appointment what it shows, of each message its state. Whatever was made and taken
    back is there or is not there, by what came first, and stands for nothing either way."""
    shown = {}
    for row in here.records():
        one = said(here, row.key)
        if row.claims:
            shown[row.key] = {name: value for name, value in one.items() if value is not None}
    with here.line.store.read() as tx:
        states = {one.control_id: one.state for one in messages.page(tx, limit=100) if one.source == "aria"}
    settled = {
        name: "read" if state in ("merged", "unchanged", "superseded") else state for name, state in states.items()
    }
    return shown, settled


def test_the_order_of_arrival_makes_no_difference(tmp_path: Path) -> None:
    ends = []
    seed = random.SystemRandom().randrange(10**6)
    for number, order in enumerate(itertools.islice(orders(seed), 5)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with house(folder) as here:
            here.clock.on(hours=4)
            for body in order:
                feed(here, body)
            ends.append(end(here))
            assert asked(here) == []
    for one in ends[1:]:
        assert one == ends[0], f"seed {seed}"
    assert set(ends[0][1].values()) >= {"read", "held"}


def orders(seed: int):
    yield story()
    yield story()[::-1]
    draw = random.Random(seed)
    while True:
        yield draw.sample(story(), len(story()))


# ---- the EHR


def person(number: str, id_: str, **more: object) -> dict:
    return {
        "resourceType": "Patient",
        "id": id_,
        "identifier": [{"system": NUMBER_SYSTEM, "value": number}],
        "name": [{"family": "HTEST-Müller"}],
        **more,
    }


def test_the_ehr_is_told_of_the_surviving_patient_and_of_nothing_else(tmp_path: Path) -> None:
    with SandboxEhr(tmp_path / "ehr.db") as ehr:
        ehr.hold(person(NUMBER, "htest-1"))
        ehr.hold(person(NEW, "htest-9"))
        target = Target(name="ehr", system="ehr", base=ehr.base, patient_system=NUMBER_SYSTEM, timeout=5.0)
        with house(tmp_path, (target,)) as here:
            feed(here, siu())
            here.deliver_all()
            assert patients(ehr) == {"F-1": "Patient/htest-1"}
            feed(here, adt(), siu(control_id="M2", filler="F-2", number=NEW))
            here.deliver_all()
            assert patients(ehr) == {"F-1": "Patient/htest-9", "F-2": "Patient/htest-9"}
            feed(here, adt(control_id="A2", at="20260310093000"))  # the same once more
            asked_before = len(ehr.log())
            here.deliver_all()
            assert len(ehr.log()) == asked_before
            feed(here, adt("A37", control_id="A3", at="20260310120000"))
            here.deliver_all()
            assert patients(ehr)["F-1"] == "Patient/htest-1"
            assert {one["status"] for one in ehr.holds("Appointment") if key(one) == "F-2"} == {"entered-in-error"}


def test_a_patient_that_the_ehr_merged_leads_to_the_one_that_replaced_it(tmp_path: Path) -> None:
    gone = {"active": False, "link": [{"other": {"reference": "Patient/htest-9"}, "type": "replaced-by"}]}
    with SandboxEhr(tmp_path / "ehr.db") as ehr:
        ehr.hold(person("HTEST-EHR-9", "htest-9"))
        ehr.hold(person(NUMBER, "htest-1", **gone))
        target = Target(name="ehr", system="ehr", base=ehr.base, patient_system=NUMBER_SYSTEM, timeout=5.0)
        with house(tmp_path, (target,)) as here:
            feed(here, adt(), siu(number=NEW))  # the EHR has no patient with the new number: the former one leads there
            here.deliver_all()
            assert [one["actor"] for one in ehr.holds("Appointment")[0]["participant"] if "reference" in one["actor"]]


def key(appointment: dict) -> str:
    return next(one["value"] for one in appointment["identifier"] if one["value"].startswith("F-"))


def patients(ehr: SandboxEhr) -> dict[str, str]:
    return {
        key(one): next(p["actor"]["reference"] for p in one["participant"] if "reference" in p["actor"])
        for one in ehr.holds("Appointment")
    }


def test_workers_side_by_side_come_to_the_same_end(tmp_path: Path, each_store: str) -> None:
    """With PostgreSQL the second one is another process's: its own store, its own memory of who is linked."""
    seed = random.SystemRandom().randrange(10**6)
    (tmp_path / "one").mkdir()
    with house(tmp_path / "one") as alone:
        alone.clock.on(hours=4)
        feed(alone, *story())
        expected = end(alone)
    (tmp_path / "two").mkdir()
    with ExitStack() as opened:
        here = opened.enter_context(house(tmp_path / "two"))
        other = opened.enter_context(house(tmp_path / "two")) if each_store == "postgresql" else here
        for one in {id(here): here, id(other): other}.values():
            one.clock.on(hours=4)
            settings = one.line.settings
            one.line.settings = replace(settings, line=replace(settings.line, batch=2))
        for body in random.Random(seed).sample(story(), len(story())):
            here.receive(body)

        def work(one: TestHouse, name: str) -> None:
            idle = 0
            while idle < 20:  # the other may still give messages back
                try:
                    idle = 0 if one.engine.read_some(name) else idle + 1
                except RetryLater:
                    with one.line.store.write() as tx:
                        leases.end_of(tx, name)
                time.sleep(0.01)

        workers = [threading.Thread(target=work, args=(one, f"w{n}")) for n, one in enumerate((here, other))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        here.read_all()
        assert end(here) == expected, f"seed {seed}"

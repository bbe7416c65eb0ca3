"""Explain: claims of several systems, faces that changed since, folded fields, and what messages are kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from integrator.commands.explaining import record_lines
from integrator.doings import Doings
from integrator.entering import enter as enter_entry
from integrator.formats.entry import Entry
from integrator.mapping import load_faces
from integrator.mapping.kept import face_as_it_was
from integrator.mapping.sets import FaceSet
from integrator.store import faces as kept_faces
from integrator.store.schema import messages as table
from tests.houses import SetClock, TestHouse, house, siu
from tests.test_given import charge as charge_line
from tests.test_given import dft, oru

AFTER = datetime(2026, 3, 13, 8, 0, tzinfo=UTC)
SUBJECT = "DISPO-HTEST-001"
FRACTION = "Treatment fraction:aria/ARIA/F-1"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[TestHouse]:
    with house(tmp_path, clock=SetClock(AFTER)) as given:
        yield given


def take(given: TestHouse, *bodies: bytes) -> None:
    given.receive(*bodies)
    given.read_all()


def why(given: TestHouse, record: str, leaf: str = "") -> dict[str, Any]:
    return Doings(given.line, wake=lambda: None).commands()["explain record"](record, leaf=leaf)  # type: ignore[no-any-return]


def field(given: TestHouse, record: str, leaf: str) -> dict[str, Any]:
    (found,) = why(given, record, leaf)["fields"]
    return found  # type: ignore[no-any-return]


def text(found: dict[str, Any]) -> str:
    return "\n".join(record_lines(found))


def enter(given: TestHouse, said: dict[str, Any], key: str = "", record: str = "Participant") -> None:
    with given.line.store.write() as tx:
        enter_entry(given.line, tx, Entry(record, SUBJECT, said, key=key), "nurse")


def test_evidence_says_from_which_report_it_is_folded(opened: TestHouse):
    take(opened, siu(), dft(charge_line()))
    folded = field(opened, "F-1", "evidence")["folded"]
    assert "from the status booked follows scheduled" in folded["rule"]
    assert {(one["kind"], one["field"], one["value"]) for one in folded["from"]} == {
        ("Appointment", "status", "booked"),
        ("Treatment", "status", "completed"),
        ("Treatment", "evidence", "evidenced"),
    }
    assert field(opened, "F-1", "evidence")["claims"] == []


def test_evidence_without_a_report_says_so(opened: TestHouse):
    take(opened, siu("S14", status="Complete"))
    found = field(opened, "F-1", "evidence")
    assert found["value"] == "presumed"
    assert found["folded"]["rule"].endswith("from the status fulfilled follows presumed, and nothing is reported of it")


def test_each_fact_of_a_fraction_names_who_says_it(opened: TestHouse):
    take(opened, siu(), dft(charge_line()), oru())
    assert field(opened, FRACTION, "dose")["folded"]["from"][0]["key"].endswith("|ROV|R-1")
    time = field(opened, FRACTION, "time")
    assert time["folded"]["from"][0]["key"].endswith("|ROV|R-1")  # a time of day before a day
    assert time["folded"]["from"][0]["value"] == time["value"]
    planned = field(opened, FRACTION, "fractions")["folded"]
    assert planned["rule"] == "as planned: no report says it"
    assert (planned["from"][0]["kind"], planned["from"][0]["value"]) == ("Appointment", 10)


def test_a_report_says_to_which_slot_it_was_matched_and_why(opened: TestHouse):
    take(opened, siu(), dft(charge_line()))
    found = field(opened, "T-1", "appointment")
    assert found["value"]["key"] == "aria|ARIA|F-1"
    assert "nearest slot of its course, day and machine" in found["folded"]["rule"]
    assert {one["field"] for one in found["folded"]["from"]} == {"time", "place"}


def test_a_corrected_result_says_so(opened: TestHouse):
    told = {"instrument": "pain-vas", "time": "2026-03-12", "timepoint": "t1"}
    enter(opened, told | {"value": 3}, key="V-1", record="Observation")
    opened.clock.on(hours=1)
    enter(opened, told | {"value": 4}, key="V-1", record="Observation")
    found = field(opened, f"Observation {SUBJECT}/V-1", "status")
    assert found["value"] == "corrected"
    assert found["folded"]["rule"].startswith("a final result that was first said otherwise is corrected")
    value = field(opened, f"Observation {SUBJECT}/V-1", "value")
    assert [one["outcome"] for one in value["claims"]] == ["won", "lost"]
    assert {one["kind"] for one in value["claims"]} == {"person"}


def test_a_message_that_says_more_today_than_when_it_was_read_says_so(opened: TestHouse):
    take(opened, siu(activity="RT-LATER"))
    file = "sites/sandbox/codes/siu-activity.toml"
    texts = dict(opened.line.used.texts)
    texts[file] = texts[file].replace("rows    = [", 'rows    = [\n  ["RT-LATER", "other"],')
    opened.line.use(FaceSet(texts))
    (claim,) = field(opened, "F-1", "activity")["claims"]
    assert (claim["outcome"], claim["value"]) == ("replaced", "other")
    assert "integrator replay --message" in claim["reason"]


@pytest.fixture
def older(opened: TestHouse) -> tuple[TestHouse, str]:
    """A message that was read by a face that has changed since: room and facility stood in each other's place."""
    take(opened, siu())
    swap = {"2": "4", "4": "2"}
    text_now = load_faces().get("hl7v2/siu-appointment", "sandbox").text
    text_then = re.sub(r'= "AIL-3\.([24])"', lambda found: f'= "AIL-3.{swap[found[1]]}"', text_now)
    digest = hashlib.sha256(text_then.encode()).hexdigest()
    with opened.line.store.write() as tx:
        kept_faces.keep(tx, digest, "hl7v2/siu-appointment", text_then, AFTER)
        tx.changed(update(table).where(table.c.control_id == "M1").values(face=digest, release="0.0.1"))
    return opened, digest


def test_a_face_that_changed_since_is_shown_then_and_now(older: tuple[TestHouse, str]):
    opened, digest = older
    (claim,) = field(opened, "F-1", "place")["claims"]
    then, now = claim["then"], claim["now"]
    assert (then["hash"], then["release"], then["value"]["room"]) == (digest, "0.0.1", "HTEST")
    assert (now["hash"] != digest, now["value"]["room"]) == (True, "R1")
    rooms = [
        [leaf["places"][0]["place"] for leaf in of["leaves"] if leaf["record"] == "place.room"] for of in (then, now)
    ]
    assert rooms == [["AIL-3.4"], ["AIL-3.2"]]
    shown = text(why(opened, "F-1", "place"))
    assert f"then: hl7v2/siu-appointment {digest[:12]}, release 0.0.1: name LINAC 3, room HTEST" in shown
    assert "now: hl7v2/siu-appointment" in shown


def test_a_face_that_is_not_kept_any_more_leaves_the_value(older: tuple[TestHouse, str]):
    opened, _ = older
    with opened.line.store.write() as tx:
        tx.changed(update(table).where(table.c.control_id == "M1").values(face="0" * 64))
    then = field(opened, "F-1", "place")["claims"][0]["then"]
    assert (then["value"]["room"], then["trouble"]) == ("R1", "release 0.0.1 read it; only its value is kept")


def test_a_face_as_it_was_is_compiled_from_its_text_or_not_at_all():
    face = load_faces().get("hl7v2/siu-appointment", "sandbox")
    again = face_as_it_was(face.name, face.hash, face.text)
    assert (again.hash, again.form) == (face.hash, face.form)
    assert face_as_it_was(face.name, face.hash, face.text + "x") is None
    assert face_as_it_was(face.name, face.hash, face.text.replace("[field]", "[fields]")) is None


def test_a_message_whose_bytes_were_erased_leaves_its_claim(opened: TestHouse):
    take(opened, siu())
    with opened.line.store.write() as tx:
        tx.changed(update(table).where(table.c.control_id == "M1").values(body=None, body_key=None))
    (claim,) = field(opened, "F-1", "time")["claims"]
    assert claim["value"]["start"] == "2026-03-12T09:40:00+01:00"
    assert "were erased" in claim["now"]["trouble"]
    assert "were erased" in text(why(opened, "F-1", "time"))


def test_the_word_of_a_person_about_a_report_stands_beside_the_system_s(opened: TestHouse):
    take(opened, siu(), dft(charge_line()))
    key = why(opened, "T-1")["key"]
    enter(opened, {"status": "not-done", "day": "2026-03-12", "reason": "machine down"}, key=key, record="Treatment")
    found = field(opened, f"Treatment {key}", "status")
    assert {claim["system"] for claim in found["claims"]} == {"aria", "trial"}
    assert [claim["outcome"] for claim in found["claims"]] == ["won", "lost"]
    assert {claim["system"]: claim["kind"] for claim in found["claims"]} == {"aria": "source", "trial": "person"}

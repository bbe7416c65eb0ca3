"""Identity changes on the line: a merge, and what of it must be found, read again, told and taken back."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from integrator.claims import said_from_json
from integrator.errors import Rejected
from integrator.identity import field_keys
from integrator.merging import CIRCLE, ENROLLED, MOVED
from integrator.store import journal, messages, people, questions, records
from tests.houses import NUMBER, TestHouse, house, siu

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

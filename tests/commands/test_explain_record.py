"""integrator explain RECORD: fields with the claims that won and lost, at rest and while serve runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from integrator.app import open_line
from integrator.cli import integrator as command_line
from integrator.config import read_config
from integrator.connectors.mllp import Arrival
from integrator.control import NAME, Control
from integrator.doings import Doings
from integrator.engine.embedded import Engine
from integrator.errors import IntegratorError
from integrator.line import Line
from tests.houses import SetClock, siu

SUBJECT = "DISPO-HTEST-001"
CONFIG = f"""
[study]
nct = "NCT01409720"
title = "DISPO"
[integrator]
processing_id = "T"
zone = "Europe/Berlin"
[owners]
Appointment = "aria"
Patient = "ehr"
[[source]]
name = "aria"
system = "aria"
zone = "Europe/Berlin"
listen = "127.0.0.1:0"
site = "sandbox"
charset = "8859/1"
[[source]]
name = "desk"
system = "ehr"
zone = "Europe/Berlin"
listen = "127.0.0.1:0"
charset = "8859/1"
[[participant]]
subject = "{SUBJECT}"
number = "HTEST-0001"
second = "1957-03-12"
consent = 2026-03-02
"""
MOVED: dict[str, Any] = {"start": "20260312110000", "end": "20260312112000", "why": "machine down"}
CLOCK = SetClock(datetime(2026, 3, 13, 8, 0, tzinfo=UTC))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with one participant; the current folder."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(command_line, ("init", ".")).exit_code == 0
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


@contextmanager
def opened() -> Iterator[Line]:
    with open_line(read_config(Path("config.toml")), CLOCK) as line:
        yield line


def receive(*bodies: bytes, source: str = "aria") -> None:
    """As if the bodies had come from this source, each read and merged before the next."""
    with opened() as line:
        for body in bodies:
            line.receive([Arrival(source, body, "test")])
            while Engine(line).read_some("test"):
                pass


def run(*args: str) -> tuple[int, str]:
    """A command in this process, with what main() makes of an error of ours."""
    done = CliRunner().invoke(command_line, ("explain", *args))
    if isinstance(done.exception, IntegratorError):
        return 1, f"integrator: {done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def why(*args: str) -> Any:
    code, text = run(*args, "--json")
    assert code == 0, text
    return json.loads(text)


def test_the_claim_that_won_and_those_that_it_replaced(folder: Path):
    receive(siu(), siu("S13", control_id="M2", sent="20260310120000", **MOVED))
    (field,) = why("F-1", "--path", "time")["fields"]
    won, replaced = field["claims"]
    assert field["value"] == {"start": "2026-03-12T11:00:00+01:00", "end": "2026-03-12T11:20:00+01:00"}
    assert (won["outcome"], won["system"], won["trigger"]) == ("won", "aria", "S13")
    assert won["source_time"] == "2026-03-10T11:00:00+00:00"
    assert won["message"]["control_id"] == "M2"
    assert replaced["outcome"] == "replaced"
    assert replaced["value"]["start"] == "2026-03-12T09:40:00+01:00"
    assert replaced["receipt"] < won["receipt"]
    assert str(won["receipt"]) in replaced["reason"]


def test_a_field_leads_to_the_bytes_the_face_and_the_decision(folder: Path):
    receive(siu())
    (field,) = why("F-1", "--path", "time.start")["fields"]
    (leaf,) = field["claims"][0]["now"]["leaves"]
    assert leaf["record"] == "time.start"
    assert [place["place"] for place in leaf["places"]] == ["TQ1-7"]
    start, end = leaf["places"][0]["span"]
    assert siu()[start:end] == leaf["places"][0]["text"].encode() == b"20260312094000"
    assert (leaf["read"]["conversion"], leaf["read"]["choice"]) == ("period", "1 of 6")
    assert leaf["read"]["where"].startswith("mappings/hl7v2/siu-appointment.toml:")
    assert leaf["notes"] == ["zone Europe/Berlin"]


def test_without_a_path_no_bytes_are_shown(folder: Path):
    receive(siu())
    found = json.dumps(why("F-1"))
    assert "20260312094000" not in found
    assert "HTEST-M" not in found
    code, text = run("F-1")
    assert (code, "20260312094000" in text) == (0, False)
    assert "time = start 2026-03-12T09:40:00+01:00" in text


def test_words_of_the_record_itself_are_shown(folder: Path):
    receive(siu("S15", status="Cancelled", why="W1^machine down"))
    fields = {one["field"]: one for one in why("F-1")["fields"]}
    assert fields["reason"]["value"] == fields["reason"]["claims"][0]["value"]
    assert "machine down" in json.dumps(fields["reason"]["value"])
    texts = [place["text"] for leaf in fields["reason"]["claims"][0]["now"]["leaves"] for place in leaf["places"]]
    assert texts == [None]


def adt(control_id: str, sent: str, name: str) -> bytes:
    segments = [
        f"MSH|^~\\&|KIS|HTEST|INT|HTEST|{sent}||ADT^A08^ADT_A01|{control_id}|T|2.5.1",
        f"EVN|A08|{sent}",
        f"PID|1||HTEST-0001^^^HTEST^MR||{name}^Anna||19570312|F",
    ]
    return ("\r".join(segments) + "\r").encode("iso8859-1")


def test_the_owner_s_word_wins_and_the_other_system_s_is_shown_as_lost(folder: Path):
    receive(adt("A1", "20260310090000", "HTEST-Müller"), source="desk")
    receive(adt("A2", "20260311090000", "HTEST-Mueller"))
    found = why(f"Patient {SUBJECT}", "--path", "name")
    won, lost = found["fields"][0]["claims"]
    assert (won["system"], won["outcome"], won["reason"]) == ("ehr", "won", "ehr owns name")
    assert (lost["system"], lost["outcome"], lost["reason"]) == ("aria", "lost", "ehr owns name")
    assert lost["source_time"] > won["source_time"]
    assert won["value"]["family"] == "HTEST-Müller"
    code, text = run(f"Patient {SUBJECT}")
    assert (
        code,
        "lost: family HTEST-Mueller, given Anna, aria at 2026-03-11T08:00:00+00:00, A08: ehr owns" in text,
    ) == (
        0,
        True,
    )


def test_a_losing_status_says_which_rule_it_lost_by(folder: Path):
    receive(
        siu(), siu("S17", control_id="M2", sent="20260310120000"), siu("S13", control_id="M3", sent="20260310130000")
    )
    (field,) = why("F-1", "--path", "status")["fields"]
    assert field["value"] == "entered-in-error"
    reasons = {claim["trigger"]: claim["reason"] for claim in field["claims"]}
    assert reasons["S13"].endswith("after that only a new booking (S12) counts")


@pytest.mark.parametrize("name", ["Appointment aria|ARIA|F-1", "aria|ARIA|F-1", "F-1", "P-F-1"])
def test_a_record_is_found_by_what_people_have(folder: Path, name: str):
    receive(siu(), siu(control_id="M2", filler="F-10"))
    found = why(name)
    assert (found["kind"], found["key"], found["subject"]) == ("Appointment", "aria|ARIA|F-1", SUBJECT)


def test_a_number_that_means_two_records_or_none_is_said(folder: Path):
    receive(siu(), siu(control_id="M2", filler="F-1^OTHER"))
    code, text = run("F-1")
    assert (code, "means 2 records; say which" in text) == (1, True)
    assert "no record is 'X-9'" in run("X-9")[1]
    assert "has no field 'begin'; it has" in run("aria|ARIA|F-1", "--path", "begin")[1]


def test_what_a_person_entered_is_of_that_kind(folder: Path):
    receive()
    (field,) = why(SUBJECT, "--path", "status")["fields"]
    (claim,) = field["claims"]
    assert (claim["kind"], claim["now"]["leaves"][0]["kind"]) == ("person", "person")
    assert claim["now"]["leaves"][0]["places"][0]["place"] == "said.status"


def test_while_serve_runs_it_is_asked(folder: Path):
    receive(siu())
    with opened() as line:
        control = Control(line.settings.folder / NAME, Doings(line, lambda: None).commands())
        control.start()
        try:
            assert why("F-1", "--path", "time")["fields"][0]["claims"][0]["outcome"] == "won"
        finally:
            control.stop()


@pytest.mark.parametrize("args", [(), ("F-1", "--message", "3")])
def test_one_thing_is_asked_at_a_time(folder: Path, args: tuple[str, ...]):
    code, text = run(*args)
    assert (code, "write one of" in text) == (2, True)

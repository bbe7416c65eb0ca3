"""The commands as a person types them, each in its own process, with and without a serve that holds the store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from integrator.sandbox.ehr.process import SandboxEhr
from tests.houses import NUMBER, OTHER, Sender, siu, wait_for

CONFIG = """
[study]
nct = "NCT01409720"
title = "DISPO"
[integrator]
processing_id = "T"
[web]
listen = "127.0.0.1:0"
[line]
look_every = 0.05
[[source]]
name = "aria"
system = "aria"
zone = "Europe/Berlin"
listen = "127.0.0.1:0"
site = "sandbox"
charset = "8859/1"
{target}
[owners]
Appointment = "aria"
Patient = "ehr"
[[participant]]
subject = "DISPO-HTEST-001"
number = "HTEST-0001"
second = "1957-03-12"
consent = 2026-03-02
"""


def integrator(folder: Path, *args: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "integrator", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.fixture
def folder(tmp_path):
    """An installation made by `integrator init`, with a source and a participant."""
    made = integrator(tmp_path, "init", ".")
    assert made.returncode == 0, made.stderr
    (tmp_path / "config.toml").write_text(CONFIG.format(target=""))
    return tmp_path


@contextmanager
def serving(folder: Path):
    """A running serve; gives what it says when it is ready."""
    command = [sys.executable, "-m", "integrator", "serve"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        process.stdout.close()


def test_init_makes_a_configuration_and_a_key_file_and_leaves_what_is_there(tmp_path):
    first = integrator(tmp_path, "init", ".")
    keys = tmp_path / "var/integrator.keys"
    assert first.returncode == 0
    assert os.stat(keys).st_mode & 0o777 == 0o600
    before = keys.read_bytes()
    again = integrator(tmp_path, "init", ".")
    assert again.returncode == 0
    assert "left as it is" in again.stdout
    assert keys.read_bytes() == before
    assert integrator(tmp_path, "check", "--offline").returncode == 0


def test_check_names_what_is_wrong_with_file_and_line(folder):
    text = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(text.replace('site = "sandbox"', 'site = "nowhere"'))
    wrong = integrator(folder, "check", "--json")
    assert wrong.returncode == 1
    assert any(not line["ok"] and "nowhere" in line["text"] for line in json.loads(wrong.stdout))
    (folder / "config.toml").write_text(text + "\n[line2]\n")
    wrong = integrator(folder, "check")
    assert wrong.returncode == 1
    assert "config.toml:" in wrong.stdout


def test_check_says_what_a_target_can_and_cannot(folder):
    with SandboxEhr(folder / "ehr.db", settings="epic-like") as ehr:
        target = f'[[target]]\nname = "ehr"\nsystem = "ehr"\nbase = "{ehr.base}"\n'
        (folder / "config.toml").write_text(CONFIG.format(target=target))
        told = integrator(folder, "check")
        assert told.returncode == 0, told.stdout
        assert "the target cannot write Appointment" in told.stdout
    assert integrator(folder, "check").returncode == 1  # it is away now


def test_check_asks_for_the_resource_that_a_record_is_written_as(folder):
    with SandboxEhr(folder / "ehr.db", settings="hapi-like") as ehr:
        records = '["Appointment", "Treatment", "Participant"]'
        target = f'[[target]]\nname = "ehr"\nsystem = "ehr"\nbase = "{ehr.base}"\nrecords = {records}\n'
        (folder / "config.toml").write_text(CONFIG.format(target=target))
        told = integrator(folder, "check").stdout
        assert "Treatment as Procedure: create" in told
        assert "Participant as ResearchSubject: create" in told
        assert "cannot write" not in told


def test_a_participant_is_added_at_rest_and_while_it_runs(folder):
    add = ["--number", OTHER, "--second", "1960-01-01", "--consent", "2026-03-01"]
    done = integrator(folder, "participant", "add", "DISPO-HTEST-002", *add)
    assert done.returncode == 0, done.stderr
    twice = integrator(folder, "participant", "add", "DISPO-HTEST-003", *add)
    assert twice.returncode == 1
    assert "linked to DISPO-HTEST-002 already" in twice.stderr
    with serving(folder):
        add[1] = "HTEST-0003"
        assert integrator(folder, "participant", "add", "DISPO-HTEST-003", *add).returncode == 0
        listed = json.loads(integrator(folder, "participant", "list", "--json").stdout)
    assert [one["subject"] for one in listed] == ["DISPO-HTEST-001", "DISPO-HTEST-002", "DISPO-HTEST-003"]
    assert NUMBER not in json.dumps(listed)
    assert [one["consent_from"][:10] for one in listed] == ["2026-03-02", "2026-03-01", "2026-03-01"]  # as signed


def test_a_message_goes_through_a_running_serve_and_can_be_replayed(folder):
    with serving(folder) as told:
        with Sender(told["mllp"]["aria"]) as aria:
            assert b"MSA|AA" in aria.send(siu())
            assert b"MSA|AA" in aria.send(siu(control_id="M2", filler="F-2", start="20260230090000"))

        def appointments() -> bool:
            (one,) = json.loads(integrator(folder, "participant", "list", "--json").stdout)
            return one["appointments"] == 1

        wait_for(appointments, 20)
        dry = json.loads(integrator(folder, "replay", "--dry-run", "--json").stdout)
        assert (dry["messages"], dry["records"], dry["changed"]) == (3, 2, 0)  # one of them links the participant
        again = integrator(folder, "replay", "--state", "held")
        assert again.returncode == 0
        assert "1 messages are read again" in again.stdout


def test_a_message_that_is_not_there_cannot_be_replayed(folder):
    none = integrator(folder, "replay", "--message", "99")
    assert none.returncode == 1
    assert "there is no message 99" in none.stderr


def test_reconcile_without_anything_to_compare_is_done(folder):
    assert integrator(folder, "reconcile").returncode == 0
    unknown = integrator(folder, "reconcile", "--target", "nobody")
    assert unknown.returncode == 1


@pytest.mark.parametrize("command", ["", "serve", "check", "map", "explain", "replay", "reconcile", "demo", "init"])
def test_every_command_has_help(folder, command):
    shown = integrator(folder, *command.split(), "--help")
    assert shown.returncode == 0
    assert "Example: " in shown.stdout or not command


def test_used_wrongly_is_exit_code_2(folder):
    assert integrator(folder, "map").returncode == 2
    assert integrator(folder, "serve", "--roles", "cook").returncode == 2

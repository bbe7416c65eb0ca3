"""What became of a participant's numbers, on the command line, and a merge taken back there."""

from __future__ import annotations

import json
from pathlib import Path

from integrator.app import open_line
from integrator.config import read_config
from integrator.connectors.mllp import Arrival
from integrator.engine.embedded import Engine
from tests.commands.test_trial_commands import CONFIG, SUBJECT, run
from tests.test_renumbering import NEW, adt

SOURCE = """
[[source]]
name = "kis"
system = "kis"
zone = "Europe/Berlin"
listen = "127.0.0.1:0"
charset = "8859/1"
"""


def test_a_merge_is_listed_and_taken_back(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init", ".")[0] == 0
    (tmp_path / "config.toml").write_text(CONFIG + SOURCE)
    assert run("participant", "numbers", SUBJECT)[1] == f"{SUBJECT}: the hospital changed no number.\n"
    with open_line(read_config(Path("config.toml"))) as line:
        line.receive([Arrival("kis", adt(), "test")])
        Engine(line).read_some("test")
    code, told = run("participant", "numbers", SUBJECT)
    assert code == 0
    assert told.strip().endswith("messages come under another one now, and both find them.")
    assert "HTEST-0001" not in told
    assert NEW not in told
    code, told = run("participant", "unmerge", SUBJECT)
    assert code == 2
    assert "--reason" in told
    assert run("participant", "unmerge", SUBJECT, "--reason", "a namesake") == (
        0,
        f"{SUBJECT}: change 1 of the numbers is taken back, and what it brought is read again.\n",
    )
    taken_back, undo = json.loads(run("participant", "numbers", SUBJECT, "--json")[1])
    assert (taken_back["stands"], taken_back["text"].endswith("A person took it back.")) == (False, True)
    assert undo["tie"] is False
    code, told = run("participant", "unmerge", SUBJECT, "--reason", "a namesake")
    assert (code, told) == (1, f"integrator: no change of the numbers of {SUBJECT} stands")

"""Participants' lives and tables on the command line, at rest and while serve runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from integrator.cli import integrator as command_line
from integrator.errors import IntegratorError
from tests.houses import wait_for

SUBJECT = "DISPO-HTEST-001"
CONFIG = f"""
[study]
nct = "NCT01409720"
title = "DISPO"
arms = ["A", "B"]
[integrator]
processing_id = "T"
[web]
listen = "127.0.0.1:0"
[line]
look_every = 0.05
[[participant]]
subject = "{SUBJECT}"
number = "HTEST-0001"
second = "1957-03-12"
consent = 2026-03-02
"""
SCORES = f"""subject;instrument;value;time;timepoint;colour
{SUBJECT};pain-vas;3;2026-03-09;t0;
{SUBJECT};pain-vas;11;2026-03-10;;
P-9;ecog;1;2026-03-09;t0;red
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with one participant; the current folder."""
    monkeypatch.chdir(tmp_path)
    assert run("init", ".")[0] == 0
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def run(*args: str) -> tuple[int, str]:
    """A command in this process, with what main() makes of an error of ours."""
    done = CliRunner().invoke(command_line, args)
    if isinstance(done.exception, IntegratorError):
        return 1, f"integrator: {done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def shown() -> dict[str, object]:
    code, text = run("participant", "show", SUBJECT)
    assert code == 0, text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_participant_s_life(folder: Path):
    assert shown()["record"]["status"] == "pending-on-study"  # type: ignore[index]
    went = ("participant", "status", SUBJECT, "on-study-intervention", "--on", "2026-03-03")
    assert run(*went, "--arm", "C") == (1, "integrator: arm is one of A, B; 'C' is not")
    assert run(*went, "--arm", "A", "--randomised", "2026-03-03") == (0, f"{SUBJECT}: version 2 of the record.\n")
    assert run(*went, "--arm", "A", "--randomised", "2026-03-03") == (0, f"{SUBJECT}: nothing new.\n")
    code, text = run("participant", "status", SUBJECT, "withdrawn", "--on", "2026-03-05", "--reason", "moved away")
    assert code == 1
    assert "withdrawn is who withdrew before registration; who leaves after it is off-study" in text
    assert run("participant", "withdraw", SUBJECT, "--scope", "intervention", "--on", "2026-03-20")[0] == 0
    assert shown()["record"]["status"] == "on-study-observation"  # type: ignore[index]
    code, text = run("participant", "withdraw", SUBJECT, "--scope", "a bit", "--on", "2026-03-21")
    assert (code, "is one of intervention, collection, everything" in text) == (1, True)
    code, text = run("participant", "consent", SUBJECT, "--date", "2026-03-01", "--version", "2.0")
    assert code == 1
    assert "there is a consent of 2026-03-02" in text
    assert f"{SUBJECT:<20} A            on-study-observation" in run("participant", "list")[1]


def test_a_participant_twice_and_an_unknown_arm(folder: Path):
    add = ("participant", "add", "DISPO-HTEST-002", "--number", "HTEST-0002", "--second", "1960-01-01")
    code, text = run(*add, "--consent", "2026-03-01", "--arm", "X")
    assert (code, text) == (1, "integrator: arm is one of A, B; 'X' is not")
    assert run(*add, "--consent", "2026-03-01", "--arm", "B", "--version", "1.1")[0] == 0
    code, text = run(*add, "--consent", "2026-03-01")
    assert code == 1
    assert "is linked to a patient already" in text
    assert run("participant", "status", "nobody", "on-study", "--on", "2026-03-03")[1].startswith(
        "integrator: there is no participant nobody"
    )


def test_a_preview_says_row_by_row_what_is_wrong_and_stores_nothing(folder: Path):
    (folder / "scores.csv").write_text(SCORES)
    code, text = run("import", "scores.csv", "--kind", "observations", "--preview")
    assert code == 1
    assert text.splitlines() == [
        "line 3: value: pain VAS is a number from 0 to 10; 11 is not",
        "line 4: subject: there is no participant P-9",
        "These columns are not read: colour.",
        text.splitlines()[3],
    ]
    assert text.splitlines()[3].endswith("1 are right, 2 are wrong. Nothing was stored.")
    assert shown()["records"]["Observation"] == 0  # type: ignore[index]


def test_an_import_and_the_mended_file_again(folder: Path):
    (folder / "scores.csv").write_text(SCORES)
    command = ("import", "scores.csv", "--kind", "observations", "--as-of", "2026-03-13 17:00", "--json")
    code, text = run(*command)
    told = json.loads(text)
    assert (code, told["right"], told["wrong"], told["messages"], told["known"]) == (1, 1, 2, 1, 0)
    assert told["problems"][0] == {
        "line": 3,
        "field": "value",
        "text": "pain VAS is a number from 0 to 10; 11 is not",
    }
    assert shown()["records"]["Observation"] == 1  # type: ignore[index]
    again = json.loads(run(*command)[1])
    assert (again["messages"], again["known"]) == (0, 1)
    (folder / "scores.csv").write_text(SCORES.replace(";11;", ";1;").replace("P-9", SUBJECT))
    code, text = run(*command)
    assert (code, json.loads(text)["right"]) == (0, 3)
    assert shown()["records"]["Observation"] == 3  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (b"subject;value\n", (), "these columns are missing: instrument"),
        (
            "subject;instrument\nM\u00fcller;ecog\n".encode("cp1252"),
            (),
            'save the file as "CSV UTF-8", or say --encoding',
        ),
        (b"subject;instrument\n", ("--as-of", "2099-01-01"), "--as-of: 2099-01-01 is in the future"),
        (b"subject;instrument\n", ("--as-of", "03/04/2026"), "--as-of: 03/04/2026 can be read in two ways"),
        (b"subject;instrument\n", ("--encoding", "klingon"), "there is no encoding 'klingon'"),
        (b"", (), "the file is empty"),
    ],
)
def test_files_that_are_not_taken(folder: Path, data: bytes, options: tuple[str, ...], words: str):
    (folder / "scores.csv").write_bytes(data)
    code, text = run("import", "scores.csv", "--kind", "observations", *options)
    assert code == 1
    assert words in text


@pytest.fixture
def serving(folder: Path) -> Iterator[Callable[[], None]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "integrator", "serve"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert json.loads(process.stdout.readline())["pid"] == process.pid
        yield process.terminate
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


def test_a_table_is_imported_while_serve_runs(folder: Path, serving: Callable[[], None]):
    (folder / "scores.csv").write_text(SCORES.replace(";11;", ";1;").replace("P-9", SUBJECT))
    code, text = run("import", "scores.csv", "--kind", "observations")
    assert (code, "3 are right" in text) == (0, True), text
    wait_for(lambda: shown()["records"]["Observation"] == 3, 20)  # type: ignore[index]


def test_every_command_has_help_with_an_example():
    for name in ("status", "consent", "withdraw", "show", "add", "list"):
        assert "Example: integrator participant" in run("participant", name, "--help")[1]
    assert "Example: integrator import" in run("import", "--help")[1]

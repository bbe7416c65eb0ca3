"""Tokens on the command line, at rest and while serve runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from integrator.cli import integrator as command_line
from integrator.errors import IntegratorError

CONFIG = """
[study]
nct = "NCT01409720"
title = "DISPO"
[integrator]
processing_id = "T"
[web]
listen = "127.0.0.1:0"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation; the current folder."""
    monkeypatch.chdir(tmp_path)
    assert run("init", ".")[0] == 0
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """The address of the API of a running serve."""
    process = subprocess.Popen(
        [sys.executable, "-m", "integrator", "serve", "--config", "config.toml", "--roles", "web"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["web"] + "api/v1"
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


def run(*args: str) -> tuple[int, str, str]:
    """A command in this process: exit code, stdout, stderr, with what main() makes of an error of ours."""
    done = CliRunner().invoke(command_line, args)
    if isinstance(done.exception, IntegratorError):
        return 1, "", f"integrator: {done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_a_token_is_made_listed_and_removed(folder: Path):
    assert "the API answers every program on this machine" in run("token", "list")[1]
    code, made, told = run("token", "add", "physio-app", "--days", "30")
    assert code == 0
    assert made.startswith("int_")
    assert len(made.split()) == 1, "alone on stdout, so that a script may keep it"
    assert "It is not shown again" in told
    code, listed, _ = run("token", "list")
    assert made.strip()[-4:] in listed
    assert made.strip() not in listed
    assert run("token", "add", "physio-app")[2].startswith("integrator: there is a token physio-app already")
    (one,) = json.loads(run("token", "list", "--json")[1])
    assert (one["name"], one["expired"]) == ("physio-app", False)
    code, removed, told = run("token", "remove", "physio-app")
    assert (code, "is refused from now on" in removed, "the last token" in told) == (0, True, True)
    assert run("token", "remove", "physio-app")[2] == "integrator: there is no token physio-app"
    assert run("token", "add", "x", "--days", "0")[0] == 2


def test_a_token_made_while_serve_runs_is_asked_for_at_once(served: str):
    assert requests.get(f"{served}/participants", timeout=5).status_code == 200
    token = json.loads(run("token", "add", "physio-app", "--json")[1])["token"]
    assert requests.get(f"{served}/participants", timeout=5).status_code == 401
    shown = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{served}/participants", headers=shown, timeout=5).json() == {"items": [], "next": None}
    assert run("token", "remove", "physio-app")[0] == 0
    assert requests.get(f"{served}/participants", timeout=5).status_code == 200


def test_every_command_has_help_with_an_example():
    for name in ("add", "list", "remove"):
        assert f"Example: integrator token {name}" in run("token", name, "--help")[1]

"""A full disk: a program is told to come again later, and what it was told is stored is stored once."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from integrator.security.keys import Keyring
from tests.web.api.conftest import SCORE, SUBJECT

CONFIG = f"""
[study]
nct = "NCT01409720"
title = "DISPO"
[integrator]
processing_id = "T"
folder = "."
[web]
listen = "127.0.0.1:0"
[[participant]]
subject = "{SUBJECT}"
number = "HTEST-0001"
second = "1957-03-12"
consent = 2026-03-02
"""


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The process of a serve, and the address of its API."""
    Keyring.make(tmp_path / "integrator.keys")
    (tmp_path / "config.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "integrator", "serve", "--config", "config.toml", "--roles", "web"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        yield told["pid"], told["web"] + "api/v1"
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


def test_a_score_that_did_not_fit_is_taken_when_there_is_room(serving: tuple[int, str]):
    pid, base = serving
    score = SCORE | {"time": "2026-03-09"}
    assert requests.post(f"{base}/observations", json=score | {"key": "before"}, timeout=10).status_code == 201
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))  # no file grows any more
    full = requests.post(f"{base}/observations", json=score | {"key": "during"}, timeout=10)
    assert (full.status_code, full.headers["Content-Type"]) == (503, "application/problem+json")
    assert int(full.headers["Retry-After"]) > 0
    assert full.json()["problems"][0]["text"].startswith("the store cannot be used now")
    read = requests.get(f"{base}/observations", timeout=10)
    assert [one["key"] for one in read.json()["items"]] == [f"{SUBJECT}/before"], "reading goes on"
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert requests.post(f"{base}/observations", json=score | {"key": "during"}, timeout=10).status_code == 201
    said = requests.get(f"{base}/messages?type=Observation", timeout=10).json()["items"]
    assert [one["state"] for one in said] == ["merged", "merged"]

"""A table of ten million rows through `integrator import --preview`: said in words, and the memory has a bound."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integrator.importing import WATCHED

WHOLE = os.environ.get("INTEGRATOR_PROOFS") == "whole"
ROWS = 10_000_000 if WHOLE else 100_000
MOST = 300  # MB
CONFIG = """
[study]
nct = "NCT01409720"
title = "DISPO"
[integrator]
processing_id = "T"
folder = "."
[[participant]]
subject = "DISPO-HTEST-001"
number = "HTEST-0001"
second = "1957-03-12"
consent = 2026-03-02
"""


def table(file: Path, rows: int) -> None:
    """Every row another score; one of ten thousand is wrong."""
    with file.open("w") as out:
        out.write("subject;instrument;value;time;key\n")
        for start in range(0, rows, 10_000):
            lines = (f"DISPO-HTEST-001;pain-vas;{n % 11};2026-03-13;k{n}\n" for n in range(start + 1, start + 10_000))
            out.write("DISPO-HTEST-001;pain-vas;11;2026-03-13;k0\n" + "".join(lines))


@pytest.mark.long
def test_ten_million_rows_are_gone_through_in_bounded_memory(tmp_path: Path):
    (tmp_path / "config.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "integrator"]
    subprocess.run([*command, "init"], cwd=tmp_path, check=True, capture_output=True)
    table(tmp_path / "scores.csv", ROWS)
    began = time.monotonic()
    options = ["--kind", "observations", "--preview", "--json"]
    done = subprocess.run([*command, "import", "scores.csv", *options], cwd=tmp_path, capture_output=True, text=True)
    took = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"\n{ROWS:,} rows in {took:.0f} s, {ROWS / took:,.0f} a second; at most {peak} MB")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (found["rows"], found["wrong"]) == (ROWS, ROWS // 10_000)
    assert found["watched"] is (ROWS <= WATCHED)
    assert found["problems"][0]["text"] == "pain VAS is a number from 0 to 10; 11 is not"
    assert peak < MOST

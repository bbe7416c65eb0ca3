"""The demo as `make demo` starts it: every process real, the whole story, on an EHR that writes and on one that reads.

What it checks is in its own output; here it must say so, end with the right code, and leave no process behind.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "integrator", "demo"]


def play(folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the JSON result, and what a person reads."""
    command = [*COMMAND, "--once", "--json", "--folder", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def wrong(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for check in result["checks"] if not check["ok"]]


def at_work(folder: Path) -> list[str]:
    """Which of the processes that a demo named in its lock file (`serve 4711`) are there."""
    named = next(folder.rglob("demo.lock")).read_text().split(", ")
    return [one.split()[0] for one in named if is_there(int(one.split()[1]))]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, dict[str, Any], str]]:
    """The story, told once to an EHR that writes."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, play(folder)


def test_the_story_ends_right_on_an_ehr_that_writes(told: tuple[Path, tuple[int, dict[str, Any], str]]) -> None:
    folder, (code, result, read) = told
    assert wrong(result) == []
    assert (code, result["ok"], result["run"], len(result["checks"])) == (0, True, 1, 19)
    assert result["counts"]["messages"]["held"] == 1
    assert result["ehr"]["changes"]["create Appointment"] == 120
    assert result["ehr"]["status"]["Appointment"] == {"booked": 69, "fulfilled": 48, "cancelled": 2, "noshow": 1}
    assert "All 19 checks held." in read
    assert at_work(folder) == []


def test_run_again_on_the_same_store_nothing_is_written(told: tuple[Path, tuple[int, dict[str, Any], str]]) -> None:
    folder, (_, first, _) = told
    code, result, read = play(folder)
    assert wrong(result) == []
    assert (code, result["run"]) == (0, 2)
    assert "Run 2 on this store" in read
    assert result["ehr"]["writes"] == first["ehr"]["writes"]
    assert result["counts"]["messages"]["unchanged"] == 240


def test_the_story_ends_right_on_an_ehr_that_only_reads(tmp_path: Path) -> None:
    code, result, _ = play(tmp_path, "--settings", "epic-like")
    assert wrong(result) == []
    assert (code, result["settings"], len(result["checks"])) == (0, "epic-like", 11)
    assert result["ehr"]["changes"] == {}
    waiting = Counter(row["reason"].removeprefix("the target cannot write ") for row in result["counts"]["waiting"])
    wanted = {"Appointment": 120, "Observation": 189, "Procedure": 96, "ResearchStudy": 1, "ResearchSubject": 12}
    assert waiting == wanted


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_stops_all_that_it_started(tmp_path: Path, how: signal.Signals) -> None:
    place = tmp_path / "out"
    with (
        place.open("w") as out,
        subprocess.Popen(
            [*COMMAND, "--folder", str(tmp_path)], stdout=out, stderr=out, preexec_fn=_heed_ctrl_c
        ) as process,
    ):
        try:
            await_words(place, process, "story's time")
            assert at_work(tmp_path) == ["demo", "serve", "ehr", "registry"]
            process.send_signal(how)
            assert process.wait(90) == 130
        finally:
            process.terminate()
    assert "everything that was started is stopped" in place.read_text()
    assert at_work(tmp_path) == []


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background ignores it, its children too


def await_words(place: Path, process: subprocess.Popen[bytes], words: str) -> None:
    """Waits until the process has written these words."""
    for _ in range(600):
        if words in place.read_text():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"{words!r} is not in: {place.read_text()}")

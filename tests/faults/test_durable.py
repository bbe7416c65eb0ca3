"""The bytes are on the disk before the acknowledgement leaves: watched from outside, by the system calls."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from integrator.sandbox.radiotherapy import Sender
from tests.faults.processes import Installation, booking

# A finished call in the output of `strace -f -y`: pid, name, the file or socket of its first argument, the rest.
CALL = re.compile(r"^(?P<pid>\d+)\s+(?P<name>\w+)\(\d+<(?P<what>[^>]*)>(?P<rest>.*)$")
RESUMED = re.compile(r"^(?P<pid>\d+)\s+<\.\.\. (?P<name>\w+) resumed>.* = (?P<result>-?\d+)")


def can_trace() -> bool:
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


def events(text: str) -> list[str]:
    """In order of their end: "sync" of the store's log, "answer" for bytes that hold an acknowledgement."""
    found: list[str] = []
    begun: dict[tuple[str, str], str] = {}
    for line in text.splitlines():
        if call := CALL.match(line):
            kind = kind_of(call["name"], call["what"], call["rest"])
            if kind and "<unfinished" in call["rest"]:
                begun[call["pid"], call["name"]] = kind
                if kind == "answer":
                    found.append(kind)  # bytes may be gone as soon as the call has begun
            elif kind and (kind != "sync" or call["rest"].rstrip().endswith("= 0")):
                found.append(kind)
        elif back := RESUMED.match(line):
            kind = begun.pop((back["pid"], back["name"]), "")
            if kind == "log" or (kind == "sync" and back["result"] == "0"):
                found.append(kind)
    return found


def kind_of(name: str, what: str, rest: str) -> str | None:
    if name in ("fsync", "fdatasync") and what.endswith("integrator.db-wal"):
        return "sync"
    if name in ("write", "pwrite64") and what.endswith("integrator.db-wal"):
        return "log"
    return "answer" if name in ("sendto", "send", "sendmsg", "write") and "MSA|AA" in rest else None


def unsafe(order: list[str]) -> list[int]:
    """Which answers left with nothing written since the one before, or before the last write was synced."""
    found: list[int] = []
    before = 0
    answers = [place for place, event in enumerate(order) if event == "answer"]
    for number, place in enumerate(answers):
        since = order[before:place]
        last = max((at for at, event in enumerate(since) if event == "log"), default=len(since))
        if "sync" not in since[last:]:
            found.append(number)
        before = place + 1
    return found


@pytest.mark.skipif(not can_trace(), reason="left out: the proof of the sync needs strace and the right to trace")
def test_the_sync_of_the_stores_log_returned_before_each_acknowledgement_was_written(tmp_path):
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,pwrite64,write,sendto,sendmsg"
    with Installation(tmp_path) as here:
        # Only the listener runs, so that whatever is written to the store is a message that is about to be answered.
        here.start("strace", "-f", "-y", "-s", "400", "-o", str(trace), "-e", calls, roles="mllp")
        with Sender("127.0.0.1", here.port, timeout=30) as sender:
            for number in range(1, 8):
                assert sender.send(booking(number, 9, f"A{number}")).code == "AA"
        here.stop()
    order = events(trace.read_text(errors="replace"))
    assert order.count("answer") == 7
    assert unsafe(order) == [], f"an acknowledgement left before the sync returned: {order}"


@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        ("log sync answer log log sync answer", []),
        ("log answer sync", [0]),
        ("log sync log answer", [0]),
        ("log sync answer answer", [1]),
        ("sync log answer log sync answer", [0]),
    ],
)
def test_the_proof_can_fail(order, wrong):
    assert unsafe(order.split()) == wrong


@pytest.mark.parametrize(
    ("lines", "order"),
    [
        (['7 pwrite64(5<x/integrator.db-wal>, "..", 1) = 1'], ["log"]),
        (["7 fdatasync(5<x/integrator.db-wal>) = 0"], ["sync"]),
        (["7 fdatasync(5<x/integrator.db-wal>) = -1 EIO"], []),
        (["7 fdatasync(5<x/integrator.db-wal> <unfinished ...>", "7 <... fdatasync resumed>) = 0"], ["sync"]),
        (['7 sendto(9<TCP:[1]>, "\\vMSH|x\\rMSA|AA|A1", 20, 0, NULL, 0) = 20'], ["answer"]),
    ],
)
def test_the_reading_of_a_trace(lines, order):
    assert events("\n".join(lines)) == order

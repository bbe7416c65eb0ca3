"""The processes of a run: `integrator serve` on a fresh store, the listeners beside it, and the load generator."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.feed import PATIENTS, number_of
from bench.figures import ROOT, WORK
from bench.messages import NUMBER
from integrator.control import NAME, ask
from integrator.security.keys import Keyring

CONFIG = f"""\
[study]
nct = "NCT01409720"
title = "DISPO"

[integrator]
processing_id = "T"
folder = "."

[web]
listen = "127.0.0.1:0"

[[source]]
name = "aria"
system = "aria"
zone = "Europe/Berlin"
listen = "127.0.0.1:0"
site = "sandbox"
namespace = "https://htest.example/aria"

[owners]
Appointment = "aria"

[[participant]]
subject = "DISPO-HTEST-001"
number = "{NUMBER}"
second = "1961-04-02"
consent = 2026-01-01
"""


@dataclass(frozen=True)
class Service:
    """A running `integrator serve`."""

    pid: int
    port: int
    folder: Path
    started_in: float  # seconds from its start to the line that says it is ready

    def resident(self, of: str = "VmRSS") -> float:
        """Megabytes of memory that it has in use now; VmHWM: that it ever had. 0 where it has ended."""
        status = Path(f"/proc/{self.pid}/status").read_text().partition(f"{of}:")[2]
        return int(status.split()[0]) / 1000 if status else 0.0

    def processor_time(self) -> float:
        """Seconds of processor that it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def states(self) -> dict[str, int]:
        """Messages by state, asked as a command asks."""
        states: dict[str, int] = self.counts()["messages"]
        return states

    def counts(self) -> dict[str, Any]:
        """Everything that is counted, asked as a command asks."""
        told = ask(self.folder / NAME, "counts")
        if told is None:
            raise SystemExit("the measured service has gone")
        return told


def trial(store: str, workers: int) -> str:
    """A configuration with all patients of the feed in the trial, and two targets that are owed every appointment and
    are away."""
    general, _, _ = CONFIG.partition("[[participant]]")
    parts = [general.replace('folder = "."', f'folder = "."\nstore = "{store}"'), f"[line]\nworkers = {workers}\n"]
    for target in ("ehr", "portal"):
        parts.append(f'[[target]]\nname = "{target}"\nsystem = "{target}"\nbase = "http://127.0.0.1:9/fhir"\n')
    for n in range(PATIENTS):
        names = f'subject = "DISPO-HTEST-{n:03d}"\nnumber = "{number_of(n)}"'
        parts.append(f'[[participant]]\n{names}\nsecond = "1961-04-02"\nconsent = 2026-01-01\n')
    return "\n".join(parts)


@contextmanager
def house(config: str = CONFIG) -> Iterator[Path]:
    """A folder with configuration and keys, and nothing stored yet; taken away afterwards."""
    WORK.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=WORK))
    try:
        (folder / "config.toml").write_text(config)
        Keyring.make(folder / "integrator.keys")
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def serve(roles: str) -> Iterator[Service]:
    """The real thing: its own process, its own store, real sockets."""
    with house() as folder, serve_in(folder, roles) as service:
        yield service


@contextmanager
def serve_in(folder: Path, roles: str) -> Iterator[Service]:
    """One process of a house."""
    begin = time.perf_counter()
    command = ["-m", "integrator", "serve", "--config", str(folder / "config.toml"), "--roles", roles]
    with _running(command) as (process, told):
        took = time.perf_counter() - begin
        yield Service(process.pid, told.get("mllp", {}).get("aria", 0), folder, took)


@contextmanager
def listener(module: str) -> Iterator[int]:
    """A listener of ours to compare with, in its own process; gives its port."""
    with _running(["-m", module]) as (_, told):
        yield told["port"]


@contextmanager
def _running(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        if not first:
            raise SystemExit(f"{' '.join(command)} did not start")
        yield process, json.loads(first)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


_runs = 0


def load(
    port: int, connections: int, depth: int, messages: int, patient: str = NUMBER, mixed: bool = False
) -> dict[str, Any]:
    """One run of the load generator in its own process; its control ids are no other run's."""
    global _runs
    _runs += 1
    options = {
        "port": port,
        "connections": connections,
        "depth": depth,
        "messages": messages,
        "patient": patient,
        "name": f"R{_runs:02d}",
    }
    command = [sys.executable, "-m", "bench.load", *(f"--{name}={value}" for name, value in options.items())]
    command += ["--mixed"] if mixed else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    if told["wrong"]:
        raise SystemExit(f"{told['wrong']} answers were not AA for their own control id")
    return told

"""A real installation for proofs that kill: its folder, its serve process, its sender, what it holds afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from integrator.control import NAME, ask
from integrator.errors import IntegratorError
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.security.keys import Keyring
from tests.houses import NUMBER, siu

BERLIN = ZoneInfo("Europe/Berlin")

CONFIG = """
[study]
nct = "NCT01409720"
title = "DISPO"
[integrator]
processing_id = "T"
folder = "."
[web]
listen = "127.0.0.1:0"
[line]
look_every = 0.05
first_retry = 0.2
longest_retry = 2.0
[[source]]
name = "aria"
system = "aria"
zone = "Europe/Berlin"
listen = "127.0.0.1:{port}"
site = "sandbox"
charset = "8859/1"
{target}
[owners]
Appointment = "aria"
[[participant]]
subject = "DISPO-HTEST-001"
number = "{number}"
second = "1957-03-12"
consent = 2026-03-02
"""
TARGET = '[[target]]\nname = "ehr"\nsystem = "ehr"\nbase = "{base}"\ntimeout = 5.0\n'


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Installation:
    """One folder with configuration and keys; `start` runs serve in it, `kill` is kill -9."""

    folder: Path
    base: str | None = None
    program: tuple[str, ...] = ("-m", "integrator")
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    pid: int = 0  # of serve itself, where it runs under another program

    def __post_init__(self) -> None:
        Keyring.make(self.folder / "integrator.keys")
        self.write()

    def write(self, **changes: str) -> None:
        """The configuration; `changes` replaces texts in it."""
        text = CONFIG.format(port=self.port, number=NUMBER, target=TARGET.format(base=self.base) if self.base else "")
        for old, new in changes.items():
            text = text.replace(old, new)
        (self.folder / "config.toml").write_text(text)

    def start(self, *before: str) -> dict:
        """Starts serve (under another program, where one is named) and waits until it is ready."""
        command = [*before, sys.executable, *self.program, "serve"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, "serve ended before it was ready"
        told: dict = json.loads(line)
        self.pid = told["pid"]
        return told

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid or self.process.pid, number)
            self.process.wait(30)
            self.process.stdout.close()
            self.process, self.pid = None, 0

    def run(self, *args: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "integrator", *args]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def counts(self) -> dict:
        return ask(self.folder / NAME, "counts")

    def rest(self, seconds: float = 60) -> dict:
        """Waits until every message was read and nothing is owed any more."""
        until = time.monotonic() + seconds
        while True:
            with suppress(IntegratorError, TypeError):
                found = self.counts()
                if not found["messages"]["received"] and not any(rows["owed"] for rows in found["owed"].values()):
                    return found
            assert time.monotonic() < until, f"it did not come to rest: {self.counts()}"
            time.sleep(0.1)

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def made(ehr: SandboxEhr) -> dict[str, int]:
    """How often the EHR's own request log says that an appointment was made, by the scheduler's number."""
    found: dict[str, int] = {}
    for row in ehr.log():
        if (row["wrote"] or "").startswith("create Appointment"):
            body = row["body"] if isinstance(row["body"], dict) else json.loads(row["body"])
            name = next(one["value"] for one in body["identifier"] if one["value"].startswith("F-"))
            found[name] = found.get(name, 0) + 1
    return found


def now_text(step: timedelta = timedelta()) -> str:
    """This moment as an HL7 time of Berlin, milliseconds included."""
    return (datetime.now(BERLIN) + step).strftime("%Y%m%d%H%M%S.%f")[:-2]


def booking(number: int, hour: int, control_id: str, event: str = "S12") -> bytes:
    """A booking or move of appointment F-number to an hour of a day in 2027."""
    start = datetime(2027, 3, 1, hour, 0) + timedelta(days=number % 25)
    end = start + timedelta(minutes=20)
    times = {"start": start.strftime("%Y%m%d%H%M%S"), "end": end.strftime("%Y%m%d%H%M%S")}
    return siu(event, control_id, now_text(), filler=f"F-{number}", **times)

"""A real installation for proofs that kill: its folder, its serve process, its sender, what it holds afterwards."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from integrator import identity
from integrator.app import open_line
from integrator.config import read_config
from integrator.control import NAME, ask
from integrator.errors import IntegratorError
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.security.keys import Keyring
from integrator.store import messages
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
    """A port below those that the system gives to clients: one that connects again and again to a port where nobody
    listens may be given that very port, and then it talks to itself and nobody else can listen there."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port")


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

    def launch(self, *before: str, roles: str = "") -> None:
        """Starts serve (under another program, where one is named) and does not wait for it."""
        command = [*before, sys.executable, *self.program, "serve", *(["--roles", roles] if roles else [])]
        with open(self.folder / "serve.log", "a") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )

    def start(self, *before: str, roles: str = "") -> dict:
        """Starts serve and waits until it is ready."""
        self.launch(*before, roles=roles)
        line = self.process.stdout.readline()
        assert line, f"serve ended before it was ready: {self.said()}"
        told: dict = json.loads(line)
        self.pid = told["pid"]
        return told

    def said(self) -> str:
        """What serve wrote to stderr last."""
        return (self.folder / "serve.log").read_text()[-2000:]

    def kill(self) -> None:
        """kill -9 of serve, and of the program that it runs under."""
        self._end(lambda: os.killpg(self.process.pid, signal.SIGKILL))

    def stop(self) -> None:
        self._end(lambda: os.kill(self.pid, signal.SIGTERM))

    def died(self, seconds: float = 30) -> None:
        """Waits until it has killed itself."""
        assert self.process.wait(seconds) == -signal.SIGKILL, self.said()
        self.kill()

    def _end(self, signal_it: Callable[[], None]) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                signal_it()
            self.process.wait(30)
            self.process.stdout.close()
            self.process, self.pid = None, 0

    def run(self, *args: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "integrator", *args]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def counts(self) -> dict:
        return ask(self.folder / NAME, "counts")

    def read(self, seconds: float = 60) -> dict:
        """Waits until every message was read."""
        return self._wait(lambda found: not found["messages"]["received"], seconds)

    def rest(self, seconds: float = 60) -> dict:
        """Waits until every message was read and nothing is owed any more."""
        return self._wait(
            lambda found: (
                not found["messages"]["received"] and not any(rows["owed"] for rows in found["owed"].values())
            ),
            seconds,
        )

    def _wait(self, enough: Callable[[dict], bool], seconds: float) -> dict:
        until = time.monotonic() + seconds
        while True:
            with suppress(IntegratorError, TypeError):
                found = self.counts()
                if enough(found):
                    return found
            assert time.monotonic() < until, f"it did not come to rest: {self.counts()}; {self.said()}"
            time.sleep(0.1)

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def made(ehr: SandboxEhr, since: int = 0) -> dict[str, int]:
    """How often the EHR's own request log says that an appointment was made, by the scheduler's number."""
    rows = [row for row in ehr.log(since) if (row["wrote"] or "").startswith("create Appointment")]
    return dict(Counter(number_of(json.loads(row["body"])) for row in rows))


def number_of(appointment: dict) -> str:
    """The scheduler's number among an appointment's identifiers; empty where it has none."""
    found = [one["value"] for one in appointment.get("identifier", ())]
    return next((value for value in found if value.startswith("F-")), "")


def hours(ehr: SandboxEhr) -> dict[str, int]:
    """What the EHR holds: the hour at which each appointment starts, by the scheduler's number."""
    return {number_of(one): int(one["start"][11:13]) for one in ehr.holds("Appointment")}


def stored(folder: Path) -> dict[str, list[bytes]]:
    """The bytes of every message that the sender sent, by control id, opened from the store at rest."""
    found: dict[str, list[bytes]] = {}
    with open_line(read_config(folder / "config.toml")) as line, line.store.read() as tx:
        before = None
        while page := messages.page(tx, source="aria", before=before, limit=500):
            for one in page:
                message = messages.get(tx, one.id)
                assert message is not None
                found.setdefault(one.control_id, []).append(identity.open_body(tx, line.keys, message))
            before = page[-1].id
    return found


def now_text(step: timedelta = timedelta()) -> str:
    """This moment as an HL7 time of Berlin, milliseconds included."""
    return (datetime.now(BERLIN) + step).strftime("%Y%m%d%H%M%S.%f")[:-2]


def booking(name: int | str, hour: int, control_id: str, event: str = "S12") -> bytes:
    """A booking or move of appointment F-name to an hour of a day in 2027; the name ends with a number."""
    start = datetime(2027, 3, 1, hour, 0) + timedelta(days=int(str(name).rpartition("-")[2]) % 25)
    end = start + timedelta(minutes=20)
    times = {"start": start.strftime("%Y%m%d%H%M%S"), "end": end.strftime("%Y%m%d%H%M%S")}
    return siu(event, control_id, now_text(), filler=f"F-{name}", **times)

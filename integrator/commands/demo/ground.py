"""The folder that a demo stands on: its files, its ports, what earlier runs left there, and its configuration."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from integrator.clock import StoryClock
from integrator.errors import ConfigError
from integrator.mapping.load import mappings_folder
from integrator.mapping.sets import set_in
from integrator.sandbox.people import NUMBER_SYSTEM, PARTICIPANTS
from integrator.sandbox.story import PROCESSING, Story
from integrator.security.keys import Keyring

PORTS = {"web": 8480, "aria": 2575, "kis": 2576, "fin": 2577, "ehr": 8090, "registry": 8091}  # tried first
MADE = (
    "integrator.db*",
    "ehr.db*",
    "registry.*",
    "*.csv",
    "integrator.keys",
    "config.toml",
    "clock",
    "memory.json",
    "serve.log",
    "*.sock",
)
RUNS_A_DAY = 16  # half an hour of the story apart: its Tuesday has no room for more

CONFIG = """\
# The demo's Integrator: made anew by each `integrator demo`. Everybody in it is invented.
[study]
nct = "NCT01409720"
title = "DISPO"

[integrator]
processing_id = "{processing}"
zone = "Europe/Berlin"
folder = "."
clock = "clock"

[web]
listen = "127.0.0.1:{web}"

[line]
look_every = 0.25
first_retry = 0.5

[[source]]
name = "aria"
system = "aria"
zone = "Europe/Berlin"
site = "sandbox"
listen = "127.0.0.1:{aria}"

[[source]]
name = "kis"
system = "kis"
zone = "Europe/Berlin"
listen = "127.0.0.1:{kis}"

[[source]]
name = "fin"
system = "fin"
zone = "Europe/Berlin"
site = "sandbox"
listen = "127.0.0.1:{fin}"

[[source]]
name = "ctgov"
system = "ctgov"
zone = "UTC"
kind = "registry"
nct = "NCT01409720"
base = "http://127.0.0.1:{registry}/api/v2"

[[target]]
name = "ehr"
system = "ehr"
base = "http://127.0.0.1:{ehr}/fhir"
patient_system = "{number_system}"
records = ["Study", "Participant", "Appointment", "Treatment", "ExerciseSession", "Observation"]

[owners]
Study = "ctgov"
Appointment = "aria"
Patient = "ehr"
Participant = "trial"
Treatment = "fin"
ExerciseSession = "trial"
Observation = "trial"
"""
PERSON = """
[[participant]]
subject = "{subject}"
number = "{number}"
second = "{birth}"
consent = {consent}
arm = "{arm}"
"""


@dataclass
class Ground:
    """`with Ground(folder, story, fresh) as ground:` has the folder for this demo alone, with everything to start from.

    `runs`: how often the whole story stands in it already; `began_because`: why it starts from nothing all the same.
    """

    folder: Path
    story: Story
    fresh: bool = False
    runs: int = 0
    ports: dict[str, int] = field(default_factory=lambda: dict(PORTS))
    began_because: str = ""
    lock: int = -1

    @property
    def config(self) -> Path:
        """The configuration of `integrator serve`."""
        return self.folder / "config.toml"

    @property
    def clock(self) -> StoryClock:
        """The story's clock; the file is read by the EHR and by Integrator."""
        return StoryClock(self.folder / "clock")

    def __enter__(self) -> Self:
        self.folder = self.folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take()
        known = self._known()
        if known is None:
            for pattern in MADE:
                for made in self.folder.glob(pattern):
                    made.unlink()
            Keyring.make(self.folder / "integrator.keys")
        else:
            self.runs = known["runs"]
        self.ports = _free_ports({**PORTS, **(known or {}).get("ports", {})})
        self.config.write_text(configuration(self.ports), encoding="utf-8")
        self.remember(self.runs)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self.lock)

    def remember(self, runs: int) -> None:
        """Notes for the next demo in this folder how often the story stands in it."""
        told = {"runs": runs, "story": fingerprint(self.story), "mappings": _mappings(), "ports": self.ports}
        (self.folder / "memory.json").write_text(json.dumps(told))

    def holds_lock(self, who: dict[str, int]) -> None:
        """Writes into the lock file which processes are at work here."""
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, ", ".join(f"{name} {pid}" for name, pid in who.items()).encode(), 0)

    def _take(self) -> None:
        """One demo a folder; `serve` inherits the lock, so that one that was left behind is noticed."""
        self.lock = os.open(self.folder / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.pread(self.lock, 200, 0).decode()
            os.close(self.lock)
            raise ConfigError(f"a demo is at work in {self.folder} (pid: {who}); end it or say --folder") from None
        self.holds_lock({"demo": os.getpid()})

    def _known(self) -> dict[str, Any] | None:
        """What an earlier run left here, if this run can go on from it."""
        if self.fresh:
            self.began_because = "--fresh"
            return None
        try:
            known: dict[str, Any] = json.loads((self.folder / "memory.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        if known["runs"] == 0:
            self.began_because = "the last run ended before the story did"
        elif known["story"] != fingerprint(self.story):
            self.began_because = "the story has changed since the last run"
        elif known.get("mappings", _mappings()) != _mappings():
            self.began_because = "the mappings have changed since the last run"
        elif known["runs"] >= RUNS_A_DAY:
            self.began_because = f"after {RUNS_A_DAY} runs the story's day is over"
        return None if self.began_because else known


def _mappings() -> str:
    """Differs where any mapping file of the program does: a store that stays would go on with those it accepted."""
    return set_in(mappings_folder()).hash


def fingerprint(story: Story) -> str:
    """Differs where any message of the story does."""
    every = hashlib.sha256()
    for act in story.acts:
        for sent in act.messages:
            every.update(sent.data)
    return every.hexdigest()


def configuration(ports: dict[str, int]) -> str:
    """config.toml for these ports, with the story's twelve participants."""
    people = [
        PERSON.format(
            subject=one.subject, number=one.number, birth=one.birth.isoformat(), consent=one.consent, arm=one.arm
        )
        for one in PARTICIPANTS
    ]
    return CONFIG.format(processing=PROCESSING, number_system=NUMBER_SYSTEM, **ports) + "".join(people)


def _free_ports(wished: dict[str, int]) -> dict[str, int]:
    """The wished ports where they are free, any other free one where not; all are held until all are chosen."""
    held: dict[str, socket.socket] = {}
    try:
        for name, port in wished.items():
            try:
                held[name] = socket.create_server(("127.0.0.1", port))
            except OSError:
                held[name] = socket.create_server(("127.0.0.1", 0))
        return {name: int(one.getsockname()[1]) for name, one in held.items()}
    finally:
        for one in held.values():
            one.close()

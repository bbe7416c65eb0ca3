"""A whole Integrator for a test: real store, real keys, real faces, a clock that the test sets, real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from integrator.app import open_line, start_mllp
from integrator.clock import Clock
from integrator.config import (
    General,
    LineSettings,
    ParticipantSettings,
    Settings,
    Source,
    StudySettings,
    Target,
    Web,
)
from integrator.engine.embedded import Engine
from integrator.formats.hl7v2 import frame
from integrator.house import TRIAL
from integrator.line import Line
from integrator.security.keys import Keyring
from integrator.store import messages, owed, records
from tests.stores import here

NUMBER, OTHER = "HTEST-0001", "HTEST-0002"
NAMESPACE = "https://htest.example/aria"
NOW = datetime(2026, 3, 10, 8, 15, tzinfo=UTC)


@dataclass
class SetClock(Clock):
    """Stands still until the test moves it."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def on(self, **step: float) -> None:
        self.at += timedelta(**step)


def settings(folder: Path, targets: tuple[Target, ...] = (), mappings: str = "", **source) -> Settings:
    """One source `aria`, one participant, whatever targets the test has; mappings: a folder of its own."""
    feed = Source(
        name="aria",
        system="aria",
        zone="Europe/Berlin",
        listen="127.0.0.1:0",
        site="sandbox",
        namespace=NAMESPACE,
        charset="8859/1",
    )
    return Settings(
        study=StudySettings("NCT01409720", "DISPO"),
        integrator=General(processing_id="T", folder=".", store=here.address(folder), mappings=mappings),
        web=Web(listen="127.0.0.1:0"),
        line=LineSettings(look_every=0.05, first_retry=0.2),
        source=(replace(feed, **source),),
        target=targets,
        participant=(ParticipantSettings("DISPO-HTEST-001", NUMBER, "1957-03-12", date(2026, 3, 2)),),
        owners={"Appointment": "aria", "Patient": "ehr"},
        file=str(folder / "config.toml"),
    )


@dataclass
class TestHouse:
    """What a test holds in its hands."""

    __test__ = False
    line: Line
    clock: SetClock
    engine: Engine

    def receive(self, *bodies: bytes) -> list[bytes | None]:
        """As if the bodies had come together from `aria`."""
        from integrator.connectors.mllp import Arrival

        return [answer.data for answer in self.line.receive([Arrival("aria", body, "test") for body in bodies])]

    def read_all(self) -> None:
        """Reads and merges until nothing is left."""
        while self.engine.read_some("test"):
            pass

    def deliver_all(self, rounds: int = 50) -> None:
        """Delivers until nothing is due now."""
        for _ in range(rounds):
            done = sum(self.engine.deliver_some("test", target.name) for target in self.line.settings.target)
            if not done:
                return

    def message(self, number: int) -> messages.Stored:
        """The n-th message of the feeds; what the trial itself says is not counted."""
        with self.line.store.read() as tx:
            ids = sorted(one.id for one in messages.page(tx, limit=10_000) if one.source != TRIAL)
            found = messages.get(tx, ids[number - 1])
            assert found is not None
            return found

    def states(self) -> dict[str, int]:
        """How many messages of the feeds are in each state; what the trial itself says is not counted."""
        with self.line.store.read() as tx:
            return {state: n for state, n in messages.counts(tx, without=TRIAL).items() if n}

    def records(self) -> list[records.Row]:
        with self.line.store.read() as tx:
            return records.page(tx, "Appointment")

    def owed(self) -> list[owed.Owed]:
        with self.line.store.read() as tx:
            return [row for record in records.page(tx, "Appointment") for row in owed.of_record(tx, record.number)]


@contextmanager
def house(folder: Path, targets: tuple[Target, ...] = (), clock: Clock | None = None, **source) -> Iterator[TestHouse]:
    """A house without threads: the test says when to read and deliver."""
    if not (folder / "integrator.keys").exists():
        Keyring.make(folder / "integrator.keys")
    chosen = settings(folder, targets, **source)
    with open_line(chosen, clock or SetClock()) as line:
        yield TestHouse(line, line.clock, Engine(line))


@contextmanager
def listening(opened: TestHouse) -> Iterator[int]:
    """The house's MLLP listener on a real socket; gives its port."""
    listener = start_mllp(opened.line, lambda: None)
    try:
        yield listener.port
    finally:
        listener.stop()


class Sender:
    """A sender on a real socket that reads whatever comes back."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, body: bytes) -> bytes:
        """One framed message and its one answer."""
        self.raw(frame(body))
        return self.answer()

    def raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> bytes:
        """The next answer; b"" when the other side closed."""
        while b"\x1c\r" not in self.left:
            more = self.socket.recv(65536)
            if not more:
                return b""
            self.left += more
        body, _, self.left = self.left.partition(b"\x1c\r")
        return body.removeprefix(b"\x0b")

    def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b"" and False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(5)


def wait_for(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits until something is so; an AssertionError says that it never became so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not become so in time"
        time.sleep(0.02)


def siu(
    event: str = "S12",
    control_id: str = "M1",
    sent: str = "20260310090000",
    number: str = NUMBER,
    filler: str = "F-1",
    start: str | None = "20260312094000",
    end: str | None = "20260312100000",
    status: str = "",
    why: str = "",
    machine: str = "LINAC 3",
    activity: str | None = "RT-FRACTION",
    msh: str = "",
    processing: str = "T",
    version: str = "2.5.1",
) -> bytes:
    """A scheduling message of the sandbox's kind; `msh` is what follows MSH-12."""
    pid3 = f"{number}^^^HTEST^MR" if number else ""
    segments = [
        f"MSH|^~\\&|ARIA|HTEST|INT|HTEST|{sent}||SIU^{event}^SIU_S12|{control_id}|{processing}|{version}{msh}",
        f"SCH|P-{filler}^KIS|{filler}^ARIA||C-1^ARIA||{why}|1^10{'|' * 18}{status}" if filler else "SCH|",
    ]
    if start is not None:
        segments.append(f"TQ1|1||||||{start}|{end or ''}")
    segments += [f"PID|1||{pid3}||HTEST-Müller^Anna||19570312|F", "RGS|1"]
    if activity:
        segments.append(f"AIS|1||{activity}^Bestrahlung^ARIA")
    if machine:
        segments.append(f"AIL|1||{machine}^R1^^HTEST")
    return ("\r".join(segments) + "\r").encode("iso8859-1")

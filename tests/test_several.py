"""Several processes by role over one store in PostgreSQL: equal records, no message twice, the clock led by one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from integrator.app import open_line
from integrator.config import Settings, read_config
from integrator.control import NAME, ask
from integrator.doings import Doings
from integrator.engine.embedded import Engine
from integrator.house import TRIAL
from integrator.line import Line
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.security.keys import Keyring
from integrator.store import journal, messages, owed, records, tallies
from tests.faults.processes import CONFIG, TARGET, free_port
from tests.houses import NUMBER, OTHER, Sender, siu, wait_for
from tests.postgres import Server

FILLERS = 25
EACH = 24  # messages of each appointment, in an order by chance


class Several:
    """One configuration and as many processes as are started in it."""

    def __init__(self, folder: Path, store: str, base: str = ""):
        self.folder, self.port = folder, free_port()
        Keyring.make(folder / "integrator.keys")
        target = TARGET.format(base=base) if base else ""
        text = CONFIG.format(port=self.port, number=NUMBER, target=target)
        (folder / "config.toml").write_text(text.replace('folder = "."', f'folder = "."\nstore = "{store}"'))
        self.running: list[subprocess.Popen[str]] = []

    @property
    def settings(self) -> Settings:
        return read_config(self.folder / "config.toml")

    def start(self, roles: str) -> dict[str, Any]:
        """One more process, ready."""
        command = [sys.executable, "-m", "integrator", "serve", "--roles", roles]
        with open(self.folder / "serve.log", "a") as log:
            process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=log, text=True)
        self.running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (self.folder / "serve.log").read_text()[-2000:]
        told: dict[str, Any] = json.loads(line)
        return told

    def end(self, number: int, how: signal.Signals = signal.SIGTERM) -> None:
        process = self.running[number]
        os.kill(process.pid, how)
        process.wait(30)

    def counts(self) -> dict[str, Any]:
        told = ask(self.folder / NAME, "counts")
        assert told is not None
        return told

    def close(self) -> None:
        for process in self.running:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()


@contextmanager
def several(folder: Path, store: str, base: str = "") -> Iterator[Several]:
    folder.mkdir(exist_ok=True)
    made = Several(folder, store, base)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def store(postgres_server: Server) -> Iterator[str]:
    name = postgres_server.take()
    yield postgres_server.url(name)
    postgres_server.give_back(name)


def bodies(draw: random.Random) -> list[bytes]:
    """Bookings, moves and cancellations of some appointments, each with its own time, in an order by chance."""
    found = []
    for filler in range(FILLERS):
        for number in range(EACH):
            event = draw.choice(["S12", "S13", "S13", "S14", "S15"])
            hour = draw.randrange(8, 18)
            found.append(
                siu(
                    event,
                    f"M{filler}-{number}",
                    f"202603{draw.randrange(3, 10):02}{draw.randrange(8, 18):02}{number:02}00",
                    filler=f"F-{filler}",
                    start=f"202603{draw.randrange(12, 28)}{hour:02}0000",
                    end=f"202603{draw.randrange(28, 30)}{hour:02}2000",
                    machine=draw.choice(["LINAC 1", "LINAC 2", "LINAC 3"]),
                )
            )
    draw.shuffle(found)
    return found


def sent(line: Line, found: list[bytes]) -> None:
    """Receives them all, in this order."""
    from integrator.connectors.mllp import Arrival

    for start in range(0, len(found), 50):
        answers = line.receive([Arrival("aria", body, "test") for body in found[start : start + 50]])
        assert all(b"MSA|AA" in (answer.data or b"") for answer in answers)


def truth(line: Line) -> dict[str, tuple[Any, ...]]:
    """Every appointment with its claims, patients and seals apart."""
    hidden = ("patient", "reason", "notes")
    with line.store.read() as tx:
        return {
            row.key: (
                {name: value for name, value in row.body.items() if name not in hidden},
                sorted((name, str(row.claims[name])) for name in row.claims if name not in hidden),
                row.status,
                row.starts,
            )
            for row in records.page(tx, "Appointment")
        }


def done_once(line: Line) -> None:
    """Nothing of a message was done twice: one version of its record at most, one entry in the journal for each."""
    with line.store.read() as tx:
        versions = [v for row in records.page(tx, "Appointment") for v in records.versions(tx, row.number)]
        by_message = [(v.message_id, v.record_id) for v in versions]
        entries = [(e.message_id, int(e.object_id or 0)) for e in journal.since(tx, limit=100_000)
                   if e.object_kind == "Appointment"]  # fmt: skip
        assert len(by_message) == len(set(by_message))
        assert sorted(entries, key=str) == sorted(by_message, key=str)
        for row in records.page(tx, "Appointment"):
            numbers = [v.version for v in records.versions(tx, row.number)]
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(messages.of_record(tx, row.number)) == EACH


def test_two_workers_over_one_set_of_messages_make_equal_records_and_do_none_twice(
    tmp_path: Path, store: str, postgres_server: Server
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    found = bodies(random.Random(seed))
    with several(tmp_path / "alone", "sqlite:///integrator.db") as alone:
        with open_line(alone.settings) as line:
            sent(line, found)
        alone.start("work")
        wait_for(lambda: alone.counts()["messages"]["received"] == 0, 60)
        alone.end(0)
        with open_line(alone.settings) as line:
            wanted = truth(line)
    assert len(wanted) == FILLERS
    with several(tmp_path / "two", store) as two:
        two.start("work")
        two.start("work")
        holders: set[str] = set()
        with open_line(two.settings) as line:
            sent(line, found)
            wait_for(lambda: holders.update(working(line)) or left(line) == 0, 60)
            assert len(holders) == 2, "both worked"
            assert truth(line) == wanted, f"seed {seed}"
            done_once(line)
            with line.store.read() as tx:
                states = messages.counts(tx, without=TRIAL)
    assert states["merged"] + states["unchanged"] + states["superseded"] == FILLERS * EACH


def test_a_worker_that_is_killed_leaves_its_messages_to_the_other(tmp_path: Path, store: str) -> None:
    found = bodies(random.Random(7))
    with several(tmp_path / "two", store) as two:
        two.start("work")
        two.start("work")
        with open_line(two.settings) as line:
            sent(line, found[:150])
            two.end(0, signal.SIGKILL)
            sent(line, found[150:])
            wait_for(lambda: left(line) <= 32, 60)  # what it had leased comes free by time alone
            with line.store.write() as tx:
                rest = messages.lease(tx, 100, "the next", line.clock.now(), line.clock.now())
                assert rest == [], "leased by the one that was killed"
            done_once_so_far(line)


def working(line: Line) -> list[str]:
    """Who holds a lease of a message."""
    with line.store.read() as tx:
        return tx.core.exec_driver_sql("select distinct holder from messages where holder is not null").scalars().all()


def left(line: Line) -> int:
    with line.store.read() as tx:
        return messages.counts(tx)["received"]


def done_once_so_far(line: Line) -> None:
    with line.store.read() as tx:
        rows = records.page(tx, "Appointment")
        by_message = [(v.message_id, v.record_id) for row in rows for v in records.versions(tx, row.number)]
    assert len(by_message) == len(set(by_message))


def test_the_same_message_on_two_processes_at_once_is_stored_once(tmp_path: Path, store: str) -> None:
    with several(tmp_path / "two", store) as here, open_line(here.settings) as one, open_line(here.settings) as other:
        with ThreadPoolExecutor(6) as pool:
            for number in range(10):
                body = siu(control_id=f"M{number}", filler=f"F-{number}")
                list(pool.map(lambda line, body=body: sent(line, [body]), [one, other] * 3))
        with one.store.read() as tx:
            assert messages.counts(tx, without=TRIAL)["received"] == 10
            assert tallies.read(tx)["aria", "duplicate"] == 50


def test_who_is_linked_in_one_process_is_in_the_trial_for_all(tmp_path: Path, store: str) -> None:
    with several(tmp_path / "two", store) as here, open_line(here.settings) as one, open_line(here.settings) as other:
        worker = Engine(other)
        bodies = [siu(control_id=f"M{n}", filler=f"F-{n}", number=OTHER) for n in range(60)]
        sent(one, bodies[:30])
        assert worker.read_some("worker")
        going = threading.Thread(target=lambda: [worker.read_some("worker") for _ in range(60)])
        going.start()
        sent(one, bodies[30:])
        Doings(one, lambda: None).participant_add("DISPO-HTEST-002", OTHER, "1960-01-01", "2026-03-01")
        going.join()
        while worker.read_some("worker"):
            pass
        with one.store.read() as tx:
            assert messages.counts(tx, without=TRIAL)["merged"] == 60


def test_processes_by_role_from_socket_to_ehr(tmp_path: Path, store: str) -> None:
    with SandboxEhr(tmp_path / "ehr.db") as ehr, several(tmp_path / "roles", store, ehr.base) as here:
        assert "mllp" in here.start("mllp")
        here.start("work")
        here.start("work,schedule")
        assert here.start("web,schedule")["web"].startswith("http://127.0.0.1:")
        with Sender(here.port) as aria:
            for number in range(20):
                body = siu(control_id=f"M{number}", filler=f"F-{number}")
                assert b"MSA|AA" in aria.send(body)
        wait_for(lambda: len(ehr.holds("Appointment")) == 20, 30)
        with open_line(here.settings) as line:
            wait_for(lambda: owed_states(line) == {"delivered"}, 10)
        assert len([row for row in ehr.log() if (row["wrote"] or "").startswith("create")]) == 20, "none made twice"
        here.end(0)  # the one that answers commands; another process opens the store itself
        command = [sys.executable, "-m", "integrator", "participant", "list", "--json"]
        said = subprocess.run(command, cwd=here.folder, capture_output=True, text=True, check=True).stdout
        assert "DISPO-HTEST-001" in said


def owed_states(line: Line) -> set[str]:
    with line.store.read() as tx:
        return {state for state, n in owed.counts(tx).items() if n}


def test_the_server_goes_away_and_everything_goes_on(tmp_path: Path, store: str, postgres_server: Server) -> None:
    with several(tmp_path / "away", store) as here:
        here.start("mllp")
        here.start("work")
        with Sender(here.port) as aria:
            assert b"MSA|AA|M1" in aria.send(siu(control_id="M1"))
        postgres_server.stop()
        with suppress(OSError), Sender(here.port) as aria:
            assert b"MSA|AA" not in aria.send(siu(control_id="M2", filler="F-2")), "nothing is acknowledged unstored"
        time.sleep(1)
        postgres_server.start()
        with Sender(here.port) as aria:
            assert b"MSA|AA|M2" in aria.send(siu(control_id="M2", filler="F-2"))
        with open_line(here.settings) as line:
            wait_for(lambda: left(line) == 0, 30)
            with line.store.read() as tx:
                assert messages.counts(tx, without=TRIAL)["merged"] == 2
        assert all(process.poll() is None for process in here.running)

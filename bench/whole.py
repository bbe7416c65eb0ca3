"""The whole way: from the sender's socket to a record with two owed rows, on each store, with two workers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from bench.figures import Figure
from bench.processes import Service, house, load, serve_in, trial
from tests.postgres import server

MESSAGES, CONNECTIONS = 12_000, 32
WORKERS = 2
LEAST = 1_500.0 / 2  # messages a second, for each core


@dataclass(frozen=True)
class Running:
    """The processes of one case."""

    receiver: Service  # it listens and answers commands
    workers: list[Service]
    database: psutil.Process | None

    def used(self) -> dict[str, float]:
        """Seconds of processor by what used them."""
        told = {"receiver": self.receiver.processor_time()}
        if self.workers:
            told["workers"] = sum(one.processor_time() for one in self.workers)
        if self.database:
            told["server"] = sum(_time_of(one) for one in (self.database, *self.database.children(recursive=True)))
        return told


def _time_of(process: psutil.Process) -> float:
    """Also of those of its children that have ended."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


@contextmanager
def on_sqlite() -> Iterator[Running]:
    """One process: threads receive, read and merge."""
    with house(trial("sqlite:///integrator.db", WORKERS)) as folder, serve_in(folder, "mllp,work") as service:
        yield Running(service, [], None)


@contextmanager
def on_postgresql() -> Iterator[Running]:
    """A process that receives and two that read and merge, beside a server of their own."""
    with ExitStack() as stack:
        database = stack.enter_context(server())
        folder = stack.enter_context(house(trial(database.url(database.new()), 1)))
        receiver = stack.enter_context(serve_in(folder, "mllp"))
        workers = [stack.enter_context(serve_in(folder, "work")) for _ in range(WORKERS)]
        yield Running(receiver, workers, psutil.Process(database.pid))


STORES = {"SQLite": on_sqlite, "PostgreSQL": on_postgresql}


def whole() -> Iterator[Figure]:
    """From the first byte that is sent to the last record that is made; who used the processor meanwhile."""
    cores = len(os.sched_getaffinity(0))
    for name, running in STORES.items():
        with running() as processes:
            before, begin = processes.used(), time.perf_counter()
            told = load(processes.receiver.port, CONNECTIONS, 1, MESSAGES, mixed=True)
            made_ready = time.perf_counter() - begin - told["seconds"]  # the sender's frames, and its own start
            while (states := processes.receiver.states())["received"]:
                time.sleep(0.05)
            seconds = time.perf_counter() - begin - made_ready
            used = {of: spent - before[of] for of, spent in processes.used().items()}
            counts = processes.receiver.counts()
        more: dict[str, Any] = {state: n for state, n in states.items() if n}
        more |= {"records": counts["records"], "owed": sum(sum(rows.values()) for rows in counts["owed"].values())}
        more |= {"received_per_second": told["per_second"], "p50_ms": told["p50_ms"], "p99_ms": told["p99_ms"]}
        more |= {f"us_{of}": round(spent / MESSAGES * 1e6) for of, spent in used.items()}
        yield Figure(f"whole way, {name}", round(MESSAGES / seconds, 1), "msg/s", least=LEAST * cores, more=more)
        each = sum(used.values()) / MESSAGES
        yield Figure(f"  for each second of processor, {name}", round(1 / each, 1), "msg", more={"cores": cores})

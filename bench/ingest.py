"""Durable ingest with acknowledgement, through a real `serve`: how many messages a second, and how long each waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench.figures import Figure
from bench.machine import syncs_a_second
from bench.processes import Service, listener, load, serve
from bench.profiled import profile_ingest

ROUNDS = 3
# name, connections, messages under way on each, messages in a round
SHAPES = (
    ("1 connection, stop and wait", 1, 1, 4_000),
    ("1 connection, 20 under way", 1, 20, 12_000),
    ("32 connections, stop and wait", 32, 1, 16_000),
)
OF_SYNCS = 0.7  # what stop and wait should reach of the disk's own rate
LEAST = (2_000.0, 2_000.0, 5_000.0)  # messages a second
P99_AT_MOST = 30.0  # milliseconds, over 32 connections
OUTSIDER = "HTEST-9999"  # a hospital number that no participant has


def alone() -> Iterator[Figure]:
    """The load generator against a listener that answers at once and stores nothing."""
    with listener("bench.trivial") as port:
        for name, connections, depth, messages in SHAPES:
            yield _figure(f"generator alone: {name}", load(port, connections, depth, messages))


def ingest() -> Iterator[Figure]:
    """The three shapes through `serve --roles mllp`, the median of some rounds; the disk before and after."""
    missed = False
    with serve("mllp") as service:
        for (name, connections, depth, messages), least in zip(SHAPES, LEAST, strict=True):
            syncs = [syncs_a_second()]
            told = [_timed(service, connections, depth, messages) for _ in range(ROUNDS)]
            syncs.append(syncs_a_second())
            disk = sum(syncs) / 2
            if connections == depth == 1:
                least = round(min(least, OF_SYNCS * disk), 1)
            rates = [one["per_second"] for one in told]
            middle = told[rates.index(median(rates))]
            yield (
                figure := _figure(f"ingest: {name}", middle, least, rates=rates, syncs=[round(one) for one in syncs])
            )
            missed = missed or not figure.met
            if connections > 1:
                p99 = median(one["p99_ms"] for one in told)
                yield (figure := Figure(f"ingest: {name}, p99", p99, "ms", most=P99_AT_MOST))
                missed = missed or not figure.met
        yield Figure("memory after that", round(service.resident(), 1), "MB", more={"messages": _stored(service)})
    if missed:
        for _, connections, depth, messages in SHAPES:
            profile_ingest(connections, depth, messages)


def _timed(service: Service, connections: int, depth: int, messages: int) -> dict[str, Any]:
    before = service.processor_time()
    told = load(service.port, connections, depth, messages)
    return told | {"us_processor": round((service.processor_time() - before) / told["messages"] * 1e6)}


def _stored(service: Service) -> int:
    return sum(service.states().values())


def work() -> Iterator[Figure]:
    """Receiving, reading and merging in one process: what that costs the senders, and how fast records are made."""
    name, connections, depth, messages = SHAPES[2]
    for whose, patient in (("of a participant", None), ("of nobody in the trial", OUTSIDER)):
        with serve("mllp,work") as service:
            begin = time.perf_counter()
            told = load(service.port, connections, depth, messages, *([patient] if patient else []))
            waiting = service.states()["received"]
            while (states := service.states())["received"]:
                time.sleep(0.1)
            seconds = time.perf_counter() - begin
            yield _figure(f"with reading and merging, {whose}: {name}", told, waiting=waiting)
            yield Figure(
                f"read and merged, {whose}",
                round(messages / seconds, 1),
                "msg/s",
                more={state: n for state, n in states.items() if n},
            )


def peer() -> Iterator[Figure]:
    """The MLLP server of the `hl7` package under the same load; it stores nothing."""
    with listener("bench.peer_hl7") as port:
        for name, connections, depth, messages in SHAPES:
            yield _figure(f"hl7's own server: {name}", load(port, connections, depth, messages // 8))


def _figure(name: str, told: dict[str, Any], least: float | None = None, **more: Any) -> Figure:
    seen = {key: told[key] for key in ("p50_ms", "p99_ms", "max_ms", "us_processor", "messages") if key in told}
    return Figure(name, told["per_second"], "msg/s", least=least, more=seen | more)

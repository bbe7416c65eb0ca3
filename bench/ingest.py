"""Durable ingest with acknowledgement, through a real `serve`: how many messages a second, and how long each waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import Any

from bench.figures import Figure
from bench.machine import syncs_a_second
from bench.processes import Service, listener, load, serve
from bench.profiled import profile_ingest

ROUNDS = 5
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
    """The three shapes through `serve --roles mllp`; the disk, which varies, is measured around every round."""
    missed = False
    with serve("mllp") as service:
        for (name, connections, depth, messages), least in zip(SHAPES, LEAST, strict=True):
            syncs, told = [syncs_a_second()], []
            for _ in range(ROUNDS):
                told.append(_timed(service, connections, depth, messages))
                syncs.append(syncs_a_second())
            for figure in _figures(f"ingest: {name}", told, least, syncs):
                missed = missed or figure.met is False
                yield figure
        yield Figure("memory after that", round(service.resident(), 1), "MB", more={"messages": _stored(service)})
    if missed:
        for _, connections, depth, messages in SHAPES:
            profile_ingest(connections, depth, messages)


def _figures(name: str, told: list[dict[str, Any]], least: float, syncs: list[float]) -> Iterator[Figure]:
    """The round in the middle, judged by what the disk did before and after it; beside it the rates of all rounds."""
    around = [(before + after) / 2 for before, after in pairwise(syncs)]
    targets = [
        min(least, OF_SYNCS * disk) if _one_by_one(one) else least for one, disk in zip(told, around, strict=True)
    ]
    by_margin = sorted(range(len(told)), key=lambda n: told[n]["per_second"] / targets[n])
    n = by_margin[len(by_margin) // 2]
    rates = [round(one["per_second"]) for one in told]
    yield _figure(name, told[n], round(targets[n], 1), rates=rates, syncs=[round(one) for one in syncs])
    if told[n]["connections"] > 1:
        yield Figure(f"{name}, p99", median(one["p99_ms"] for one in told), "ms", most=P99_AT_MOST)


def _one_by_one(told: dict[str, Any]) -> bool:
    """Whether every message waited for a sync of its own, so that no more than the disk's rate is to be had."""
    return bool(told["connections"] == told["depth"] == 1)


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

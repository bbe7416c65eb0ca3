"""What the figures were measured on: cores, versions, and how often a second this disk makes something durable."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Iterator

from bench.figures import WORK, Figure

SECONDS = 2.0
PIECE = os.urandom(4096)


def machine() -> Iterator[Figure]:
    """The machine; one figure for each kind of thing that limits the others."""
    seen = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "system": platform.system()}
    yield Figure("cores", len(os.sched_getaffinity(0)), "", more=seen | {"load": round(os.getloadavg()[0], 2)})


def syncs_a_second() -> float:
    """How often this disk takes 4 KB at the end of a file and confirms that they are safe."""
    WORK.mkdir(parents=True, exist_ok=True)
    place = WORK / "syncs"
    count, begin = 0, time.perf_counter()
    file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    try:
        while (spent := time.perf_counter() - begin) < SECONDS:
            os.write(file, PIECE)
            os.fdatasync(file)
            count += 1
    finally:
        os.close(file)
        place.unlink()
    return count / spent

"""What `serve` costs while nothing happens: memory, processor, and the time until it is ready."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figures import Figure
from bench.processes import serve

MEMORY_AT_MOST = 150.0  # megabytes
SETTLE = 3.0  # seconds


def idle() -> Iterator[Figure]:
    """All roles, on a new store."""
    with serve("web,mllp,work,schedule") as service:
        time.sleep(SETTLE)
        before = service.processor_time()
        time.sleep(SETTLE)
        used = (service.processor_time() - before) / SETTLE * 100
        yield Figure("idle memory, all roles", round(service.resident(), 1), "MB", most=MEMORY_AT_MOST)
        yield Figure("idle processor, all roles", round(used, 2), "% of a core")
        yield Figure("start to ready, all roles, new store", round(service.started_in, 2), "s")

"""The listener's thread under the profiler: the same line, store and sockets, but in this process."""

from __future__ import annotations

import cProfile
from pathlib import Path

from bench.processes import house, load
from bench.profiles import write
from integrator.app import open_line, start_mllp
from integrator.config import read_config


def profile_ingest(connections: int, depth: int, messages: int) -> Path:
    """One run of the load generator against a profiled listener; the file with the top lines."""
    profile = cProfile.Profile()
    began = False

    def wake() -> None:  # called in the listener's thread, which is the one to look at
        nonlocal began
        if not began:
            began = True
            profile.enable()

    with house() as folder, open_line(read_config(folder / "config.toml")) as line:
        listener = start_mllp(line, wake)
        try:
            load(listener.port, connections, depth, messages)
        finally:
            listener.stop()
    return write(f"ingest-{connections}x{depth}", profile)

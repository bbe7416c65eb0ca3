"""Where the time goes: the top lines of a profile, written beside the figures."""

from __future__ import annotations

import cProfile
import io
import pstats
from collections.abc import Callable
from pathlib import Path

from bench.figures import OUT, ROOT

LINES = 40


def profile_step(name: str, step: Callable[[], object], number: int = 2000) -> Path:
    """Runs a step many times under the profiler."""
    profile = cProfile.Profile()
    with profile:
        for _ in range(number):
            step()
    return write(name, profile)


def write(name: str, profile: cProfile.Profile) -> Path:
    """The lines that cost most by themselves, then those that cost most with what they call."""
    OUT.mkdir(parents=True, exist_ok=True)
    place = OUT / f"profile-{name}.txt"
    text = io.StringIO()
    stats = pstats.Stats(profile, stream=text)
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(LINES)
    place.write_text(text.getvalue().replace(f"{ROOT}/", ""), encoding="utf-8")
    return place

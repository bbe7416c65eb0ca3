"""When the next request may be sent: one a second (Crawl-delay 1 of its robots.txt), and not while it asks to wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from integrator.errors import RetryLater

LONGEST_PAUSE = 3600.0  # seconds between two tries of a registry that fails
PATIENCE = 5.0  # seconds that a caller is made to wait here; longer pauses are the scheduler's


class Pace:
    """Shared by all who ask one registry. `now` and `sleep` are a monotonic clock and its sleep, in seconds."""

    def __init__(
        self,
        every: float = 1.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._every, self._now, self._sleep = every, now, sleep
        self._free_at = 0.0
        self._failures = 0
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Returns when a request may be sent. RetryLater, with the seconds left, where that is not soon."""
        with self._turn:
            left = self._free_at - self._now()
            if left > PATIENCE:
                raise RetryLater("the registry asked us to wait", after=left)
            if left > 0:
                self._sleep(left)
            self._free_at = self._now() + self._every

    def well(self) -> None:
        """The registry answered as it should."""
        self._failures = 0

    def back_off(self, asked: float | None) -> float:
        """The registry is busy or has failed: the seconds until the next try, as it asked, else doubled each time."""
        with self._turn:
            self._failures += 1
            pause = asked if asked is not None else min(2.0**self._failures, LONGEST_PAUSE)
            self._free_at = max(self._free_at, self._now() + pause)
        return pause

"""Turns: a lock that is given in the order it was asked for."""

from __future__ import annotations

import threading
from collections import deque

NESTED = "a write transaction is open in this thread already"


class Turns:
    """A lock that is given in the order it was asked for, so that a busy worker cannot starve the receivers."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._holder: int | None = None

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._guard:
            if self._holder == me:
                raise RuntimeError(NESTED)
            if self._holder is None:
                self._holder = me
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        turn.acquire()
        self._holder = me

    def __exit__(self, *error: object) -> None:
        with self._guard:
            if self._queue:
                self._holder = -1  # of the next in the queue, which is about to write its own name here
                self._queue.popleft().release()
            else:
                self._holder = None

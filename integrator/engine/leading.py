"""The leader among the processes that have a store open: what the clock starts runs there and nowhere else."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec

from integrator.engine.names import this_process
from integrator.errors import RetryLater
from integrator.line import Line
from integrator.store import leases
from integrator.telemetry.logs import logger

NAME = "clockwork"
LEASE = timedelta(seconds=60)  # so long after a leader was killed another one leads
RENEW = LEASE / 3

P = ParamSpec("P")
log = logger(part="clockwork")


class Leader:
    """Asks whether this process leads; whoever asks first does, until it stops or does not ask for a while."""

    def __init__(self, line: Line):
        self._line, self._holder = line, this_process()

    def leads(self) -> bool:
        """Takes or renews the lead. Where no other process can have the store open, this one leads."""
        if self._line.store.alone:
            return True
        now = self._line.clock.now()
        try:
            with self._line.store.write() as tx:
                return leases.take(tx, NAME, self._holder, now, now + LEASE)
        except RetryLater as away:
            log.warning("nobody leads", reason=str(away))
            return False

    def only(self, job: Callable[P, object]) -> Callable[P, None]:
        """The job, done where this process leads, else left to the one that does."""

        @functools.wraps(job)
        def led(*args: P.args, **kwargs: P.kwargs) -> None:
            if self.leads():
                job(*args, **kwargs)

        return led

    def give_back(self) -> None:
        """Lets another process lead at once."""
        if self._line.store.alone:
            return
        try:
            with self._line.store.write() as tx:
                leases.give_back(tx, NAME, self._holder)
        except RetryLater as away:
            log.warning("the lead ends by itself", reason=str(away))

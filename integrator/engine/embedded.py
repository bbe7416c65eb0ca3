"""The embedded engine: threads of this process that read, merge and deliver; with SQLite there is no other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from integrator import __version__
from integrator.config import Source
from integrator.engine.acknowledging import acknowledge_some, sender_to
from integrator.engine.names import this_process
from integrator.errors import Held, IntegratorError, RetryLater
from integrator.line import Line
from integrator.mapping.sets import FaceSet
from integrator.reading import Read
from integrator.store import Tx, leases, messages, owed
from integrator.store.messages import Stored
from integrator.telemetry.logs import logger, place_of

LEASE = timedelta(minutes=5)  # how long a worker may take before another one tries
DELIVER_BATCH = 16
TIRED = 3  # so many put-offs in a row, and the target is left alone for the time between two looks

log = logger(part="engine")


class Engine:
    """Runs the line's reading and delivering in threads; `wake` says that there may be work."""

    def __init__(self, line: Line):
        self.line = line
        self._stop = threading.Event()
        self._arrived, self._owing = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._resting: dict[str, datetime] = {}  # targets that put off several rows, and until when they are left alone

    def start(self) -> None:
        """Starts the readers and one deliverer for each target."""
        for number in range(self.line.settings.line.workers):
            self._run(f"reader-{number}", self._arrived, lambda holder: self.read_some(holder))
        for target in self.line.settings.target:
            self._run(f"deliver-{target.name}", self._owing, self._deliverer(target.name))
        for source in self.line.settings.source:
            if source.ack_to:
                self._run(f"acknowledge-{source.name}", self._owing, self._acknowledger(source))

    def _deliverer(self, target: str) -> Callable[[str], int]:
        return lambda holder: self.deliver_some(holder, target)

    def _acknowledger(self, source: Source) -> Callable[[str], int]:
        sender = sender_to(source)
        return lambda holder: acknowledge_some(self.line, source, sender, holder)

    def stop(self) -> None:
        """Lets every thread end its present batch."""
        self._stop.set()
        self.wake()
        for thread in self._threads:
            thread.join()

    @property
    def alive(self) -> bool:
        """Whether no thread has ended by a fault."""
        return all(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """Something came in, or something is owed."""
        self._arrived.set()
        self._owing.set()

    def _run(self, name: str, work_is_there: threading.Event, some: Callable[[str], int]) -> None:
        holder = f"{name} of {this_process()}"

        def loop() -> None:
            broke_off = False  # with leases that nobody else would take before they end
            while not self._stop.is_set():
                work_is_there.clear()
                try:
                    if broke_off:
                        self._give_back(holder)
                    broke_off = False
                    done = some(holder)
                except RetryLater as later:
                    log.warning("put off", holder=holder, reason=str(later))
                    done, broke_off = 0, True
                if not done:
                    work_is_there.wait(self.line.settings.line.look_every)

        thread = threading.Thread(target=loop, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _give_back(self, holder: str) -> None:
        with self.line.store.write() as tx:
            leases.end_of(tx, holder)

    def read_some(self, holder: str) -> int:
        """Reads and merges one batch; returns how many messages were taken."""
        now = self.line.clock.now()
        with self.line.store.write() as tx:
            taken = messages.lease(tx, self.line.settings.line.batch, holder, now, now + LEASE)
        if not taken:
            return 0
        used = self.line.used
        with self.line.store.read() as tx:
            understood = [(message, self._read(tx, message)) for message in taken]
        try:
            with self.line.store.write() as tx:
                self.line.reserve(tx, (said for _, said in understood), used)
                for message, said in understood:
                    self.line.merge(tx, message, said)
        except RetryLater:
            raise
        except Exception as fault:  # a fault of ours in one message must not stop the others: see _one_by_one
            log.error("a batch failed, its messages go one by one", kind=type(fault).__name__)
            self._one_by_one(understood, used)
        self._owing.set()
        return len(taken)

    def _read(self, tx: Tx, message: Stored) -> Read | Held:
        try:
            return self.line.read(message, tx)
        except IntegratorError:
            raise
        except Exception as fault:  # as below: held with what went wrong, for a person and for us
            return self._fault(message, fault)

    def _one_by_one(self, understood: list[tuple[Stored, Read | Held]], used: FaceSet) -> None:
        """What a fault in Integrator keeps from being merged is held where a person sees it; nothing is lost."""
        for message, said in understood:
            try:
                with self.line.store.write() as tx:
                    self.line.reserve(tx, [said], used)
                    self.line.merge(tx, message, said)
            except RetryLater:
                raise
            except Exception as fault:  # the message is kept and visible, the line goes on
                with self.line.store.write() as tx:
                    messages.settle(tx, message.id, "held", self._fault(message, fault).reason, release=__version__)

    def _fault(self, message: Stored, fault: Exception) -> Held:
        log.error("a fault of Integrator", message=message.id, at=place_of(fault))
        return Held(f"a fault of Integrator ({type(fault).__name__}); the log has the place")

    def deliver_some(self, holder: str, target: str) -> int:
        """Delivers one batch to one target; returns how many rows were taken."""
        now = self.line.clock.now()
        if now < self._resting.get(target, now):
            return 0
        with self.line.store.read() as tx:
            due = owed.next_due(tx, target)
        if due is None or due > now:
            return 0
        with self.line.store.write() as tx:
            rows = owed.lease(tx, DELIVER_BATCH, holder, now, now + LEASE, target)
        left, put_off = deque(rows), 0
        while left and put_off < TIRED and not self._stop.is_set():
            put_off = put_off + 1 if self._deliver(left.popleft()) == "owed" else 0
        if left:
            again = now + timedelta(seconds=self.line.settings.line.first_retry)
            with self.line.store.write() as tx:
                for row in left:
                    owed.settle(tx, row, "owed", now, row.reason, due_at=again, attempts=row.attempts)
        if put_off >= TIRED:
            self._resting[target] = now + timedelta(seconds=self.line.settings.line.look_every)
        return 0 if put_off else len(rows)

    def _deliver(self, row: owed.Owed) -> str:
        try:
            return self.line.deliver(row)
        except RetryLater:
            raise
        except Exception as fault:  # a fault of ours in one row must not stop the others; a person sees it
            log.error("a fault of Integrator", record=row.record_id, at=place_of(fault))
            with self.line.store.write() as tx:
                reason = f"a person: a fault of Integrator ({type(fault).__name__}); the log has the place"
                owed.settle(tx, row, "waiting", self.line.clock.now(), reason)
            return "waiting"

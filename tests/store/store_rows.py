"""Rows that the store's tests begin with, and workers that lease them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from integrator.store import Store, Tx, records
from integrator.store.messages import NewMessage
from integrator.store.records import Change, Row

NOW = datetime(2026, 3, 2, 8, 12, 0, 123456, tzinfo=UTC)
SOON = NOW + timedelta(seconds=60)
LATER = NOW + timedelta(seconds=61)


def message(control_id: str = "MSG1", **changed: Any) -> NewMessage:
    """A sealed SIU, as receive makes it."""
    fields: dict[str, Any] = {
        "source": "aria-siu",
        "system": "aria",
        "control_id": control_id,
        "digest": b"digest of " + control_id.encode(),
        "sent_at": "20260302091200+0100",
        "received_at": NOW,
        "source_time": NOW - timedelta(seconds=3),
        "type": "SIU",
        "event": "S12",
        "body": b"sealed body of " + control_id.encode(),
        "body_key": b"wrapped key",
        "body_key_of": "source:aria-siu",
        "size": 1500,
    }
    return NewMessage(**{**fields, **changed})


def record(tx: Tx, key: str = "aria||1", **changed: Any) -> Row:
    """A saved appointment."""
    fields: dict[str, Any] = {"kind": "Appointment", "key": key, "body": {"status": "booked"}, "claims": {}}
    row = Row(**{**fields, "changed_at": NOW, **changed})
    return records.save(tx, row, Change(sorted(row.body), None, NOW))


def four_workers(store: Store, lease: Callable[[Tx, str], list[int]]) -> list[int]:
    """The numbers that four threads leased until nothing was left, each batch in a write transaction of its own."""
    taken: list[int] = []
    start = threading.Barrier(4)

    def work(holder: str) -> None:
        start.wait()
        while True:
            with store.write() as tx:
                got = lease(tx, holder)
            if not got:
                return
            taken.extend(got)

    workers = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return taken

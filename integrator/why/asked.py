"""What a person may ask: why a record, a target's resource or a message is what it is; commands of the socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrator.line import Line
from integrator.why.finding import find
from integrator.why.held import message_why
from integrator.why.record import record_json
from integrator.why.target import resource_json

Json = dict[str, Any]


class Whys:
    """Each method is one command; it only reads, takes and returns JSON values."""

    def __init__(self, line: Line):
        self.line = line

    def commands(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names that the socket knows."""
        return {
            "explain record": self.record,
            "explain target": self.target,
            "explain message": self.message,
        }

    def record(self, record: str, leaf: str = "") -> Json:
        """A record by kind and key, or by what people have: a number, a subject code."""
        with self.line.store.read() as tx:
            return record_json(self.line, tx, find(tx, record), leaf)

    def target(self, target: str, resource: str, leaf: str = "") -> Json:
        """A resource that a target holds of ours: Appointment/123."""
        with self.line.store.read() as tx:
            return resource_json(self.line, tx, target, resource, leaf)

    def message(self, message: int) -> Json:
        """A message by its receipt number."""
        with self.line.store.read() as tx:
            return message_why(self.line, tx, message)

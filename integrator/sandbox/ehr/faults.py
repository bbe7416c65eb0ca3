"""What can go wrong on the way to an EHR, ordered by a test or the demo: each meets the next fitting request.

{"status": 500}                        answers that status with an OperationOutcome; nothing is done
{"status": 500, "where": "after"}      does what was asked, then answers that status all the same
{"status": 429, "retry_after": 2}      with Retry-After (seconds, or text: an HTTP date)
{"html": true, "status": 502}          answers a page of a proxy instead of FHIR
{"broken": true, "where": "after"}     answers 200 with JSON that ends in the middle
{"close": true, "where": "after"}      closes the connection: written, but the answer is lost ("before": not)
{"hang": 30, "where": "after"}         says nothing for so many seconds, then closes
{"delay": 0.2}                         answers rightly, but so many seconds later
{"edit": {...resource with its id...}} somebody of the hospital writes this just before; then answers rightly
times (default 1), method ("POST") and path (begins with: "Appointment") narrow the requests that it meets.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One ordered fault, words as in the module's sentence."""

    status: int | None = None
    where: str = "before"
    retry_after: int | str | None = None
    html: bool = False
    broken: bool = False
    close: bool = False
    hang: float = 0.0
    delay: float = 0.0
    edit: dict[str, Any] | None = None
    times: int = 1
    method: str | None = None
    path: str = ""

    @property
    def name(self) -> str:
        """How the request log names it: `status 500 after`."""
        words = ("delay", "edit", "close", "hang", "broken", "html")
        kind = next((word for word in words if getattr(self, word)), "status")
        return f"{kind} {self.status or ''} {self.where}".replace("  ", " ")

    @property
    def passes(self) -> bool:
        """Whether the request is answered rightly in the end."""
        return bool(self.delay or self.edit)


@dataclass
class Faults:
    """The ordered faults and whether the EHR is away."""

    waiting: list[Fault] = field(default_factory=list)
    away_until: float = 0.0  # of time.monotonic
    lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, wish: dict[str, Any]) -> None:
        """Takes a control request: `down` (true, false or seconds), `next` (faults to add), `clear` (true)."""
        known = {each.name for each in fields(Fault)}
        for each in wish.get("next", []):
            if set(each) - known:
                raise ValueError(f"unknown words: {sorted(set(each) - known)}")
        with self.lock:
            if wish.get("clear"):
                self.waiting.clear()
            self.waiting += [Fault(**each) for each in wish.get("next", [])]
            if "down" in wish:
                down = wish["down"]
                seconds = float("inf") if down is True else float(down)
                self.away_until = time.monotonic() + seconds

    @property
    def away(self) -> bool:
        """Whether connections are closed without an answer just now."""
        return time.monotonic() < self.away_until

    def meet(self, method: str, path: str) -> Fault | None:
        """The fault for this request, used up by one."""
        with self.lock:
            for place, fault in enumerate(self.waiting):
                if fault.method in (None, method) and path.startswith(fault.path):
                    left = replace(fault, times=fault.times - 1)
                    self.waiting[place : place + 1] = [left] if left.times else []
                    return fault
        return None

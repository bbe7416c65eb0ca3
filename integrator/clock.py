"""The one clock: app.py gives it to whatever needs the time; only the demo may set it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path


class Clock:
    """The time of this machine, as an aware datetime in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class StoryClock(Clock):
    """The story's time: a file holds an ISO instant; time runs on from there at the machine's speed.

    Several processes of the sandbox hospital share the file, so all of them live in the same story.
    """

    file: Path
    _read_at: float = field(default=0.0, repr=False)
    _start: datetime = field(default=datetime(2026, 1, 1, tzinfo=UTC), repr=False)

    def now(self) -> datetime:
        changed = self.file.stat().st_mtime
        if changed != self._read_at:
            self._start = datetime.fromisoformat(self.file.read_text().strip()).astimezone(UTC)
            self._read_at = changed
        elapsed = max(0.0, time.time() - changed)
        return datetime.fromtimestamp(self._start.timestamp() + elapsed, UTC)

    def set(self, instant: datetime) -> None:
        """Writes the story's time; only the demo calls this."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(instant.isoformat())
        fresh.replace(self.file)

"""The lock file beside a database: one process a store, and whoever comes second is told who holds it."""

from __future__ import annotations

import fcntl
import os
from datetime import datetime
from pathlib import Path

from integrator.errors import ConfigError


class StoreLock:
    """Holds `<database>.lock` until it is closed or the process ends; the file itself stays.

    ConfigError: another process holds it; the text names its pid and since when.
    """

    def __init__(self, database: Path, now: datetime):
        self.path = database.with_name(database.name + ".lock")
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 200, 0).decode("utf-8", "replace").strip() or "another process"
            os.close(self._file)
            raise ConfigError(f"the store {database} is in use by {holder}; only one process may open it") from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()} since {now.isoformat(timespec='seconds')}\n".encode(), 0)

    def close(self) -> None:
        """Lets the next process in; said again it does nothing."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1

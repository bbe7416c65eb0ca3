"""Under which name a process holds leases."""

from __future__ import annotations

import os
import socket


def this_process() -> str:
    """A name that no other process has that works on the same store."""
    return f"{os.getpid()} on {socket.gethostname()}"

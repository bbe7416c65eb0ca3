"""Logs for people at night: one line each, ids and never bodies; bytes and dicts as values are refused."""

from __future__ import annotations

import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast

import structlog

PLAIN = (str, int, float, bool, type(None))


def refuse_bodies(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A value that could hold a patient (bytes, dict, record) is replaced by the name of its type."""
    return {key: value if isinstance(value, PLAIN) else f"<{type(value).__name__}>" for key, value in event.items()}


class Lossy:
    """A stream that drops what it cannot write: a full disk or a closed pipe costs the line and not the work."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # ValueError: the stream is closed
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def place_of(fault: BaseException) -> str:
    """Where a fault happened, innermost last: type, then file:line function; no value, for it may be a patient's."""
    frames = traceback.extract_tb(fault.__traceback__)[-8:]
    return " > ".join([type(fault).__name__, *(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)])


def set_up_logs(json: bool = False) -> None:
    """Lines on stderr: readable on a terminal, JSON where a program reads them. Normal operation is nearly silent."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            refuse_bodies,
            structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Lossy(sys.stderr))),
        cache_logger_on_first_use=False,
    )


def logger(**names: str) -> Any:
    """A logger that carries these names on each line."""
    return structlog.get_logger(**names)

"""The sandbox registry as a process that tests and the demo start, change and stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integrator.sandbox.process import SandboxProcess


class SandboxRegistry(SandboxProcess):
    """`with SandboxRegistry(store=path) as registry:` starts the real process; `base` is the address of the API."""

    program, below = "integrator.sandbox.registry", "/api/v2"

    def __init__(self, store: Path | str, clock: Path | str | None = None, port: int = 0, every: float | None = None):
        super().__init__(store, clock, port, ("--every", str(every)) if every is not None else ())

    def log(self) -> list[dict[str, Any]]:
        """Every request to the API: at, path, status."""
        said: list[dict[str, Any]] = self._get("log")
        return said

    def change(self, nct: str, fields: dict[str, Any]) -> None:
        """The registrant changes fields of a record, by their path below protocolSection."""
        self._post("change", {"nct": nct, "fields": fields})

    def put(self, study: dict[str, Any]) -> None:
        """The registry takes in a whole record."""
        self._post("put", study)

    def drop(self, nct: str) -> None:
        """The registry takes a record out."""
        self._post("drop", {"nct": nct})

    def fail(self, *faults: dict[str, Any]) -> None:
        """Orders what the next requests are answered; words in server.py."""
        self._post("next", list(faults))

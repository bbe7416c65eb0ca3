"""The sandbox EHR as a process that tests and the demo start, stop, kill and start again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integrator.sandbox.process import SandboxProcess


class SandboxEhr(SandboxProcess):
    """`with SandboxEhr(store=path) as ehr:` starts the real process; `base` is the FHIR base."""

    program, below = "integrator.sandbox.ehr", "/fhir"

    def __init__(self, store: Path | str, settings: str = "hapi-like", clock: Path | str | None = None, port: int = 0):
        super().__init__(store, clock, port, ("--settings", settings))
        self.settings = settings

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """The EHR's own request log after that number, oldest first: seq, method, path, query, body, status, wrote."""
        said: list[dict[str, Any]] = self._get("log", since=since)["requests"]
        return said

    def last(self) -> int:
        """The number of the newest request."""
        return int(self.summary(since=2**60)["last"])

    def summary(self, since: int = 0) -> dict[str, Any]:
        """What log and store add up to; keys as in summary.py."""
        said: dict[str, Any] = self._get("summary", since=since)
        return said

    def holds(self, resource_type: str) -> list[dict[str, Any]]:
        """The resources of one type as they are now."""
        said: list[dict[str, Any]] = self._get("holds", type=resource_type)
        return said

    def control(self, **wish: Any) -> dict[str, Any]:
        """Orders: `down=True|False|SECONDS`, `next=[fault, ...]`, `clear=True`; words in faults.py."""
        said: dict[str, Any] = self._post("control", wish)
        return said

    def fail(self, **fault: Any) -> None:
        """Orders one fault: `fail(status=500, times=2)`, `fail(close=True, where="after", method="POST")`."""
        self.control(next=[fault])

    def hold(self, *resources: dict[str, Any]) -> list[str]:
        """The hospital itself writes these (not in the log); gives `Type/id` of each."""
        said: list[str] = self._post("hold", list(resources))
        return said

    def drop(self, resource_type: str, id_: str) -> None:
        """The hospital itself deletes one (not in the log)."""
        self._post("drop", {"type": resource_type, "id": id_})

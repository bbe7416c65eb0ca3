"""The sandbox registry as a process that tests and the demo start, change and stop."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests


class SandboxRegistry:
    """`with SandboxRegistry(store=path) as registry:` starts the real process; it is stopped by its own pid."""

    def __init__(self, store: Path | str, clock: Path | str | None = None, port: int = 0, every: float | None = None):
        self.store, self.clock, self.port, self.every = Path(store), clock, port, every
        self.process: subprocess.Popen[str] | None = None

    @property
    def base(self) -> str:
        """The address of the API; stays the same over restarts."""
        return f"http://127.0.0.1:{self.port}/api/v2"

    def start(self) -> Self:
        """Starts the process and waits until it says that it is ready."""
        command = [sys.executable, "-m", "integrator.sandbox.registry", "--port", str(self.port)]
        command += ["--store", str(self.store), "--until-stdin-ends"]
        command += ["--clock", str(self.clock)] if self.clock else []
        command += ["--every", str(self.every)] if self.every is not None else []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C on a terminal reaches whoever started this, and that one stops it
        )
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError(f"the sandbox registry did not start: {line!r}, exit {self.process.wait(10)}")
        self.port = int(line.split("/api")[0].rsplit(":", 1)[1])
        return self

    def stop(self) -> None:
        """Ends the process orderly."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        process.wait(10)
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def log(self) -> list[dict[str, Any]]:
        """Every request to the API: at, path, status."""
        answer = requests.get(f"{self._address}/sandbox/log", timeout=30)
        answer.raise_for_status()
        said: list[dict[str, Any]] = answer.json()
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

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _post(self, what: str, wish: Any) -> None:
        requests.post(f"{self._address}/sandbox/{what}", json=wish, timeout=30).raise_for_status()

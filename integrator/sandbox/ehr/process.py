"""The sandbox EHR as a process that tests and the demo start, stop, kill and start again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests


class SandboxEhr:
    """`with SandboxEhr(store=path) as ehr:` starts the real process; it is stopped by its own pid."""

    def __init__(self, store: Path | str, settings: str = "hapi-like", clock: Path | str | None = None, port: int = 0):
        self.store, self.settings, self.clock, self.port = Path(store), settings, clock, port
        self.process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`; stays the same over restarts."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        """The FHIR base."""
        return f"{self.address}/fhir"

    def start(self) -> Self:
        """Starts the process and waits until it says that it is ready."""
        command = [sys.executable, "-m", "integrator.sandbox.ehr", "--port", str(self.port), "--store", str(self.store)]
        command += ["--settings", self.settings, "--until-stdin-ends"]
        command += ["--clock", str(self.clock)] if self.clock else []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C on a terminal reaches whoever started this, and that one stops it
        )
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError(f"the sandbox EHR did not start: {line!r}, exit {self.process.wait(10)}")
        self.port = int(line.split("/fhir")[0].rsplit(":", 1)[1])
        return self

    def stop(self) -> None:
        """Ends the process orderly."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the process as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Starts again on the same port and store, after ending what still runs."""
        self.stop()
        self.start()

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

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        process.wait(10)
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def _get(self, what: str, **asked: Any) -> Any:
        answer = requests.get(f"{self.address}/sandbox/{what}", params=asked, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _post(self, what: str, wish: Any) -> Any:
        answer = requests.post(f"{self.address}/sandbox/{what}", json=wish, timeout=30)
        answer.raise_for_status()
        return answer.json()

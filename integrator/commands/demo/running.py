"""The processes of a demo, each real and stopped by its pid: the sandbox, Integrator's serve, whoever plays an act."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from integrator.commands.demo.ground import Ground
from integrator.control import NAME, ask
from integrator.errors import ConfigError, RetryLater
from integrator.sandbox.acts import Act
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.people import OTHERS, PARTICIPANTS, patient_resource
from integrator.sandbox.registry.process import SandboxRegistry

SENDERS = ("aria", "kis", "fin")
PATIENCE = 30.0  # seconds until a process must be ready, and until it must have ended


class Hospital:
    """`with Hospital(ground, "hapi-like") as hospital:` runs the EHR, with its patients, and Integrator beside it."""

    def __init__(self, ground: Ground, settings: str):
        self.ground, self.settings = ground, settings
        self.ehr = SandboxEhr(ground.folder / "ehr.db", settings, ground.clock.file, ground.ports["ehr"])
        self.registry = SandboxRegistry(ground.folder / "registry.db", ground.clock.file, ground.ports["registry"])
        self.log = ground.folder / "serve.log"
        self.serve: subprocess.Popen[str] | None = None
        self.told: dict[str, Any] = {}
        self.mark = 0  # the EHR's newest request before this demo began

    def __enter__(self) -> Self:
        try:
            self.ehr.start()
            self.ehr.hold(*(patient_resource(person) for person in (*PARTICIPANTS, *OTHERS)))
            self.mark = self.ehr.last()
            self.registry.start()
            self._start_serve()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    @property
    def page(self) -> str:
        """The address of the page of the day."""
        return str(self.told["web"])

    def ask(self, command: str, **args: Any) -> Any:
        """What the running Integrator answers to a command; RetryLater: it is gone, with the end of its log."""
        answer = ask(self.ground.folder / NAME, command, **args)
        if answer is None:
            raise RetryLater(f"integrator serve is not there any more; {end_of(self.log)}")
        return answer

    def play(self, act: Act, run: int) -> list[subprocess.Popen[str]]:
        """Starts whoever plays the act: the sending hospital, the app, somebody who imports a table. Each prints one
        JSON line when all was taken."""
        played = []
        if act.messages:
            hosts = [word for who in SENDERS for word in (f"--{who}", f"127.0.0.1:{self.ground.ports[who]}")]
            played.append(start("integrator.sandbox.radiotherapy", act.name, "--run", str(run), *hosts))
        if act.posts:
            played.append(start("integrator.sandbox.physiotherapy", act.name, "--api", self.page))
        if act.sheet:
            file = self.ground.folder / f"{act.name}.csv"
            file.write_text(act.sheet.text, encoding="utf-8")
            words = [
                "--kind",
                act.sheet.kind,
                "--as-of",
                act.sheet.as_of,
                "--config",
                str(self.ground.config),
                "--json",
            ]
            played.append(start("integrator", "import", str(file), *words))
        return played

    @property
    def runs(self) -> bool:
        """Whether Integrator is still there."""
        return self.serve is not None and self.serve.poll() is None

    def _start_serve(self) -> None:
        command = [sys.executable, "-m", "integrator", "serve", "--config", str(self.ground.config)]
        with self.log.open("w") as log:
            self.serve = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                pass_fds=(self.ground.lock,),  # see Ground: a serve that is left behind keeps the folder
                start_new_session=True,  # Ctrl-C reaches the demo alone, which then stops this one
            )
        pids = {"demo": os.getpid(), "serve": self.serve.pid}
        if self.ehr.process:
            pids["ehr"] = self.ehr.process.pid
        if self.registry.process:
            pids["registry"] = self.registry.process.pid
        self.ground.holds_lock(pids)
        out = self.serve.stdout
        line = out.readline() if out and select.select([out], [], [], PATIENCE)[0] else ""
        if not line.strip():
            raise ConfigError(f"integrator serve did not start; {end_of(self.log)}")
        self.told = json.loads(line)

    def _stop(self) -> None:
        serve, self.serve = self.serve, None
        try:
            if serve is not None:
                end(serve)
        finally:
            self.registry.stop()
            self.ehr.stop()


def start(module: str, *words: str) -> subprocess.Popen[str]:
    """A program of ours that Ctrl-C does not reach; whoever started it ends it."""
    command = [sys.executable, "-m", module, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def end(process: subprocess.Popen[str]) -> None:
    """Asks a process of ours to end, and ends it where it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def end_of(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for the sentence that says what went wrong."""
    said = log.read_text(errors="replace").strip().splitlines()[-lines:] if log.exists() else []
    return f"the end of {log}:\n" + "\n".join(said) if said else f"{log} is empty"

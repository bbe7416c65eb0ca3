"""The integrator command, but it kills its own process once, at the moment that the file `die` names.

received  the message is committed, its acknowledgement not yet written
read      the message is leased and understood, nothing of it merged
merged    the record is changed, nothing of it committed
leased    the owed row is leased, nothing of it sent
written   the EHR has written and answered, nothing of that is stored
confirmed what the EHR answered is committed

`faulty` is no death by signal: the thread that reads ends by an error that nobody expected.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from integrator import app
from integrator.cli import main
from integrator.connectors.fhir_client import FhirTarget
from integrator.engine.embedded import Engine
from integrator.line import Line

ORDER = Path("die")


def now_is(moment: str) -> None:
    if ORDER.exists() and ORDER.read_text() == moment:
        ORDER.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


class DyingLine(Line):
    """The line, with places to die between its steps."""

    def receive(self, *what, **how):
        answers = super().receive(*what, **how)
        now_is("received")
        return answers

    def read(self, *what, **how):
        said = super().read(*what, **how)
        now_is("read")
        return said

    def merge(self, *what, **how):
        state = super().merge(*what, **how)
        now_is("merged")
        return state

    def deliver(self, *what, **how):
        now_is("leased")
        state = super().deliver(*what, **how)
        now_is("confirmed")
        return state


class DyingTarget(FhirTarget):
    """The EHR's client, with a place to die between its answer and our store."""

    def write(self, *what):
        written = super().write(*what)
        now_is("written")
        return written


class FaultyEngine(Engine):
    """The engine, with a fault in its reader."""

    def read_some(self, holder):
        if ORDER.exists() and ORDER.read_text() == "faulty":
            raise RuntimeError("ordered by the test")
        return super().read_some(holder)


app.Line, app.FhirTarget, app.Engine = DyingLine, DyingTarget, FaultyEngine

if __name__ == "__main__":
    main()

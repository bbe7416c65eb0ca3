"""The integrator command, but it dies once: after the commit of a message, before its acknowledgement is written."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from integrator import app
from integrator.cli import main
from integrator.line import Line


class Dying(Line):
    """Kills its own process when a file `die` lies in the working folder."""

    def receive(self, arrivals):
        answers = super().receive(arrivals)
        if Path("die").exists():
            Path("die").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return answers


app.Line = Dying

if __name__ == "__main__":
    main()

"""How a sandbox process lives: the options that all share, ready when it says so, until SIGTERM or stdin ends."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from socketserver import BaseServer

from integrator.clock import Clock, StoryClock


def options(program: str, about: str | None, store: str) -> argparse.ArgumentParser:
    """The options that every sandbox system has; `store` says what kind of file it keeps."""
    words = argparse.ArgumentParser(prog=f"python -m {program}", description=about)
    words.add_argument("--port", type=int, default=0, help="0: any free port")
    words.add_argument("--store", type=Path, required=True, help=f"{store} file; made if it is not there")
    words.add_argument("--clock", type=Path, help="file with the story's time (an ISO instant)")
    words.add_argument("--until-stdin-ends", action="store_true", help="stop when whoever started this is gone")
    return words


def clock_of(file: Path | None) -> Clock:
    """The story's clock, or the machine's."""
    return StoryClock(file) if file else Clock()


def serve(server: BaseServer, base: str, until_stdin_ends: bool) -> None:
    """Prints `ready ADDRESS` and serves until SIGTERM, or until stdin ends where that was asked."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if until_stdin_ends:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    print(f"ready {base}", flush=True)
    server.serve_forever(poll_interval=0.1)


def _end_with_stdin(server: BaseServer) -> None:
    sys.stdin.read()
    server.shutdown()

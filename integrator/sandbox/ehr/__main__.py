"""Starts the sandbox EHR: `python -m integrator.sandbox.ehr --port 0 --store FILE --settings hapi-like|epic-like`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from integrator.clock import Clock, StoryClock
from integrator.sandbox.ehr.server import EhrServer
from integrator.sandbox.ehr.settings import SETTINGS
from integrator.sandbox.ehr.store import EhrStore


def main() -> None:
    """Prints `ready http://127.0.0.1:PORT/fhir` and serves until SIGTERM."""
    words = argparse.ArgumentParser(prog="python -m integrator.sandbox.ehr", description=__doc__)
    words.add_argument("--port", type=int, default=0, help="0: any free port")
    words.add_argument("--store", type=Path, required=True, help="SQLite file; made if it is not there")
    words.add_argument("--settings", choices=sorted(SETTINGS), default="hapi-like")
    words.add_argument("--clock", type=Path, help="file with the story's time (an ISO instant)")
    words.add_argument("--until-stdin-ends", action="store_true", help="stop when whoever started this is gone")
    said = words.parse_args()
    clock = StoryClock(said.clock) if said.clock else Clock()
    server = EhrServer(said.port, EhrStore(said.store), SETTINGS[said.settings], clock)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if said.until_stdin_ends:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    print(f"ready {server.base}", flush=True)
    server.serve_forever(poll_interval=0.1)


def _end_with_stdin(server: EhrServer) -> None:
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()

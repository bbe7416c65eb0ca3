"""Starts the sandbox registry: `python -m integrator.sandbox.registry --port 0 --store FILE`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from integrator.clock import Clock, StoryClock
from integrator.sandbox.registry.records import Records
from integrator.sandbox.registry.server import HURRY, RegistryServer


def main() -> None:
    """Prints `ready http://127.0.0.1:PORT/api/v2` and serves until SIGTERM."""
    words = argparse.ArgumentParser(prog="python -m integrator.sandbox.registry", description=__doc__)
    words.add_argument("--port", type=int, default=0, help="0: any free port")
    words.add_argument("--store", type=Path, required=True, help="JSON file; made if it is not there")
    words.add_argument("--clock", type=Path, help="file with the story's time (an ISO instant)")
    words.add_argument("--every", type=float, default=HURRY, help="seconds between two requests; sooner is 429")
    words.add_argument("--until-stdin-ends", action="store_true", help="stop when whoever started this is gone")
    said = words.parse_args()
    clock = StoryClock(said.clock) if said.clock else Clock()
    server = RegistryServer(said.port, Records(said.store, clock.now()), clock, said.every)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if said.until_stdin_ends:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    print(f"ready {server.base}", flush=True)
    server.serve_forever(poll_interval=0.1)


def _end_with_stdin(server: RegistryServer) -> None:
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()

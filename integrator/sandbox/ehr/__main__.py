"""Starts the sandbox EHR: `python -m integrator.sandbox.ehr --port 0 --store FILE --settings NAME` (settings.py)."""

from __future__ import annotations

from integrator.sandbox.ehr.server import EhrServer
from integrator.sandbox.ehr.settings import SETTINGS
from integrator.sandbox.ehr.store import EhrStore
from integrator.sandbox.serving import clock_of, options, serve


def main() -> None:
    """Serves at `ready http://127.0.0.1:PORT/fhir` until SIGTERM."""
    words = options("integrator.sandbox.ehr", __doc__, "SQLite")
    words.add_argument("--settings", choices=sorted(SETTINGS), default="hapi-like")
    said = words.parse_args()
    server = EhrServer(said.port, EhrStore(said.store), SETTINGS[said.settings], clock_of(said.clock))
    serve(server, server.base, said.until_stdin_ends)


if __name__ == "__main__":
    main()

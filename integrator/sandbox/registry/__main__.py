"""Starts the sandbox registry: `python -m integrator.sandbox.registry --port 0 --store FILE`."""

from __future__ import annotations

from integrator.sandbox.registry.records import Records
from integrator.sandbox.registry.server import HURRY, RegistryServer
from integrator.sandbox.serving import clock_of, options, serve


def main() -> None:
    """Serves at `ready http://127.0.0.1:PORT/api/v2` until SIGTERM."""
    words = options("integrator.sandbox.registry", __doc__, "JSON")
    words.add_argument("--every", type=float, default=HURRY, help="seconds between two requests; sooner is 429")
    said = words.parse_args()
    clock = clock_of(said.clock)
    server = RegistryServer(said.port, Records(said.store, clock.now()), clock, said.every)
    serve(server, server.base, said.until_stdin_ends)


if __name__ == "__main__":
    main()

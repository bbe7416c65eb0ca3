"""An address that a source's messages come in at, and the socket that listens there."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from integrator.errors import ConfigError


@dataclass(frozen=True)
class Endpoint:
    """Where a source's messages come in. `max_frame` in bytes; port 0 takes any free one."""

    source: str
    host: str = "127.0.0.1"
    port: int = 0
    max_frame: int = 10 * 1024 * 1024


@dataclass
class Port:
    """A listening socket and the endpoint that it belongs to."""

    endpoint: Endpoint
    socket: socket.socket
    number: int


def bind(endpoint: Endpoint) -> Port:
    """Listens; raises ConfigError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    try:
        listening = socket.create_server((endpoint.host, endpoint.port), family=family, backlog=1024)
    except OSError as error:
        raise ConfigError(
            f"source {endpoint.source}: cannot listen on {endpoint.host}:{endpoint.port} ({error.strerror or error})"
        ) from error
    listening.setblocking(False)
    return Port(endpoint, listening, listening.getsockname()[1])

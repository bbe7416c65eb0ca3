"""MLLP: a listener for any number of connections, and a sender that waits for its answer."""

from integrator.connectors.mllp.endpoint import Endpoint
from integrator.connectors.mllp.source import Answer, Arrival, MllpListener
from integrator.connectors.mllp.target import MllpSender

__all__ = ["Answer", "Arrival", "Endpoint", "MllpListener", "MllpSender"]

"""Bodies of messages: each sealed with a data key of its own, which is wrapped by a source's or a patient's key."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.security.keys import Keyring, new_key, open_sealed, seal


@dataclass(frozen=True, slots=True)
class SealedBody:
    """What a message row keeps of its bytes; `body_key_of` says whose key wraps the data key."""

    body: bytes
    body_key: bytes
    body_key_of: str


def seal_body(keys: Keyring, source: str, data: bytes) -> SealedBody:
    """Seals the bytes of a message with a new data key, and that one for the source it came from."""
    data_key, owner = new_key(), f"source:{source}"
    return SealedBody(seal(data_key, data, "body"), keys.wrap(data_key, owner), owner)


def open_bytes(data_key: bytes, body: bytes) -> bytes:
    """The inverse, with the data key unwrapped. Unopenable: another key, or changed bytes."""
    return open_sealed(data_key, body, "body")

"""Invented participants and their sealed messages, for tests of identity and sealing."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from integrator import identity
from integrator.security.keys import Keyring
from integrator.store import Tx, messages
from integrator.store.messages import NewMessage
from integrator.store.people import Participant

NOW = datetime(2026, 3, 2, 8, 12, tzinfo=UTC)
KEYS = Keyring.from_env("k1:" + base64.b64encode(bytes(range(32))).decode())
NUMBER = "HTEST-4711"


def add(tx: Tx, subject: str = "DISPO-001", number: str = NUMBER, **changed: Any) -> Participant:
    fields: dict[str, Any] = {"study": "NCT01409720", "second": "1958-03-12", "consent_from": NOW, "now": NOW}
    return identity.add_participant(tx, KEYS, subject=subject, number=number, **{**fields, **changed})[0]


def receive(tx: Tx, text: str = "MSH|HTEST-Müller", **changed: Any) -> messages.Stored:
    data = text.encode()
    sealed = identity.seal_body(KEYS, "aria-siu", data)
    fields: dict[str, Any] = {"control_id": text, "digest": KEYS.digest(data), "sent_at": "20260302091200"}
    (number,) = messages.append(
        tx,
        [
            NewMessage(
                source="aria-siu",
                system="aria",
                received_at=NOW,
                source_time=NOW,
                type="SIU",
                event="S12",
                body=sealed.body,
                body_key=sealed.body_key,
                body_key_of=sealed.body_key_of,
                size=len(data),
                **{**fields, **changed},
            )
        ],
    )
    found = messages.get(tx, number)
    assert found is not None
    return found

"""All that is sealed with a patient's own key or with a message's data key; nothing else opens such a blob.

A patient's key is random and wrapped by the master key; dropping it erases the patient. `about` names whose blob it is
and what it holds, so that one copied to another row does not open.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from integrator.records.values import Identifier
from integrator.security.bodies import SealedBody, open_bytes, seal_body
from integrator.security.keys import Keyring, Unopenable, new_key, open_sealed, opens, seal
from integrator.store import Tx, people
from integrator.store.messages import Stored

__all__ = ["SealedBody", "seal_body"]

SEALED_FIELDS = {
    "Appointment": ("reason", "notes"),
    "ExerciseSession": ("reason", "notes"),
    "Observation": ("text", "notes"),
    "Participant": ("reason",),
    "Treatment": ("reason", "notes"),
}  # texts of persons, by kind of record; measured values are none, they outlive the erasing of a patient
PATIENT_FIELD = "patient"  # the identifier as it was sent; a record keeps only its index

Json = dict[str, Any]
Fields = Callable[[str, Json], Json]  # (kind, fields as JSON of records.wire) -> the same, sealed or opened


# A patient's key


def new_patient(tx: Tx, keys: Keyring) -> int:
    """Makes a patient with a key of their own and returns its id."""
    patient_id = people.new_patient(tx)
    people.set_key(tx, patient_id, keys.wrap(new_key(), f"patient:{patient_id}"))
    return patient_id


def patient_key(tx: Tx, keys: Keyring, patient_id: int) -> bytes | None:
    """A patient's own key; None: there is no such patient, or they were erased."""
    known: bytes | None = tx.known.get(("patient key", patient_id))
    if known is None and (wrapped := people.wrapped_key(tx, patient_id)) is not None:
        known = tx.known["patient key", patient_id] = keys.unwrap(wrapped, f"patient:{patient_id}")
    return known


def seal_for(tx: Tx, keys: Keyring, patient_id: int, text: str, about: str) -> bytes:
    """Seals a text with a patient's key; `about` names what it is. Unopenable: the patient was erased."""
    return seal(_present(tx, keys, patient_id), text.encode(), f"patient:{patient_id} {about}")


def open_for(tx: Tx, keys: Keyring, patient_id: int, blob: bytes, about: str) -> str | None:
    """The inverse of `seal_for`; None: the patient was erased."""
    key = patient_key(tx, keys, patient_id)
    return None if key is None else open_sealed(key, blob, f"patient:{patient_id} {about}").decode()


def seal_answer(tx: Tx, keys: Keyring, patient_id: int | None, answer: Any) -> bytes | None:
    """A target's answer, or what it holds (anything JSON), sealed for the patient it is about, or for nobody."""
    if answer is None:
        return None
    text = orjson.dumps(answer).decode()
    return keys.wrap(text.encode(), "answer") if patient_id is None else seal_for(tx, keys, patient_id, text, "answer")


def open_answer(tx: Tx, keys: Keyring, patient_id: int | None, blob: bytes | None) -> Any:
    """The inverse of `seal_answer`; None also where the patient was erased."""
    if patient_id is None:
        return None if blob is None else orjson.loads(keys.unwrap(blob, "answer"))
    text = None if blob is None else open_for(tx, keys, patient_id, blob, "answer")
    return None if text is None else orjson.loads(text)


def seal_why(tx: Tx, keys: Keyring, patient_id: int, why: str | None) -> bytes | None:
    """The sender's reason of a change, sealed for the patient."""
    return None if why is None else seal_for(tx, keys, patient_id, why, "why")


def open_why(tx: Tx, keys: Keyring, patient_id: int, blob: bytes | None) -> str | None:
    """The inverse of `seal_why`."""
    return None if blob is None else open_for(tx, keys, patient_id, blob, "why")


def _present(tx: Tx, keys: Keyring, patient_id: int) -> bytes:
    key = patient_key(tx, keys, patient_id)
    if key is None:
        raise Unopenable(f"patient {patient_id} was erased; nothing can be sealed for them")
    return key


# Identifiers


def number_index(keys: Keyring, value: str) -> bytes:
    """The blind index of a hospital number, for matching. Blanks around it and case do not count."""
    return keys.index("number:" + value.strip().upper())


def sent_index(keys: Keyring, identifier: Json) -> bytes:
    """The blind index of an identifier exactly as it was sent, for finding its text again."""
    return keys.index("identifier:" + orjson.dumps(identifier, option=orjson.OPT_SORT_KEYS).decode())


def keep_number(tx: Tx, keys: Keyring, patient_id: int, identifier: Identifier, index: bytes) -> None:
    """Keeps an identifier of a patient under an index of it; said again it changes nothing."""
    _keep(tx, keys, patient_id, _as_sent(identifier), index)


def look_ahead(tx: Tx, keys: Keyring, patient_ids: Iterable[int], sent: Iterable[Identifier | None]) -> None:
    """Before a batch, where the store is another process: asks once for the keys of these patients, and for their
    identifiers as they were sent."""
    people.look_ahead(tx, patient_ids, (sent_index(keys, _as_sent(one)) for one in sent if one))


def _as_sent(identifier: Identifier) -> Json:
    """As JSON, as records have it."""
    parts = {name: getattr(identifier, name) for name in identifier.__match_args__}
    return {name: part for name, part in parts.items() if part is not None}


def number_of(tx: Tx, keys: Keyring, patient_id: int, index: bytes) -> Identifier | None:
    """The identifier behind an index; None: not known, or the patient was erased."""
    sealed = people.sealed_number(tx, index)
    text = None if sealed is None else open_for(tx, keys, patient_id, sealed, "identifier")
    return None if text is None else Identifier(**orjson.loads(text))


def _keep(tx: Tx, keys: Keyring, patient_id: int, identifier: Json, index: bytes) -> None:
    if people.sealed_number(tx, index) is None:
        text = orjson.dumps(identifier).decode()
        people.add_number(tx, index, patient_id, seal_for(tx, keys, patient_id, text, "identifier"))


def _own_index(tx: Tx, keys: Keyring, key: bytes, owner: str, identifier: Json) -> bytes:
    """The index that a record has of an identifier: another one where the text behind the first is sealed for another
    patient, who had this number while the hospital had made them one."""
    index = sent_index(keys, identifier)
    kept = people.sealed_number(tx, index)
    if kept is None or opens(key, kept, f"{owner} identifier"):
        return index
    return sent_index(keys, identifier | {"of": owner})


# Fields of records


def field_keys(tx: Tx, keys: Keyring, patient_id: int) -> tuple[Fields, Fields]:
    """Two functions that seal and open the fields of this patient's records within this transaction.

    Sealing leaves of the patient an index, as it was sent, and keeps its text; reasons and notes become
    {"sealed": base64}. Opening is the exact inverse. Unopenable: sealed for another patient, or they were erased.
    """
    key, owner = _present(tx, keys, patient_id), f"patient:{patient_id}"

    def seal_all(kind: str, fields: Json) -> Json:
        sealed = dict(fields)
        for name in SEALED_FIELDS.get(kind, ()):
            if value := fields.get(name):
                blob = seal(key, orjson.dumps(value), f"{owner} {kind}.{name}")
                sealed[name] = {"sealed": base64.b64encode(blob).decode()}
        if value := fields.get(PATIENT_FIELD):
            index = _own_index(tx, keys, key, owner, value)
            _keep(tx, keys, patient_id, value, index)
            sealed[PATIENT_FIELD] = {"index": index.hex()}
        return sealed

    def open_all(kind: str, fields: Json) -> Json:
        opened = dict(fields)
        for name in SEALED_FIELDS.get(kind, ()):
            value = fields.get(name)
            if isinstance(value, dict) and "sealed" in value:
                blob = base64.b64decode(value["sealed"])
                opened[name] = orjson.loads(open_sealed(key, blob, f"{owner} {kind}.{name}"))
        value = fields.get(PATIENT_FIELD)
        if isinstance(value, dict) and "index" in value:
            kept = people.sealed_number(tx, bytes.fromhex(value["index"])) or b""
            opened[PATIENT_FIELD] = orjson.loads(open_sealed(key, kept, f"{owner} identifier"))
        return opened

    return seal_all, open_all


# Bodies of messages


def open_body(tx: Tx, keys: Keyring, message: Stored) -> bytes:
    """The bytes of a message, whoever's key wraps its data key. Unopenable: they were erased, or their patient was."""
    data_key = _data_key(tx, keys, message)
    if message.body is None or data_key is None:
        raise Unopenable(f"the bytes of message {message.id} were erased")
    return open_bytes(data_key, message.body)


def rewrap(tx: Tx, keys: Keyring, message: Stored, patient_id: int) -> Json:
    """The data key wrapped by the patient's key, as `messages.settle` takes it; {} where there is nothing to wrap."""
    owner = f"patient:{patient_id}"
    data_key = _data_key(tx, keys, message)
    if data_key is None or message.body_key_of == owner:
        return {}
    return {"body_key": seal(_present(tx, keys, patient_id), data_key, f"{owner} body"), "body_key_of": owner}


def seal_detail(tx: Tx, keys: Keyring, message: Stored, detail: Json) -> bytes | None:
    """What is said about a message's content (place, text, unmapped), sealed with its data key; None: erased."""
    data_key = _data_key(tx, keys, message)
    return None if data_key is None else seal(data_key, orjson.dumps(detail), "detail")


def open_detail(tx: Tx, keys: Keyring, message: Stored) -> Json:
    """The inverse of `seal_detail`; {}: there is none, or it was erased."""
    data_key = _data_key(tx, keys, message)
    if data_key is None or message.detail is None:
        return {}
    opened: Json = orjson.loads(open_sealed(data_key, message.detail, "detail"))
    return opened


def _data_key(tx: Tx, keys: Keyring, message: Stored) -> bytes | None:
    wrapped = message.body_key
    if wrapped is None or message.body_key_of is None:
        return None
    kind, _, name = message.body_key_of.partition(":")
    if kind == "source":
        return keys.unwrap(wrapped, message.body_key_of)
    key = patient_key(tx, keys, int(name))
    return None if key is None else open_sealed(key, wrapped, f"{message.body_key_of} body")

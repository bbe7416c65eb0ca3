"""Patient: who the person is; lives only in the identity room, encrypted, and is never exported to research."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.records.values import Address, Identifier, PersonName

GENDERS = ("male", "female", "other", "unknown")  # FHIR R4 administrative-gender


@dataclass(frozen=True, slots=True)
class Patient:
    """Owner of every field is the EHR (the hospital's master of demographics)."""

    identifiers: tuple[Identifier, ...] = ()  # hospital number (MR), insurance number, ...
    name: PersonName | None = None  # the official one
    birth_date: str | None = None  # YYYY, YYYY-MM or YYYY-MM-DD, never padded
    gender: str | None = None  # one of GENDERS
    address: Address | None = None
    deceased: bool | None = None

"""What the caller tells a face beside the message: data only, never the clock, the network or the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrator.records.values import Identifier, Ref


@dataclass(frozen=True, slots=True)
class Context:
    """Settings of the source or target, and links between our keys and their ids."""

    zone: str | None = None  # IANA zone of times that carry no offset; there is no default
    offset: str | None = None  # "+0100": where neither the field nor MSH-7 has one; before the zone
    charset: str | None = None  # kept for lineage; bytes are decoded before a face sees them
    default_minutes: int | None = None  # length where a start comes without end or length
    default_unit: str | None = None  # unit of a length that has none; None: min
    namespace: str | None = None  # URI of identifiers that the message leaves without any assigner
    links: Mapping[Ref | Identifier, dict[str, Any]] = field(default_factory=dict)  # our key -> their Reference
    comma: bool = False  # numbers of a delimited file have decimal commas
    event: str | None = None  # the trigger that the caller wants where a code map offers several: "S13"


EMPTY = Context()

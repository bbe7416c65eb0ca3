"""What of a document nobody speaks of: every leaf that no line of the face names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integrator.mapping.context import Context

if TYPE_CHECKING:
    from integrator.mapping.face import Face


@dataclass(frozen=True, slots=True)
class Unmapped:
    """One leaf that was not read."""

    place: str
    text: str


def unmapped(face: Face, tree: Any, context: Context) -> list[Unmapped]:
    return []

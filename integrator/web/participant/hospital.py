"""What the hospital did beside appointments: their number retired, merged or moved, documents that came; in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from integrator.triggers import DOCUMENT
from integrator.web.participant.kept import Kept
from integrator.web.today.days import day_and_hour
from integrator.web.today.sentences import Voice


@dataclass(frozen=True)
class Beside:
    """One sentence. No number stands in it: these pages know subject codes only."""

    when: str
    told: str
    stands: bool = True  # else it was taken back, or it has no effect


def beside(kept: Kept, voice: Voice) -> list[Beside]:
    """The newest first."""
    found: list[tuple[datetime, Beside]] = [
        (one.at, Beside(day_and_hour(one.at, voice.zone), one.text, one.stands)) for one in kept.numbers
    ]
    for one in kept.documents:
        what = f"{one.type} {one.event} of {voice.title(one.system)}".replace("  ", " ")
        told = f"A document came ({what}); its text is not read here."
        if one.reason != DOCUMENT:
            told = f"Time of a machine was blocked or opened again ({what}); no appointment follows from it."
        found.append((one.source_time, Beside(day_and_hour(one.source_time, voice.zone), told)))
    found.sort(key=lambda one: one[0], reverse=True)
    return [sentence for _, sentence in found]

"""What is known beside an entry when it is checked: the clock, the zone, the participant; data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marshmallow.experimental.context import Context


@dataclass(frozen=True, slots=True)
class About:
    """Whoever checks fills in what it knows; what is not known is not checked."""

    zone: str | None = None  # of times without an offset; None: they are refused
    now: datetime | None = None  # nothing may be later
    subject: str = ""  # whose entry it is
    arms: tuple[str, ...] = ()  # of the trial; empty: any name
    consented: str | None = None  # YYYY-MM-DD; nothing of the participant may be earlier
    randomised: str | None = None  # YYYY-MM-DD; no session may be earlier
    comma: bool = False  # numbers have decimal commas


NOTHING_KNOWN = About()


class Knowing(Context[About]):
    """`with Knowing(about): schema.load(...)`: how the fields of a schema learn of it."""


def known() -> About:
    """What the present check knows."""
    return Knowing.get(NOTHING_KNOWN)

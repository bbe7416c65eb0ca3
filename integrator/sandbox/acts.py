"""Parts of an act of the demo's story: messages, what a program posts, a table that somebody imports; data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Sent:
    """One message and what must become of it. `state` is the message's in Integrator, "duplicate": not stored again."""

    source: str  # aria, kis or fin
    data: bytes
    state: str
    answer: str = "AA"


@dataclass(frozen=True)
class Post:
    """One call of the JSON API: where below /api/v1, what it says, and the answer's status."""

    place: str
    body: dict[str, Any]
    answer: str = "201"


@dataclass(frozen=True)
class Sheet:
    """A table that somebody imports: what its rows are, when it was true, its text."""

    kind: str
    as_of: str
    text: str

    @property
    def rows(self) -> int:
        """How many rows it has below its header."""
        return self.text.count("\n") - 1


@dataclass(frozen=True)
class Act:
    """One part of the story. `at`: the story's time when it is sent; `ehr_away`: seconds that the EHR is then gone.

    An act is of messages, of posts, or of one sheet.
    """

    name: str
    title: str
    at: datetime
    messages: tuple[Sent, ...] = ()
    ehr_away: float = 0.0
    posts: tuple[Post, ...] = ()
    sheet: Sheet | None = None

    @property
    def size(self) -> int:
        """How many messages, posts or rows it has."""
        return len(self.messages) + len(self.posts) + (self.sheet.rows if self.sheet else 0)

"""What one run of a face carries along: the context, what the message adds to it, notes, and the trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrator.mapping.codes import Unknown
from integrator.mapping.context import Context
from integrator.mapping.tree_hl7 import MessageNode, text_of

if TYPE_CHECKING:
    from integrator.mapping.lineage import Trace
    from integrator.mapping.log import Log
    from integrator.mapping.walk import Loc


class State:
    """One run, reading or writing."""

    __slots__ = (
        "_msh_7",
        "context",
        "log",
        "made",
        "missed",
        "noted",
        "notes",
        "open_codes",
        "skipped",
        "trace",
        "tree",
        "unknown",
        "used",
    )

    def __init__(self, tree: Any, context: Context, trace: Trace | None = None, log: Log | None = None):
        self.tree = tree
        self.context = context
        self.trace = trace
        self.log = log
        self.notes: list[str] = []  # what a person should know: a default was used, an hour was doubled
        self.noted: list[str] = []  # what the lineage says of the value being read: notes and zone, offset, namespace
        self.used: list[str] = []  # the places that those notes looked at
        self.open_codes: list[tuple[str, str]] = []
        self.unknown: list[Unknown] = []  # the same with their columns
        self.missed = False  # whether something was there and not understood, or was skipped
        self.skipped: list[tuple[int, Loc]] = []  # of the value being read: which place, and what of its element
        self.made: set[int] = set()  # ids of elements that were made by this run
        self._msh_7: str | None = None

    def note(self, text: str, person: bool = False, place: str | None = None) -> None:
        """Something that was used beside the places themselves; `person`: also shown without a trace."""
        if person and text not in self.notes:
            self.notes.append(text)
        if self.trace is not None:
            self.noted.append(text)
            if place:
                self.used.append(place)

    def skip(self, *part: str | int, place: int = 0) -> None:
        """A conversion that makes a value says: this part of the element was not looked at, though it often is."""
        self.missed = True
        if self.trace is not None:
            self.skipped.append((place, part))

    def sent_at(self, stamp: str) -> None:
        """Tells what MSH-7 is, as sent, where the message is not read as a tree; what is not plain is looked up."""
        if "\\" not in stamp and "&" not in stamp:
            self._msh_7 = _offset_of(stamp.split("^", 1)[0])

    def message_offset(self) -> str | None:
        """The offset of MSH-7 ("+0215"), which speaks for every time of the message that has none of its own."""
        if self._msh_7 is None:
            self._msh_7 = ""
            if isinstance(self.tree, MessageNode):
                first = (self.tree.get("MSH") or [None])[0]
                self._msh_7 = _offset_of(text_of(((first.get("7") if first is not None else None) or [""])[0]))
        return self._msh_7 or None


def _offset_of(stamp: str) -> str:
    """The offset at the end of a time; "" where it has none."""
    return stamp[-5:] if len(stamp) > 5 and stamp[-5] in "+-" and stamp[-4:].isdigit() else ""

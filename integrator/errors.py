"""The five errors, named by what happens next; nothing else is raised on purpose across rooms.

IntegratorError
├── ConfigError   the operator edits a file; we do not start
├── Rejected      the sender changes something; nothing is stored (AR or 4xx)
├── Held          a person looks; the message is stored, acknowledged and visible with its reason
├── RetryLater    nobody acts; we try again
├── Refused       a target said no for good; visible with its answer
└── Waiting       the owed row waits for something that has a name
    └── CannotWrite   a face cannot say this value in that form
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class IntegratorError(Exception):
    """What every error of ours is."""


class ConfigError(IntegratorError):
    """A configuration, face or code map that cannot be used; the text names file and line and what to write."""

    def __init__(self, text: str, file: str | None = None, line: int | None = None):
        self.text, self.file, self.line = text, file, line
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(place + text)


@dataclass
class Rejected(IntegratorError):
    """Nothing is stored and the sender is told why; `code` is of HL7 table 0357."""

    text: str
    code: str = "100"
    place: str | None = None

    def __str__(self) -> str:
        return self.text


@dataclass
class Held(IntegratorError):
    """The message cannot be used until a person looks.

    `reason` is a sentence without any value of the message (it may stand on pages and in logs);
    `place` is where in the message, `text` what stands there: both are sealed with the body.
    """

    reason: str
    place: str | None = None
    text: str | None = None
    unknown: Any = None  # mapping.codes.Unknown: a code that nobody mapped

    def __str__(self) -> str:
        return self.reason

    def whole(self) -> str:
        """The reason with place and text, for those who may see the message."""
        where = f" at {self.place}" if self.place else ""
        what = f": {self.text!r}" if self.text is not None else ""
        return f"{self.reason}{where}{what}"


@dataclass
class RetryLater(IntegratorError):
    """The target could not answer now. `after` in seconds where it said so; `ambiguous`: it may have written."""

    reason: str
    after: float | None = None
    ambiguous: bool = False

    def __str__(self) -> str:
        return self.reason


@dataclass
class Refused(IntegratorError):
    """The target said no and will say no again. `outcome` is its answer (OperationOutcome or text)."""

    reason: str
    outcome: Any = None

    def __str__(self) -> str:
        return self.reason


@dataclass
class Waiting(IntegratorError):
    """The owed row waits: `what` names it ("a start", "a person", "the target cannot write Appointment")."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass
class CannotWrite(Waiting):
    """A face cannot hold this value in its form; `what` names the record field and the form."""

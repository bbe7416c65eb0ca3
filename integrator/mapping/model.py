"""A face as it was declared: fields with their choices, constants, conditions, omissions, each with file and line."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrator.mapping.casts import Cast
from integrator.mapping.codes import CodeMap
from integrator.mapping.forms import Form
from integrator.mapping.path import Steps
from integrator.mapping.record_model import RecordPlace


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a mapping file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Outside:
    """A path of the outside form, resolved: its text as written, its steps, the type at its end."""

    text: str
    steps: Steps
    type: str
    inner: bool = False  # its last [] is a list within an element of the record's list

    @property
    def listed(self) -> int:
        """How many steps stand up to and with the last [] that is gone through; 0 where the path has none."""
        found = [n for n, step in enumerate(self.steps, 1) if step.every]
        if self.inner and len(found) > 1:
            found.pop()
        return found[-1] if found else 0


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to read and write a field: places, and a conversion or a code map over them."""

    at: tuple[Outside, ...]
    cast: Cast | None
    codes: CodeMap | None
    where: Where

    @property
    def name(self) -> str:
        """The name of the conversion or code map."""
        return self.codes.name if self.codes else self.cast.name if self.cast else ""


@dataclass(frozen=True, slots=True)
class Condition:
    """An outside place that must have one of these texts; `written`: one text in the face's own [when]."""

    at: Outside
    values: tuple[str, ...]
    where: Where
    written: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One line of [field]."""

    place: RecordPlace
    choices: tuple[Choice, ...]
    only: str | None
    when: tuple[Condition, ...]
    where: Where

    @property
    def read(self) -> bool:
        return self.only != "write"

    @property
    def written(self) -> bool:
        return self.only != "read"


@dataclass(frozen=True, slots=True)
class Constant:
    """One line of [constant]; `text` "#" is the running number."""

    at: Outside
    value: str | int | bool
    where: Where


@dataclass(frozen=True, slots=True)
class Omission:
    """One line of [omit.ours] (`at` None) or [omit.theirs]."""

    text: str
    reason: str
    where: Where
    at: Outside | None = None


@dataclass(frozen=True)
class Declared:
    """A whole face after `extends`."""

    name: str
    record: str
    form: Form
    direction: str | None
    why: Outside | None
    about: str
    absent: str
    each: Outside | None
    when: tuple[Condition, ...]
    fields: tuple[Field, ...]
    constants: tuple[Constant, ...]
    omit_ours: tuple[Omission, ...]
    omit_theirs: tuple[Omission, ...]
    where: Where
    texts: dict[str, str] = field(default_factory=dict)  # file name -> text, of all files it is made of

    @property
    def reads(self) -> bool:
        return self.direction != "write"

    @property
    def writes(self) -> bool:
        return self.direction != "read"

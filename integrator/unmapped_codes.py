"""A code that nobody mapped: one question for all messages of a source that have it, with examples and a suggestion."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import orjson

from integrator.house import House
from integrator.mapping import Faces
from integrator.mapping.codes import CodeMap, Unknown
from integrator.mapping.sets import code_maps
from integrator.spoken import Spoken
from integrator.store import Tx, questions
from integrator.store.messages import Stored
from integrator.store.questions import Question

CAUSE = "code"  # of the question; of an activity it is "activity", which holds what is sent and not the message
EXAMPLES = 3  # receipt numbers that a question names
LONGEST = 60  # characters of a code that are shown: a sender may put anything there
ALIKE = 0.7  # how alike two texts must be, from 0 to 1, for one to be suggested for the other


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question keeps of a code."""

    map: str
    columns: list[str]
    which: int
    code: str
    others: dict[str, list[str]] = field(default_factory=dict)  # what came in the other columns beside it
    examples: list[int] = field(default_factory=list)
    holds: bool = True  # whether messages are held for it

    @property
    def column(self) -> str:
        """The place of the code: SCH-25."""
        return self.columns[self.which]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word that the code may mean, and why we think so. Never chosen by us."""

    value: str
    because: str

    def __str__(self) -> str:
        return f"{self.value} ({self.because})"


def of_map(spoken: Spoken, code_map: str, code: str) -> Unknown:
    """The code of an open map with all its columns."""
    unknown = spoken.reading.unknown if spoken.reading else []
    found = [one for one in unknown if one.map == code_map and " ".join(text for text in one.codes if text) == code]
    return found[0] if found else Unknown(code_map, ("code",), (code,), 0)


def ask(
    house: House,
    tx: Tx,
    message: Stored,
    unknown: Unknown,
    text: str = "",
    cause: str = CAUSE,
    subject: str = "",
    record_id: int | None = None,
) -> None:
    """Asks what a code means, or counts it with those that were asked about; up to three messages are named."""
    code = unknown.codes[unknown.which]
    subject = subject or f"{message.source} {unknown.map} {code.strip().casefold()}"
    known = asked(house, questions.get(tx, cause, subject))
    others = dict(known.others) if known else {}
    for number, column in enumerate(unknown.columns):
        if number != unknown.which:
            others[column] = sorted({*others.get(column, ()), unknown.codes[number]})
    examples = known.examples if known else []
    if message.id not in examples:
        examples = sorted([*examples, message.id])[:EXAMPLES]
    about = Asked(unknown.map, list(unknown.columns), unknown.which, code, others, examples, cause == CAUSE)
    text = text or _text(house, message, about)
    detail = house.keys.wrap(orjson.dumps(about), "question")
    questions.ask(tx, cause, subject, message.source, text, house.clock.now(), record_id, message.id, detail)


def _text(house: House, message: Stored, about: Asked) -> str:
    found = suggestion(house.faces, about, house.sources[message.source].site or None)
    text = f"The code {about.code[:LONGEST]!r} ({about.column}) has no row in {about.map}; its messages are held."
    return f"{text} Suggested: {found}." if found else text


def asked(house: House, question: Question | None) -> Asked | None:
    """What a question of this kind keeps; None: it is of another."""
    if question is None or question.cause not in (CAUSE, "activity") or question.detail is None:
        return None
    found: dict[str, Any] = orjson.loads(house.keys.unwrap(question.detail, "question"))
    return Asked(**found)


def suggestion(faces: Faces, about: Asked, site: str | None) -> Suggestion | None:
    """What the code may mean: what another site says of the same code, else the known code or word most like it."""
    maps = {of: one for (name, of), one in code_maps(faces).items() if name == about.map}
    wanted = _plain(about.code)
    for of, one in sorted(maps.items(), key=lambda item: (item[0] != site, item[0] or "")):
        for codes, value in _known(one, about.which):
            if wanted in map(_plain, codes):
                where = f"sites/{of}" if of else about.map
                return Suggestion(value, f"so {where} says of the same code")
    best: tuple[float, Suggestion] | None = None
    for one in maps.values():
        for codes, value in _known(one, about.which):
            for text in (*codes, value):
                alike = SequenceMatcher(None, wanted, _plain(text)).ratio()
                if alike >= ALIKE and (best is None or alike > best[0]):
                    best = (alike, Suggestion(value, f"its text is like {text!r}"))
    return best[1] if best else None


def _known(one: CodeMap, which: int) -> list[tuple[tuple[str, ...], str]]:
    """The codes that a map knows in one column, with the word of each."""
    if which >= len(one.columns) - 1:
        return []
    return [(cell, row.value) for row in one.rows if row.value and (cell := row.cells[which])]


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def has_row(faces: Faces, about: Asked, site: str | None) -> bool:
    """Whether the faces know the code by now."""
    maps = code_maps(faces)
    one = maps.get((about.map, site)) or maps.get((about.map, None))
    if one is None or len(one.columns) - 1 != len(about.columns):
        return False
    codes = [(about.others.get(column) or [""])[0] for column in about.columns]
    codes[about.which] = about.code
    found = one.read(tuple(codes), fold=True)
    return found.row is not None and not found.unknown

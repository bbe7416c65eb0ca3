"""The one grammar of paths, for every tree: text to steps and selectors, before any model is asked.

identifier[type=$v2-0203|FILL]   AIS[]-3   AIG[4.1=LINAC]-3.1   arm[name]   supportingInformation[=ResearchStudy]
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"\$([A-Za-z0-9][A-Za-z0-9_-]*)")
_CHILD = re.compile(r"([A-Za-z0-9_.]+)=(.*)", re.DOTALL)


class BadPath(ValueError):
    """The text is no path; the loader adds file and line."""


@dataclass(frozen=True, slots=True)
class Selector:
    """One condition on an element: its child (`()`: the element itself) has this text.

    `kind` is told by the model: "text", "coding" (system|code in any coding), "reference" (to this type).
    `prefix` chooses what begins with the text and is never written.
    """

    child: tuple[str, ...]
    text: str
    prefix: bool = False
    kind: str = "text"
    steps: tuple[Step, ...] = ()  # the child as steps, told by the model

    def __str__(self) -> str:
        return f"{'.'.join(self.child)}={self.text}{'*' if self.prefix else ''}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step down. `every` is [], `key` the child of a[key]; `many` and `once` are told by the model."""

    name: str
    selectors: tuple[Selector, ...] = ()
    every: bool = False
    key: str | None = None
    many: bool = False  # a list in the tree
    once: bool = False  # an HL7 segment that a message has once: never pruned

    def __str__(self) -> str:
        text = self.name
        if self.selectors:
            text += f"[{', '.join(str(one) for one in self.selectors)}]"
        if self.key:
            text += f"[{self.key}]"
        return text + ("[]" if self.every and not self.key else "")


Steps = tuple[Step, ...]


def parse_path(text: str, names: dict[str, str] | None = None, hl7: bool = False) -> Steps:
    """The steps of a path; `names` are the face's [names]. Raises BadPath."""
    whole = substitute(text, names or {})
    steps: list[Step] = []
    position = 0
    while position < len(whole):
        name, position = _name(whole, position, text, hl7)
        brackets, position = _brackets(whole, position, text)
        steps.append(_step(name, brackets, text))
        if position < len(whole):
            separators = ".-" if hl7 else "."
            if whole[position] not in separators or position == len(whole) - 1:
                raise BadPath(f"{text!r} is not a path: nothing may follow {whole[:position]!r} but a step or brackets")
            position += 1
    if not steps:
        raise BadPath("an empty path")
    return tuple(steps)


def substitute(text: str, names: dict[str, str]) -> str:
    """Every $name replaced by its text; BadPath where a name is not declared."""

    def of(found: re.Match[str]) -> str:
        name = found[1]
        while name and name not in names:  # "$int/kind" ends by itself, "$v2-0203-x" does not: the longest wins
            name = name.rpartition("-")[0]
        if not name:
            known = ", ".join(f"${one}" for one in sorted(names)) or "none"
            raise BadPath(f"${found[1]} is not declared; declare it under [names] (declared: {known})")
        return names[name] + found[1][len(name) :]

    return _NAME.sub(of, text)


def _name(whole: str, position: int, text: str, hl7: bool) -> tuple[str, int]:
    end = position
    while end < len(whole) and whole[end] not in (".[-" if hl7 else ".["):
        end += 1
    name = whole[position:end]
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*|[1-9][0-9]*", name):
        raise BadPath(f"{text!r} is not a path: {name!r} is not the name of a step")
    return name, end


def _brackets(whole: str, position: int, text: str) -> tuple[list[str], int]:
    found: list[str] = []
    while position < len(whole) and whole[position] == "[":
        end = whole.find("]", position)
        if end < 0:
            raise BadPath(f"{text!r} is not a path: '[' without ']'")
        found.append(whole[position + 1 : end])
        position = end + 1
    return found, position


def _step(name: str, brackets: list[str], text: str) -> Step:
    selectors: list[Selector] = []
    every, key = False, None
    for inside in brackets:
        if every or key:
            raise BadPath(f"{text!r} is not a path: nothing may follow [] or [key] but the next step")
        if inside == "":
            every = True
        elif inside.startswith("="):
            selectors.append(_selector((), inside[1:]))
        elif "=" in inside:
            for part in re.split(r", *(?=[A-Za-z0-9_.]+=)", inside):
                found = _CHILD.fullmatch(part)
                if not found:
                    raise BadPath(f"{text!r} is not a path: write [child=text] instead of [{inside}]")
                selectors.append(_selector(tuple(found[1].split(".")), found[2]))
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", inside):
            key, every = inside, True
        else:
            raise BadPath(f"{text!r} is not a path: write [], [child=text] or [child] instead of [{inside}]")
    return Step(name, tuple(selectors), every, key)


def _selector(child: tuple[str, ...], text: str) -> Selector:
    if text.endswith("*") and text != "*":
        return Selector(child, text[:-1], prefix=True)
    return Selector(child, text)


def path_text(steps: Steps, hl7: bool = False) -> str:
    """The path as it is written: `AIS[]-4`, `participant[actor=Patient].actor`."""
    if hl7 and len(steps) > 1:
        return f"{steps[0]}-{'.'.join(str(step) for step in steps[1:])}"
    return ".".join(str(step) for step in steps)

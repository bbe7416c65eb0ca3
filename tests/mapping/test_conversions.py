"""Each conversion that writes: a value in every part of its element that it does not name is shown as unmapped.

A face of one field is made of each conversion with each data type that a face of ours gives it, so nothing else
speaks. Parts of parts, and conversions that only read, are tried by law 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from integrator.commands.checking import each_face
from integrator.errors import CannotWrite
from integrator.formats.fhir.model import model
from integrator.formats.hl7v2 import Message, build, parse
from integrator.formats.hl7v2.segments import VARIES, segment_table
from integrator.mapping import load_faces
from integrator.mapping.face import Face, tree_of
from integrator.mapping.forms import FHIR
from integrator.mapping.laws_documents import ZONE, through_bytes
from integrator.mapping.laws_json import JsonDrawing
from integrator.mapping.laws_values import Draw
from integrator.mapping.model import Choice, Declared
from integrator.mapping.model import Field as MappedField
from integrator.mapping.places import place_text
from integrator.mapping.walk import Loc, locate, node_at

FACES = load_faces()
TRIES = 200


def alone(declared: Declared, one: MappedField, choice: Choice) -> Face:
    """A face with that field and choice only, that omits nothing of the outside form."""
    field = replace(one, choices=(choice,), only=None, when=())
    return Face(
        replace(declared, fields=(field,), constants=(), omit_theirs=(), when=(), why=None, each=None, direction=None)
    )


def conversions() -> Iterator[Any]:
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for face, _ in each_face(FACES):
        for one in face.declared.fields:
            for choice in one.choices:
                key = (face.declared.form.family, choice.name, tuple(at.type for at in choice.at))
                if choice.cast is None or choice.cast.write is None or one.place.listed or key in seen:
                    continue
                if face.declared.form.kind in ("hl7v2", "fhir"):
                    seen.add(key)
                    yield pytest.param(alone(face.declared, one, choice), id=f"{key[0]} {key[1]} {'+'.join(key[2])}")


def written(face: Face) -> Any:
    """A document in which the field has a value that reads back."""
    name = face.declared.fields[0].place.field
    for seed in range(TRIES):
        said = Draw(face.declared, Random(seed)).said([face.declared.fields[0].place.text])
        try:
            document = through(face.write(said))
        except CannotWrite:
            continue
        if said.get(name) not in (None, ()) and face.read(document, ZONE).said.get(name) not in (None, ()):
            return document
    raise AssertionError("of the records that were drawn none can be written")


@pytest.mark.parametrize("face", list(conversions()))
def test_every_other_part_is_unmapped(face: Face):
    document = written(face)
    (choice,) = face.declared.fields[0].choices
    for number, at in enumerate(choice.at):
        for loc, _ in locate(tree_of(document), at.steps):
            heads = [(steps[0].name, len(steps)) for steps in choice.cast.seen_in(number) or ()]
            fresh, added = filled(face, document, loc, at.type, heads)
            shown = [leaf.text for leaf in face.read(fresh, ZONE).unmapped]
            missing = [text for text in added if text not in shown]
            assert missing == [], place_text(loc, (), face.declared.form.hl7)


def through(document: Any) -> Any:
    """Through bytes; a message without MSH-18 is read as UTF-8."""
    return parse(build(document), "utf-8") if isinstance(document, Message) else through_bytes(document)


def filled(face: Face, document: Any, loc: Loc, kind: str, heads: list[tuple[str, int]]) -> tuple[Any, list[str]]:
    """The document with a text of its own in every part of an element that the conversion does not name."""
    if isinstance(document, Message):
        return filled_segment(document, loc, kind, {name for name, _ in heads} or {"1"})
    return filled_element(face, document, loc, kind, heads)


def filled_segment(document: Message, loc: Loc, kind: str, named: set[str]) -> tuple[Message, list[str]]:
    place, added = place_text(loc, (), hl7=True), []
    if kind == VARIES or place.count(".") > 1:
        return document, []
    for part in segment_table().components((kind,)):
        if str(part.number) not in named:
            added.append(f"other {part.number}")
            document.set(f"{place}.{part.number}", added[-1])
    return through(document), added


def filled_element(
    face: Face, document: dict[str, Any], loc: Loc, kind: str, heads: list[tuple[str, int]]
) -> tuple[dict[str, Any], list[str]]:
    node, facts = node_at(document, loc), model(FHIR[face.declared.form.family])
    if not isinstance(node, dict):
        sibling = f"_{loc[-1]}"
        above = node_at(document, loc[:-1])
        if isinstance(above, dict):
            above[sibling] = {"id": "other id"}
        return document, ["other id"] if isinstance(above, dict) else []
    drawing, before = JsonDrawing(face.declared.form, Random(1)), set(texts(document))
    named = {name for name, _ in heads} | compared(face)
    for name, element in facts.children(kind).items():
        if name not in named and name not in node and (value := drawing.value(element, 0)) is not None:
            node[name] = value
    return document, [text for text in texts(document) if text not in before]


def compared(face: Face) -> set[str]:
    """The parts that the selectors of the place look at: of a reference its type, literal or said."""
    (choice,) = face.declared.fields[0].choices
    selectors = [one for at in choice.at for step in at.steps for one in step.selectors]
    references = {"reference", "type"} if any(one.kind == "reference" for one in selectors) else set()
    return references | {one.child[0] for one in selectors if one.child}


def texts(node: Any) -> list[str]:
    if isinstance(node, dict | list):
        return [text for one in (node.values() if isinstance(node, dict) else node) for text in texts(one)]
    return [node] if isinstance(node, str) and "noise" in node else []

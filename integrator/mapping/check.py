"""What is refused at load beyond single words and paths: conflicts, gaps, losses; each with a way out.

Words, paths, conversions and $names are refused where they are read (declare.py, layers.py, code_files.py).
"""

from __future__ import annotations

from integrator.mapping import record_model
from integrator.mapping.check_codes import check_codes
from integrator.mapping.layers import refuse
from integrator.mapping.model import Choice, Declared, Field, Omission
from integrator.mapping.overlap import overlap
from integrator.mapping.read_record import group_prefix
from integrator.mapping.record_model import within


def check(declared: Declared) -> None:
    """Raises ConfigError for the first thing that is wrong with a face."""
    for field in declared.fields:
        _check_lists(declared, field)
        _check_direction(declared, field)
    _check_groups(declared)
    _check_places(declared)
    _check_leaves(declared)
    for field in declared.fields:
        for choice in field.choices:
            if choice.codes:
                check_codes(declared, field, choice.codes)
                _check_one_place(field, choice)


def _check_direction(declared: Declared, field: Field) -> None:
    """`only` of a field that the face's own direction leaves nothing of, and a field that nothing writes."""
    if declared.direction and field.only and field.only != declared.direction:
        refuse(f'the face only goes one way: "{declared.direction}"; take out this field or its only', field.where)
    if declared.writes and field.written and not any(_has_writer(choice) for choice in field.choices):
        names = ", ".join(choice.name for choice in field.choices)
        refuse(f'{names} has no writing half; write only = "read", or add a choice that can be written', field.where)


def _has_writer(choice: Choice) -> bool:
    return choice.codes is not None or (choice.cast is not None and choice.cast.write is not None)


def _check_one_place(field: Field, choice: Choice) -> None:
    kind = field.place.type
    if kind is not str:
        refuse(f"{field.place.text} is a {kind.__name__}: a code map gives a word, not that", choice.where)


def _check_lists(declared: Declared, field: Field) -> None:
    """[] on both sides, or a conversion that takes the list."""
    place = field.place
    for choice in field.choices:
        lists = choice.cast is not None and choice.cast.lists
        outside = any(at.listed for at in choice.at)
        if place.listed and not outside and not lists:
            refuse(
                f"{place.text} is a list: write [] in {choice.at[0].text} too, or a conversion of lists", choice.where
            )
        if place.inner:
            _check_inner(declared, field, choice)
        if place.many:
            refuse(f"{place.text} is a list; write {place.text}[]", field.where)
        if outside and not place.listed and not lists and choice.codes is None:
            text = choice.at[0].text
            refuse(f"{text} has [] and {place.text} has not; take one element, or a conversion of lists", choice.where)
        if outside and not place.listed and choice.codes is not None and declared.writes and field.written:
            refuse('a code map over a list is only read; write only = "read"', choice.where)


def _check_inner(declared: Declared, field: Field, choice: Choice) -> None:
    """A list within a field: a conversion of lists; from a list outside it can only be read."""
    if choice.cast is None or not choice.cast.lists:
        refuse(f"{field.place.text} ends in a list: name a conversion of lists", choice.where)
    within = any(step.every for at in choice.at for step in at.steps[at.listed if field.place.listed else 0 :])
    if declared.writes and field.written and within:
        text = choice.at[0].text
        refuse(f"{text} is a list within a list, which is only read; write it as one text (lines)", choice.where)


def _check_groups(declared: Declared) -> None:
    """All parts of a list of the record come from one list outside."""
    tops: dict[str, list[Field]] = {}
    for field in declared.fields:
        if field.place.listed:
            tops.setdefault(field.place.field, []).append(field)
    for name, fields in tops.items():
        prefix = group_prefix(fields)
        for field in fields:
            for choice in field.choices:
                at = choice.at[0]
                if prefix is not None and at.steps[: at.listed] != prefix:
                    refuse(f"the parts of {name}[] come from one list, and {at.text} is another", choice.where)


def _check_places(declared: Declared) -> None:
    """Two fields, constants or conditions that write one place. Conversions that only read do not count."""
    if not declared.writes:
        return
    fields = [
        (at, choice.where, field)
        for field in declared.fields
        if field.written
        for choice in field.choices
        if _has_writer(choice)
        for at in choice.at
    ]
    for number, (at, where, field) in enumerate(fields):
        for other, there, another in fields[:number]:
            if field is not another and overlap(at, other):
                text = f"{at.text} is also written by {another.place.text} ({there}); one of them must go"
                refuse(f"{text}, or selectors of the same part must tell them apart", where)
    constants = [(one.at, one.where) for one in declared.constants]
    constants += [(one.at, one.where) for one in declared.when if one.written]
    for number, (at, where) in enumerate(constants):
        for other, there in constants[:number]:
            if overlap(at, other):
                refuse(f"{at.text} is also written by {other.text} ({there}); one of them must go", where)


# the record, down to the leaf


def _check_leaves(declared: Declared) -> None:
    """Every leaf of the record is carried or omitted, and none is both."""
    carriers: dict[str, list[Field]] = {}
    for one in declared.fields:
        carriers.setdefault(one.place.field, []).append(one)
    for leaf in record_model.record_leaves(declared.record):
        field = _carrier(carriers.get(leaf.partition(".")[0].removesuffix("[]"), []), leaf)
        omission = next((one for one in declared.omit_ours if within(leaf, one.text)), None)
        if field is None and omission is None:
            text = f"{leaf} of {declared.record} is neither carried nor omitted; add it to [field], or to [omit.ours]"
            refuse(f"{text} with the reason", declared.where)
        if field is not None:
            _check_carried(field, leaf, omission)


def _carrier(fields: list[Field], leaf: str) -> Field | None:
    """The field that carries a leaf: the one with the longest path."""
    found = [field for field in fields if within(leaf, field.place.text)]
    return max(found, key=lambda field: len(field.place.parts), default=None)


def _check_carried(field: Field, leaf: str, omission: Omission | None) -> None:
    lost = _lost(field, leaf)
    if lost and omission is None:
        names = ", ".join(choice.name for choice in field.choices)
        refuse(f'{names} loses {leaf}; say so in [omit.ours]: "{leaf}" = "why"', field.where)
    if not lost and omission is not None:
        refuse(f"{leaf} is carried by {field.place.text} ({field.where}); take out this omission", omission.where)


def _lost(field: Field, leaf: str) -> bool:
    """Whether every choice that could carry the leaf loses it."""
    below = leaf.replace("[]", "")[len(field.place.text.replace("[]", "")) + 1 :]
    casts = [choice.cast for choice in field.choices if choice.cast]
    usable = [cast for cast in casts if not field.written or cast.write] or casts
    return bool(usable) and all(
        any(below == lost or below.startswith(lost + ".") for lost in cast.loses) for cast in usable
    )

"""Conversions between HL7 v2 data types and values: EI, CX, CE/CWE, XPN, XAD, dates, texts, numbers, Y/N.

The numbers in `parts` are components (HL7 v2.8.2, chapter 2A). HL7's null (two quotes) in a component is nothing.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from integrator.formats.hl7v2.times import parse_time
from integrator.mapping.casts import NOTHING, CannotHold, Cast, Wrong
from integrator.mapping.casts_given import HL7_GIVEN
from integrator.mapping.casts_time import HL7_TIMES
from integrator.mapping.state import State
from integrator.mapping.systems import code_system, code_system_name, universal, universal_parts
from integrator.mapping.tree_hl7 import NULL, text_of
from integrator.records.values import Address, Coding, Concept, Identifier, PersonName


def part(node: Any, name: str) -> Any:
    """A component of a node; a text is its own first component. Null is nothing."""
    if node.__class__ is str:
        found = node if name == "1" else None
    else:
        found = node.get(name) if node.__class__ is dict else None
    return None if found == NULL else found


def text(node: Any, name: str) -> str | None:
    """The trimmed text of a component; None where it is empty or null."""
    if node.__class__ is dict:
        found = node.get(name)
        if found is None:
            return None
        if found.__class__ is not str:
            found = text_of(found)
    elif name == "1" and node.__class__ is str:
        found = node
    else:
        return None
    found = found.strip()
    return found if found and found != NULL else None


def packed(parts: dict[str, Any]) -> Any:
    """A node of the parts that are there; a lone first part is a text. None where nothing is there."""
    there = {name: value for name, value in parts.items() if value}
    if set(there) == {"1"}:
        return there["1"]
    return there or None


def _read_text(nodes: list[Any], state: State) -> Any:
    found = text_of(nodes[0])
    return found if found.strip() else NOTHING


def _write_text(value: str, state: State) -> list[Any]:
    if not value.strip() or value == NULL:
        raise CannotHold("a text that HL7 v2 would read as nothing")
    return [value]


def _read_digits(nodes: list[Any], state: State) -> Any:
    found = text_of(nodes[0]).strip()
    return int(found) if re.fullmatch(r"[0-9]{1,9}", found) else NOTHING


def _write_digits(value: int, state: State) -> list[Any]:
    if value < 0:
        raise CannotHold("a number below zero")
    return [str(value)]


def _read_yes_no(nodes: list[Any], state: State) -> Any:
    return {"Y": True, "N": False}.get(text_of(nodes[0]).strip().upper(), NOTHING)


def _write_yes_no(value: bool, state: State) -> list[Any]:
    return ["Y" if value else "N"]


def _read_date(nodes: list[Any], state: State) -> Any:
    """A date, never padded: a time of day behind it is cut (PID-7 of newborns)."""
    found = text_of(nodes[0]).strip()
    try:
        stamp = parse_time(found)
    except ValueError:
        raise Wrong("a date that does not exist or is not written as HL7 says") from None
    length = {"year": 4, "month": 7}.get(stamp.precision, 10)
    return stamp.local.date().isoformat()[:length]


def _write_date(value: str, state: State) -> list[Any]:
    date(int(value[:4]), int(value[5:7] or 1), int(value[8:10] or 1))
    return [value.replace("-", "")]


# identifiers


def _system(namespace: str | None, identity: str | None, kind: str | None, state: State) -> str | None:
    """The URI that an HD names; without any HD, the source's namespace."""
    if identity is not None:
        return universal(identity, kind or "")
    if namespace is None and state.context.namespace:
        state.note("no assigner: the source's namespace")
        return state.context.namespace
    return None


def _skip(node: Any, parts: tuple[str, ...], state: State, *way: str) -> None:
    """Parts that make nothing here: an assigner of a type that gives no system, a label without its code."""
    for one in parts:
        if text(node, one):
            state.skip(*way, one)


def _hd(value: Identifier, state: State) -> dict[str, str | None]:
    """The parts of an HD from an Identifier; the source's own namespace is left out, as the source does."""
    if value.system is None or (value.system == state.context.namespace and not value.namespace):
        return {"1": value.namespace}
    identity, kind = universal_parts(value.system)
    return {"1": value.namespace, "2": identity, "3": kind}


def _read_ei(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    value = text(node, "1")
    if value is None:
        return NOTHING
    namespace = text(node, "2")
    system = _system(namespace, text(node, "3"), text(node, "4"), state)
    if system is None or text(node, "3") is None:
        _skip(node, ("3", "4"), state)
    return Identifier(value, system, namespace)


def _write_ei(value: Identifier, state: State) -> list[Any]:
    hd = _hd(value, state)
    return [packed({"1": value.value, "2": hd.get("1"), "3": hd.get("2"), "4": hd.get("3")})]


def _read_cx(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    value = text(node, "1")
    if value is None:
        return NOTHING
    hd = part(node, "4") or ""
    namespace = text(hd, "1")
    system = _system(namespace, text(hd, "2"), text(hd, "3"), state)
    if system is None or text(hd, "2") is None:
        _skip(hd, ("2", "3"), state, "4")
    return Identifier(value, system, namespace, text(node, "5"))


def _write_cx(value: Identifier, state: State) -> list[Any]:
    return [packed({"1": value.value, "4": packed(dict(_hd(value, state))), "5": value.type})]


# codes


def _read_coded(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    codings: tuple[Coding, ...] = ()
    words, label = text(node, "9"), None
    for name, display, system in (("1", "2", "3"), ("4", "5", "6")):
        if code := text(node, name):
            codings += (_coding(code, text(node, display), text(node, system)),)
            continue
        if words is None and label is None:
            label = text(node, display)  # a label without a code is its text, where no other code is there
            _skip(node, (system,), state)
        else:
            _skip(node, (display, system), state)
    if codings and label:
        _skip(node, tuple(one for code, one in (("1", "2"), ("4", "5")) if not text(node, code)), state)
        label = None
    return Concept(codings, words or label) if codings or words or label else NOTHING


def _coding(code: str, label: str | None, name: str | None) -> Coding:
    system = code_system(name) if name else None
    return Coding(code, system, label, name if system is None else None)


def _write_coded(value: Concept, state: State) -> list[Any]:
    if len(value.codings) > 2:
        raise CannotHold("more than two codings in a CE")
    parts: dict[str, Any] = {}
    for coding, (code, label, system) in zip(value.codings, (("1", "2", "3"), ("4", "5", "6")), strict=False):
        name = code_system_name(coding.system) if coding.system else coding.namespace
        parts |= {code: coding.code, label: coding.display, system: name}
    parts["9" if value.codings else "2"] = value.text
    return [packed(parts)]


# persons


def _read_xpn(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    given = tuple(name for one in ("2", "3") if (name := text(node, one)))
    family = text(part(node, "1") or "", "1")
    if family is None and not given:
        return NOTHING
    return PersonName(family, given, text(node, "5"), text(node, "4"))


def _write_xpn(value: PersonName, state: State) -> list[Any]:
    first, rest = value.given[:1], value.given[1:]
    if len(rest) > 1:
        raise CannotHold("more than two given names in an XPN")
    return [packed({"1": value.family, "2": "".join(first), "3": "".join(rest), "4": value.suffix, "5": value.prefix})]


def _read_xad(nodes: list[Any], state: State) -> Any:
    node = nodes[0]
    street = part(node, "1") or ""
    # XAD.1 is the whole line; some senders split it into house number and street (SAD.1 to SAD.3).
    whole = [one for n in ("1", "2", "3") if (one := text(street, n))]
    line = whole[0] if whole and all(one in whole[0] for one in whole) else " ".join(whole)
    lines = tuple(one for one in (line, text(node, "2")) if one)
    value = Address(lines, text(node, "3"), text(node, "4"), text(node, "5"), text(node, "6"))
    return value if value != Address() else NOTHING


def _write_xad(value: Address, state: State) -> list[Any]:
    if len(value.lines) > 2:
        raise CannotHold("more than two lines in an XAD")
    lines = (*value.lines, "", "")
    places = {"3": value.city, "4": value.state, "5": value.postal_code, "6": value.country}
    return [packed({"1": lines[0], "2": lines[1], **places})]


_EI = ("1", "2", "3", "4")
_CX = ("1", "4", "5")
_IN_CX = ("1", "4.1", "4.2", "4.3", "5")
_CE = ("1", "2", "3", "4", "5", "6", "9")
_CODINGS = {"codings[0]": ("1", "2", "3"), "codings[1]": ("4", "5", "6")}
_OF_CE = {
    f"{coding}.{leaf}": ((0, part_),)
    for coding, (code, label, name) in _CODINGS.items()
    for leaf, part_ in (("code", code), ("display", label), ("system", name), ("namespace", name))
} | {"text": ((0, "9"),)}
_XPN = {"family": "1.1", "given[0]": "2", "given[1]": "3", "suffix": "4", "prefix": "5"}
_OF_XPN = {leaf: ((0, part_),) for leaf, part_ in _XPN.items()}
_XAD = {"lines[1]": "2", "city": "3", "state": "4", "postal_code": "5", "country": "6"}
_OF_XAD = {"lines[0]": ((0, "1.1"), (0, "1.2"), (0, "1.3"))} | {leaf: ((0, part_),) for leaf, part_ in _XAD.items()}

HL7_CASTS = {
    cast.name: cast
    for cast in (
        *HL7_TIMES,
        *HL7_GIVEN,
        Cast("text", _read_text, _write_text),
        Cast("digits", _read_digits, _write_digits),
        Cast("yes-no", _read_yes_no, _write_yes_no),
        Cast("date", _read_date, _write_date),
        Cast(
            "ei",
            _read_ei,
            _write_ei,
            (_EI,),
            frozenset({"type"}),
            {"value": ((0, "1"),), "namespace": ((0, "2"),), "system": ((0, "2"), (0, "3"), (0, "4"))},
        ),
        Cast(
            "cx",
            _read_cx,
            _write_cx,
            (_CX,),
            frozenset(),
            {
                "value": ((0, "1"),),
                "namespace": ((0, "4.1"),),
                "system": ((0, "4.1"), (0, "4.2"), (0, "4.3")),
                "type": ((0, "5"),),
            },
            sees=(_IN_CX,),
        ),
        Cast("coded", _read_coded, _write_coded, (_CE,), sources=_OF_CE),
        Cast("xpn", _read_xpn, _write_xpn, (("1.1", "2", "3", "4", "5"),), sources=_OF_XPN),
        Cast("xad", _read_xad, _write_xad, (("1.1", "1.2", "1.3", "2", "3", "4", "5", "6"),), sources=_OF_XAD),
    )
}

# Without `as`, the type of the record's value decides.
HL7_DEFAULTS = {
    "str": "text",
    "int": "digits",
    "bool": "yes-no",
    "datetime": "ts",
    "Period": "period",
    "When": "when",
    "Identifier": "ei",
    "Concept": "coded",
    "PersonName": "xpn",
    "Address": "xad",
}

"""Records as JSON and back, by the types of their fields; the one spelling that the store and digests use."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any

from integrator.records import KINDS, Said


def to_json(kind: str, said: Said) -> dict[str, Any]:
    """The said fields as JSON values; instants as ISO 8601 with their offset."""
    return {name: _out(value) for name, value in said.items()}


def from_json(kind: str, data: dict[str, Any]) -> Said:
    """The inverse of `to_json`."""
    hints = _hints(KINDS[kind])
    return {name: _in(hints[name], value) for name, value in data.items()}


def _out(value: Any) -> Any:
    if names := _names(value.__class__):
        parts = ((name, getattr(value, name)) for name in names)
        return {name: _out(part) for name, part in parts if part is not None and part != ()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_out(part) for part in value]
    return value


@cache
def _names(model: type) -> tuple[str, ...]:
    """The fields of a dataclass; none of any other type."""
    return tuple(one.name for one in fields(model)) if is_dataclass(model) else ()


@cache
def _hints(model: type) -> dict[str, Any]:
    return typing.get_type_hints(model)


def _in(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return tuple(_in(inner, part) for part in value)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        return hint(**{name: _in(hints[name], part) for name, part in value.items()})
    if hint is datetime:
        return datetime.fromisoformat(value)
    return value

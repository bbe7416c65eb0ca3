"""Records as JSON and back, by the types of their fields; the one spelling that the store and digests use."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any

from integrator.records import KINDS, Said


def to_json(kind: str, said: Said) -> dict[str, Any]:
    """The said fields as JSON values; instants as ISO 8601 with their offset."""
    return {name: _writer(value.__class__)(value) for name, value in said.items()}


def from_json(kind: str, data: dict[str, Any]) -> Said:
    """The inverse of `to_json`."""
    readers = _readers(KINDS[kind])
    return {name: None if value is None else readers[name](value) for name, value in data.items()}


Convert = Callable[[Any], Any]


@cache
def _writer(model: type) -> Convert:
    """How values of a type are written."""
    if is_dataclass(model):
        names = tuple(one.name for one in fields(model))

        def write(value: Any) -> dict[str, Any]:
            parts = ((name, getattr(value, name)) for name in names)
            return {name: _writer(part.__class__)(part) for name, part in parts if part is not None and part != ()}

        return write
    if issubclass(model, datetime):
        return datetime.isoformat
    if issubclass(model, tuple | list):
        return lambda value: [_writer(part.__class__)(part) for part in value]
    return _as_is


@cache
def _readers(model: type) -> dict[str, Convert]:
    """How the fields of a record, or of a part of one, are read."""
    return {name: _reader(hint) for name, hint in typing.get_type_hints(model).items()}


def _reader(hint: Any) -> Convert:
    """How a value of this type is read; it is not None."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    if typing.get_origin(hint) is tuple:
        inner = _reader(typing.get_args(hint)[0])
        return lambda value: tuple([None if part is None else inner(part) for part in value])
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: _made(hint, value)
    return datetime.fromisoformat if hint is datetime else _as_is


def _made(model: Any, data: dict[str, Any]) -> Any:
    readers = _readers(model)
    return model(**{name: None if part is None else readers[name](part) for name, part in data.items()})


def _as_is(value: Any) -> Any:
    return value

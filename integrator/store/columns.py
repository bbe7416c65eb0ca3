"""The column types of the store: instants, JSON documents and numbers that the database gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# SQLite gives numbers by itself only to a column declared exactly INTEGER
Serial = BigInteger().with_variant(Integer(), "sqlite")


def micros(at: datetime) -> int:
    """An aware datetime as microseconds since 1970 in UTC; a naive one is a TypeError."""
    return (at - EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """The inverse of `micros`, in UTC."""
    return EPOCH + timedelta(microseconds=at)


class Instant(TypeDecorator[datetime]):
    """A point in time, stored as BIGINT microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else instant(value)


class Json(TypeDecorator[Any]):
    """A JSON document, stored as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)

"""What a program asks: the parameters of a list, the body of an entry, the version that it has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from flask import request
from marshmallow import Schema, ValidationError

from integrator.entering import NotValid
from integrator.records.schemas import Problem, told
from integrator.records.texts import Unclear, not_one_of, read_moment
from integrator.records.values import When
from integrator.web.api.answers import wrong

LIMIT, LONGEST = 50, 500  # rows of a page
LONGEST_KEY = 200  # characters of an Idempotency-Key

Words = Mapping[str, tuple[str, ...]]  # parameter -> the words that it may be; () for any text


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a list. `until` is exclusive."""

    limit: int = LIMIT
    after: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: dict[str, str] = field(default_factory=dict)

    def word(self, name: str) -> str | None:
        """What a parameter says; None: it is not there."""
        return self.words.get(name)

    def number(self) -> int | None:
        """`after` where it is the number of a row."""
        if self.after is None:
            return None
        if not self.after.isascii() or not self.after.isdigit() or len(self.after) > 18:
            wrong(422, "after is what `next` of the page before said", "after")
        return int(self.after)


def query(words: Words, zone: str, times: bool = False) -> Query:
    """The parameters of the request. Ends it with every one that is unknown or cannot be read."""
    known = ["limit", "after", *words, *(("from", "to") if times else ())]
    problems: list[Problem] = []
    for name in request.args:
        if name not in known:
            choice = not_one_of("a parameter", name, tuple(known))
            problems.append(Problem(name, f"there is no such parameter; {choice}"))
        elif len(request.args.getlist(name)) > 1:
            problems.append(Problem(name, "say it once"))
        elif words.get(name) and request.args[name] not in words[name]:
            problems.append(Problem(name, not_one_of(name, request.args[name], words[name])))
    since, until = _times(zone, problems) if times else (None, None)
    limit = _limit(problems)
    if problems:
        raise NotValid(problems=problems)
    said = {name: request.args[name] for name in words if name in request.args}
    return Query(limit, request.args.get("after"), since, until, said)


def _limit(problems: list[Problem]) -> int:
    text = request.args.get("limit", str(LIMIT))
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= LONGEST:
        return int(text)
    problems.append(Problem("limit", f"a whole number from 1 to {LONGEST}"))
    return LIMIT


def _times(zone: str, problems: list[Problem]) -> tuple[datetime | None, datetime | None]:
    """`from` and `to`; a day is meant whole."""
    found: list[datetime | None] = []
    for name, more in (("from", 0), ("to", 1)):
        text = request.args.get(name)
        try:
            when = read_moment(text, zone) if text else None
        except Unclear as unclear:
            problems.append(Problem(name, str(unclear)))
            when = None
        try:
            found.append(_instant(when, zone, more) if when else None)
        except OverflowError:
            problems.append(Problem(name, f"{text} is outside every calendar"))
            found.append(None)
    return found[0], found[1]


def _instant(when: When, zone: str, more: int) -> datetime | None:
    """The instant that a parameter means; of a day its beginning, that many days later."""
    if when.day:
        day = datetime.fromisoformat(when.day).replace(tzinfo=ZoneInfo(zone))
        return (day + timedelta(days=more)).astimezone(UTC)
    return when.start.astimezone(UTC) if when.start else None


def body() -> dict[str, Any]:
    """The object in the body of the request."""
    if not request.is_json:
        wrong(415, "send the body as Content-Type: application/json")
    try:
        found = orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError as unread:
        wrong(400, f"the body is no JSON (line {unread.lineno}, column {unread.colno})")
    if not isinstance(found, dict):
        wrong(400, "the body is an object with the fields of the entry")
    return found


def load(schema: Schema, part: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """A part of an entry by its schema, and what is wrong with it."""
    try:
        return schema.load(part), []
    except ValidationError as found:
        return {}, list(told(found.messages, schema))


def seen(version: int) -> None:
    """Ends a change of a record whose present version the program has not seen."""
    if not request.if_match:
        text = f'send If-Match with the version that you have seen; the present one is "{version}"'
        wrong(428, text, version=version, headers={"ETag": f'"{version}"'})
    if not request.if_match.contains(str(version)):
        text = f'the record has changed meanwhile: its version is "{version}"; read it again, then change it'
        wrong(412, text, version=version, headers={"ETag": f'"{version}"'})


def idempotency_key() -> str:
    """The program's own name of this request; empty: it has none."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY or not key.isprintable():
        wrong(400, f"an Idempotency-Key has at most {LONGEST_KEY} characters that can be shown")
    return key

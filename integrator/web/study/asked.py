"""When a registry was last asked and whether it answered, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from integrator.config import Source
from integrator.watching import Seen
from integrator.web.today.days import ago

MISSED = 3  # looks that may be missed before the page calls the registry silent


@dataclass(frozen=True)
class Asked:
    """One registry: `look` is ok, still (not asked yet) or amber."""

    look: str
    lines: list[str]
    record: str  # the registry's own page of the study; empty where it is not known


def asked(source: Source, seen: Seen, now: datetime) -> Asked:
    """What is to be said of one registry."""
    name, zone = f"The registry {source.system}", ZoneInfo(source.zone)
    today = now.astimezone(zone).date()

    def when(text: str) -> str:
        return ago(datetime.fromisoformat(text), today, zone)

    record = _record(source)
    if not seen.looked:
        return Asked("still", [f"{name} was not asked yet; it is asked every {_every(source.every)}."], record)
    if seen.answered != seen.looked:
        since = f"since {when(seen.answered)}" if seen.answered else "ever"
        lines = [
            f"{name} was asked at {when(seen.looked)} and gave no record: {_plain(seen.outcome)}.",
            f"No answer {since}. What it said before stands; it is asked every {_every(source.every)}.",
        ]
        return Asked("amber", lines, record)
    text = f"{name} answered {when(seen.answered)}: {_plain(seen.outcome)}"
    data = f" (its data of {seen.data})." if seen.data else "."
    if now - datetime.fromisoformat(seen.looked) > timedelta(seconds=MISSED * source.every):
        late = f"It should be asked every {_every(source.every)}; no process with the role schedule does."
        return Asked("amber", [text + data, late], record)
    return Asked("ok", [text + data], record)


def _plain(outcome: str) -> str:
    return outcome.rstrip(".")


def _every(seconds: int) -> str:
    for length, one, many in ((86_400, "day", "days"), (3600, "hour", "hours"), (60, "minute", "minutes")):
        if seconds >= length and seconds % length == 0:
            n = seconds // length
            return one if n == 1 else f"{n} {many}"
    return "second" if seconds == 1 else f"{seconds} seconds"


def _record(source: Source) -> str:
    """The page for people, where the registry's API stands beside it as API v2 does."""
    site, found, rest = source.base.partition("/api/v2")
    return f"{site}/study/{source.nct}" if found and not rest.strip("/") and site.startswith("https://") else ""

"""Whether the page is in step: when each source was last heard, and which targets have not taken what they are owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrator.store.today import Stuck
from integrator.web.today.days import ago
from integrator.web.today.sentences import Voice, counted, listed


@dataclass(frozen=True, slots=True)
class Feed:
    """A source as the page watches it; `silent_after` None: it may be silent for as long as it likes."""

    source: str  # name of the [[source]] block
    silent_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """The line in the page's head; `amber` says in a line each what is wrong and what still holds."""

    look: str  # ok, still (nothing heard yet), amber
    lines: tuple[str, ...]

    @property
    def sign(self) -> str:
        """Green and a check only where somebody was heard and nobody is late."""
        return "check" if self.look == "ok" else "clock"


def live_of(
    now: datetime, heard: Mapping[str, datetime], stuck: list[Stuck], feeds: tuple[Feed, ...], voice: Voice
) -> Live:
    """In step with all sources and targets, or who is not and since when."""
    wrong = [*_silent(now, heard, feeds, voice), *_behind(stuck, voice)]
    if wrong:
        return Live("amber", tuple(wrong))
    names = [feed.source for feed in feeds] or sorted(heard)
    last = {name: ago(heard[name], voice.today, voice.zone) if name in heard else "nothing yet" for name in names}
    if not heard.keys() & set(names):
        return Live("still", ("No message has come yet. The page follows by itself.",))
    if len(last) == 1:
        told = f"{voice.title(names[0])}: last message {last[names[0]]}"
    else:
        told = listed(f"{voice.title(name)} ({at})" for name, at in last.items())
    return Live("ok", (f"In step with {told}. The page follows by itself.",))


def _silent(now: datetime, heard: Mapping[str, datetime], feeds: tuple[Feed, ...], voice: Voice) -> list[str]:
    told = []
    for feed in feeds:
        at = heard.get(feed.source)
        if at and feed.silent_after and now - at > feed.silent_after:
            since = ago(at, voice.today, voice.zone)
            told.append(f"{voice.title(feed.source)} has been silent since {since}; dates on this page may be old.")
    return told


def _behind(stuck: list[Stuck], voice: Voice) -> list[str]:
    return [
        f"{voice.title(behind.target)} has not taken {counted(behind.count, 'change', 'changes')} since "
        f"{ago(behind.since, voice.today, voice.zone)}; we try again by ourselves."
        for behind in stuck
        if behind.state == "owed"
    ]

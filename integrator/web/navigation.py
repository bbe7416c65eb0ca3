"""Where one can go: the pages that this application has, in their order, and the address of a participant."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, url_for

# endpoint, word, sign; a page whose blueprint is not there is left out
PAGES = (
    ("today.page", "Today", "day"),
    ("participant.everyone", "Participants", "people"),
    ("study.page", "Study", "list"),
)


@dataclass(frozen=True)
class Place:
    """One page of the navigation; `here`: the reader is on it or on a page under it."""

    address: str
    word: str
    sign: str
    here: bool


def current_pages() -> list[Place]:
    """The pages to go to."""
    return [
        Place(url_for(endpoint), word, sign, request.blueprint == endpoint.partition(".")[0])
        for endpoint, word, sign in PAGES
        if endpoint in current_app.view_functions
    ]


def participant_address(subject: str) -> str | None:
    """Where the page of a participant is; None: this application has none."""
    there = "participant.page" in current_app.view_functions
    return url_for("participant.page", subject=subject) if there else None

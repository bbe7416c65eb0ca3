"""The pieces of a picture: rectangles, lines, texts and links, with classes and no style of their own; pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import escape


def link(leads: str, name: str, drawn: Sequence[str], chosen: bool) -> str:
    """One stop of the picture; only the chosen one is reached by Tab, the others by arrow keys."""
    state = ' tabindex="0" aria-current="true"' if chosen else ' tabindex="-1"'
    return f'<a href="{escape(leads)}"{state} aria-label="{escape(name)}">{"".join(drawn)}</a>'


def rect(kind: str, x: float, y: float, width: float, height: float, round_: float = 0) -> str:
    rounded = f' rx="{round_:g}"' if round_ else ""
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"{rounded}/>'


def line(kind: str, x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<path class="{kind}" d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"/>'


def text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'

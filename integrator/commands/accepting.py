"""integrator mappings accept: puts other mapping files to use, and reads again what they read differently."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from integrator.app import open_line
from integrator.commands.asking import at_work, config_option, settings_of
from integrator.commands.face_changes import FILES, changed_faces, place_of, short
from integrator.commands.printing import json_option, print_json
from integrator.control import NAME, ask
from integrator.errors import Rejected

Json = dict[str, Any]


@click.command()
@click.argument("new", metavar="NEW", default=FILES)
@click.option("--hash", "digest", default="", help="How the hash must begin that `mappings diff` named as new.")
@click.option("--who", default="command line", show_default=True, help="Who accepts them; kept in the journal.")
@click.option("--reason", required=True, help="Why; kept in the journal.")
@click.option("--anew", is_flag=True, help="The accepted mappings cannot be loaded: take the files, read all again.")
@config_option
@json_option
def accept(new: str, digest: str, who: str, reason: str, anew: bool, config: Path, as_json: bool) -> None:
    """Puts mapping files to use: NEW is `files` (those of the folder in use, also when left out), a folder, or
    kept:HASH for a set that was in use before, which is how one goes back.

    What they read or write differently is then read again and owed again; see it first with `mappings diff`.

    Example: integrator mappings accept --hash 4f1d2a --reason "new service codes"
    """
    settings = settings_of(config)
    if anew:
        if ask(settings.folder / NAME, "counts") is not None:
            raise Rejected("--anew is for when serve does not start; here it runs")
        with open_line(settings, anew=True):
            pass
    with at_work(settings) as do:
        done = do("mappings accept", new=place_of(new), hash=digest, actor=who, reason=reason)
        if not as_json:
            click.echo(f"{'in use' if done['hash'] != done['before'] else 'in use as before'}: {done['hash']}")
            for line in changed_faces(done["faces"], whole=True):
                click.echo(line)
        again = go_on(do, who)
    if as_json:
        print_json(done | {"again": again})
        return
    click.echo(
        f"{again['messages']} of {again['looked']} messages are read again, {again['changed']} changes of records, "
        f"{again['owed']} records are told anew for they are written differently."
    )
    if again["unspoken"]:
        click.echo(f"{again['unspoken']} records of which no message speaks any more: each is a question.")
    if done["hash"] != done["before"]:
        click.echo(f"Back: integrator mappings accept kept:{short(done['before'])} --reason ...")


def go_on(do: Callable[..., Any], who: str) -> Json:
    """Reads again until all is, with a bar on a terminal and a line a minute elsewhere."""
    with _progress() as tick:
        while True:
            found: Json = do("mappings continue", actor=who)
            tick(found["looked"], found["of"])
            if found["finished"]:
                return found


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    if not sys.stderr.isatty():
        last = time.monotonic()

        def tick(looked: int, of: int) -> None:
            nonlocal last
            if time.monotonic() - last > 60:
                last = time.monotonic()
                click.echo(f"{looked} of {of} messages looked at", err=True)

        yield tick
        return
    columns = (BarColumn(), TextColumn("{task.completed} of {task.total} messages"))
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task("again", total=None)
        yield lambda looked, of: bar.update(task, completed=looked, total=of)

"""integrator import: a table of exercise sessions or observations, row by row, with a preview."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from integrator.app import clock_of
from integrator.commands.asking import at_work, config_option, faces_in_use, settings_of
from integrator.commands.printing import json_option, print_json
from integrator.errors import Rejected
from integrator.formats.delimited import Table
from integrator.formats.rows import Rows
from integrator.importing import KINDS, WATCHED, Importing, as_of, known_participants
from integrator.records.texts import Unclear

AT_ONCE = 40  # messages in one transaction
SHOWN = 100  # wrong rows that are printed


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(sorted(KINDS)), required=True, help="What the rows are.")
@click.option("--as-of", "at", default="", help="When the table was true; left out: when the file was last changed.")
@click.option("--preview", is_flag=True, help="Say row by row what is wrong; store nothing.")
@click.option("--encoding", default="utf-8", show_default=True, help="cp1252 for old files of Windows.")
@click.option("--decimal", type=click.Choice(["point", "comma"]), default="point", show_default=True)
@click.option("--site", default="", help="A folder of mappings/sites that knows other columns.")
@config_option
@json_option
def import_(
    file: Path,
    kind: str,
    at: str,
    preview: bool,
    encoding: str,
    decimal: str,
    site: str,
    config: Path,
    as_json: bool,
) -> None:
    """Imports a table. Wrong rows are told and left out; mended, the file is imported again: nothing is stored twice.

    Example: integrator import scores.csv --kind observations --as-of "2026-03-13 17:00" --preview
    """
    settings = settings_of(config)
    zone, now = settings.integrator.zone, clock_of(settings).now()
    try:
        when = as_of(at, zone, now) if at else datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
    except Unclear as wrong:
        raise Rejected(f"--as-of: {wrong}") from None
    with at_work(settings) as do, file.open("rb") as stream:
        face = faces_in_use(settings, do).get(KINDS[kind], site or None)
        people = known_participants(do("participant list"), zone, now)
        run = Importing(_table(stream, encoding), face, people, settings.study.nct, decimal == "comma", site)
        stored, known = 0, 0
        with _progress(file.stat().st_size, stream) as tick:
            for batch in _batches(run):
                tick(run.rows)
                if not preview:
                    done = do("import rows", parts=[_part(one) for one in batch], at=when.isoformat())
                    stored, known = stored + done["stored"], known + done["known"]
        if not preview and run.right:
            do("import done", kind=kind, rows=run.rows, wrong=run.left_out, at=when.isoformat(), stored=stored)
    _tell(run, preview, when, stored, known, as_json)
    sys.exit(1 if run.wrong else 0)


def _table(stream: BinaryIO, encoding: str) -> Table:
    try:
        "".encode(encoding)
    except LookupError:
        raise Rejected(f"there is no encoding {encoding!r}; write utf-8 or cp1252") from None
    return Table(stream, encoding)


def _batches(run: Importing) -> Iterator[list[Rows]]:
    parts = run.parts()
    while batch := list(islice(parts, AT_ONCE)):
        yield batch


def _part(rows: Rows) -> dict[str, Any]:
    return {name: getattr(rows, name) for name in rows.__match_args__}


def _tell(run: Importing, preview: bool, when: datetime, stored: int, known: int, as_json: bool) -> None:
    """What was found, and what became of it."""
    wrong, unread = run.left_out, run.unread()
    if as_json:
        told = [{"line": one.line, "field": one.field, "text": one.text} for one in run.wrong]
        counts = {"rows": run.rows, "right": run.right, "wrong": wrong, "messages": stored, "known": known}
        print_json(
            {
                **counts,
                "as_of": when.isoformat(),
                "preview": preview,
                "watched": run.watched,
                "unread": unread,
                "problems": told,
            }
        )
        return
    for one in run.wrong[:SHOWN]:
        click.echo(str(one))
    if len(run.wrong) > SHOWN:
        click.echo(f"... and {len(run.wrong) - SHOWN} more; --json tells all of them.")
    if not run.watched:
        click.echo(f"Two rows of one record are found among the first {WATCHED:,} only; of later ones the last counts.")
    if unread:
        click.echo(f"These columns are not read: {', '.join(unread)}.")
    are = f"{run.rows} rows, as of {when:%Y-%m-%d %H:%M %Z}: {run.right} are right, {wrong} are wrong"
    if preview:
        click.echo(f"{are}. Nothing was stored.")
        return
    again = f", {known} messages were there already" if known else ""
    click.echo(f"{are} and left out; stored as {stored} messages{again}.")


@contextmanager
def _progress(size: int, stream: BinaryIO) -> Iterator[Callable[[int], None]]:
    """How far the file is read: a bar on a terminal, one line a minute elsewhere."""
    if not sys.stderr.isatty():
        last = time.monotonic()

        def tick(rows: int) -> None:
            nonlocal last
            if time.monotonic() - last > 60:
                last = time.monotonic()
                click.echo(f"{rows} rows, {100 * stream.tell() // max(1, size)} % of the file", err=True)

        yield tick
        return
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.fields[rows]} rows"))
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        task = bar.add_task("import", total=max(1, size), rows=0)
        yield lambda rows: bar.update(task, completed=stream.tell(), rows=rows)

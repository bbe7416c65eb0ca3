"""integrator mappings diff: what other mapping files would change in what came in so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from integrator.arrival import source_time
from integrator.clock import Clock
from integrator.commands.asking import config_option, do, settings_of
from integrator.commands.faces import charset_option, site_option, source_of, zone_option
from integrator.commands.inputs import documents
from integrator.commands.printing import json_option, print_json
from integrator.comparing import Compared, RecordChange, sentences, summed
from integrator.config import Source
from integrator.errors import Held
from integrator.formats.hl7v2 import glimpse
from integrator.mapping.load import mappings_folder
from integrator.mapping.sets import FaceSet, set_in
from integrator.merge import Claim, Origin, fold, take
from integrator.reading import Read, read

CURRENT, FILES, KEPT = "current", "files", "kept:"  # what is in use; what the files make; what was in use once
AHEAD = timedelta(minutes=5)


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--since", default="", help="Only messages of the last days or hours: 30d, 12h.")
@click.option(
    "--over",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Compare over the messages in the files of this folder instead; no store is opened.",
)
@site_option
@zone_option
@charset_option
@config_option
@json_option
def diff(
    old: str,
    new: str,
    since: str,
    over: Path | None,
    site: str,
    zone: str,
    charset: str,
    config: Path,
    as_json: bool,
) -> None:
    """Reads the stored messages with two sets of mapping files and says what would change, summed up and record by
    record. Nothing is changed, and nothing is owed to anybody.

    OLD and NEW are folders, or `current` (in use), `files` (as the folder in use is now), kept:HASH (in use once).
    --site, --zone and --charset describe the sender of the files of --over; stored messages know theirs.

    Example: integrator mappings diff current files --since 30d
    """
    if over is None:
        found = do(settings_of(config), "mappings diff", old=place_of(old), new=place_of(new), since=since)
    elif since:
        raise click.UsageError("--since is for stored messages; with --over all files of the folder are read")
    else:
        found = over_files(over, named(old), named(new), source_of(site, zone, charset))
    tell(found, as_json)


def place_of(name: str) -> str:
    """What is meant, for whoever runs in another folder than this command: the words, or an absolute path."""
    return name if name in (CURRENT, FILES) or name.startswith(KEPT) else str(Path(name).resolve())


def named(name: str) -> FaceSet:
    """The set of a folder, or where no store is opened the program's own."""
    if name.startswith(KEPT):
        raise click.UsageError("with --over no store is opened, so kept: is not known; name a folder")
    return set_in(mappings_folder() if name in (CURRENT, FILES) else Path(name))


def tell(found: dict[str, Any], as_json: bool) -> None:
    """Prints a comparison."""
    if as_json:
        print_json(found)
        return
    click.echo(f"old {short(found['old'])}, new {short(found['new'])}")
    for line in (*changed_faces(found["faces"]), *sentences(found)):
        click.echo(line)


def changed_faces(faces: list[dict[str, Any]], whole: bool = False) -> Iterator[str]:
    """A line for each face that is another, with its hashes."""
    for one in faces:
        site = f" at {one['site']}" if one["site"] else ""
        after = one["after"] if whole and one["after"] else short(one["after"])
        yield f"  {one['name']}{site}: {short(one['before'])} -> {after}"


def short(digest: str | None) -> str:
    """A hash as people compare it."""
    return digest[:12] if digest else "none"


def over_files(folder: Path, before: FaceSet, after: FaceSet, source: Source) -> dict[str, Any]:
    """The comparison over the files of a folder: what each set makes of all of them, latest word first."""
    compared, sides = Compared(), (Made(), Made())
    now = Clock().now()
    for number, (name, kind, data) in enumerate(_documents(folder), start=1):
        said = [_read(data, source, one, kind) for one in (before, after)]
        compared.add(name, *said)
        for side, one in zip(sides, said, strict=True):
            side.take(one, _said_at(data, kind, source, now), number)
    old, new = (side.records() for side in sides)
    changes = [RecordChange(*key, old.get(key), new.get(key)) for key in compared.touched]
    differing = [one for one in changes if one.differs]
    return summed(compared, differing, before, after, persons=True)


def _documents(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Name, format and bytes of every message in the files below a folder; what is none of both is left out."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if re.search(rb"(^|[\r\n\x0b])MSH", data) or (data.lstrip()[:1] == b"{" and b'"protocolSection"' in data):
            for number, (kind, one) in enumerate(documents(data), start=1):
                yield f"{path.relative_to(folder)}[{number}]", kind, one


def _read(data: bytes, source: Source, faces: FaceSet, kind: str) -> Read | Held:
    try:
        return read(data, source, faces.faces, kind)
    except Held as held:
        return held


def _said_at(data: bytes, kind: str, source: Source, now: datetime) -> datetime:
    return source_time(glimpse(data), source, now, AHEAD)[0] if kind == "hl7v2" else now


class Made:
    """The records that one set of faces makes of messages, folded without owners: the latest word of a field counts."""

    def __init__(self) -> None:
        self.claims: dict[tuple[str, str], dict[str, tuple[Claim, ...]]] = {}

    def take(self, said: Read | Held, at: datetime, number: int) -> None:
        """Takes in what a message says."""
        for one in said.records if isinstance(said, Read) else ():
            origin = Origin("file", at, number, said.trigger if isinstance(said, Read) else None)
            key = (one.kind, one.key)
            self.claims[key] = take(self.claims.get(key, {}), one.said, origin, one.kind)

    def records(self) -> dict[tuple[str, str], Any]:
        """What the records show."""
        return {key: fold(key[0], claims, lambda field: None).said for key, claims in self.claims.items()}

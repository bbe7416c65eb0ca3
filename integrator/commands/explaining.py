"""integrator explain: why a value is what it is, in a file, in a record, in a target's resource; why a message is held.

What is said here is the text; the facts are integrator/why and integrator/mapping/explain.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from integrator.commands.asking import config_option, do, settings_of
from integrator.commands.faces import charset_option, site_option, source_of, zone_option
from integrator.commands.inputs import documents, mappings_option
from integrator.commands.printing import json_option, print_json
from integrator.config import Source
from integrator.errors import Held
from integrator.mapping import explain, load_faces
from integrator.mapping.explain import from_lines, in_words
from integrator.reading import context_of

Json = dict[str, Any]


@click.command("explain")
@click.argument("what", nargs=-1)
@click.option("--path", default="", help="A leaf: Appointment.start, a record's time.start, or a place, SCH-25.")
@click.option("--target", default="", help="WHAT is a resource of this target: Appointment/123.")
@click.option("--message", default=0, help="A stored message, by its receipt number: why it is held.")
@site_option
@zone_option
@charset_option
@mappings_option
@config_option
@json_option
def explain_(
    what: tuple[str, ...],
    path: str,
    target: str,
    message: int,
    site: str,
    zone: str,
    charset: str,
    config: Path,
    as_json: bool,
    root: Path | None,
) -> None:
    """Says why a value is what it is. WHAT is a file, a record (kind and key, an appointment's number, a subject code)
    or, with --target, a resource.

    Of a file it needs --path, and no store. Of a record it shows every field with the claims that won and lost; the
    bytes of messages only with --path.

    \b
    Example: integrator explain message.hl7 --path Appointment.start --zone Europe/Berlin
             integrator explain F-1 --path time
             integrator explain --target ehr Appointment/123
             integrator explain --message 4711
    """
    named = " ".join(what)
    if bool(message) == bool(named):
        raise click.UsageError("write one of: a file, a record, --target NAME and its resource, --message N")
    if message:
        found, lines = do(settings_of(config), "explain message", message=message), message_lines
    elif target:
        found, lines = do(settings_of(config), "explain target", target=target, resource=named, leaf=path), target_lines
    elif len(what) == 1 and Path(named).is_file():
        _file(Path(named), path, source_of(site, zone, charset), root, as_json)
        return
    else:
        found, lines = do(settings_of(config), "explain record", record=named, leaf=path), record_lines
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(lines(found)))
    sys.exit(1 if message and found["state"] == "held" else 0)


def _file(file: Path, path: str, source: Source, root: Path | None, as_json: bool) -> None:
    if not path:
        raise click.UsageError("of a file say which leaf: --path Appointment.start, time.start or SCH-25")
    faces = load_faces(root)
    context = replace(context_of(source), charset=source.charset)
    try:
        found = [
            explain(data, path, faces, context, site=source.site or None) for _, data in documents(file.read_bytes())
        ]
    except Held as held:
        click.echo(f"held: {held.whole()}", err=True)
        sys.exit(1)
    if as_json:
        print_json([one.json() for one in found])
    else:
        click.echo("\n\n".join(one.text() for one in found))


def record_lines(found: Json) -> Iterator[str]:
    """A record as a person reads it; with a path also what its messages say there, byte by byte."""
    whose = f" of {found['subject']}" if found["subject"] else ""
    yield f"{found['kind']} {found['key']}{whose}, version {found['version']}"
    for field in found["fields"]:
        yield ""
        yield from field_lines(field, whole=bool(found["path"]))
    if not found["path"]:
        yield from ("", "With --path FIELD: the places, bytes and lines of faces of one field.")


def field_lines(field: Json, whole: bool) -> Iterator[str]:
    """One field: its value, what it is folded from, its claims; not `whole`: those that say otherwise in a line."""
    yield f"{field['field']} = {in_words(field['value']) if field['said'] else '(nobody says it)'}"
    if folded := field["folded"]:
        yield f"  folded: {folded['rule']}"
        for part in folded["from"]:
            yield f"    {part['kind']} {part['key']}: {part['field']} = {in_words(part['value'])}"
    same = [one for one in field["claims"] if one["outcome"] != "won" and one["value"] == field["value"]]
    for claim in field["claims"]:
        if whole or claim not in same:
            yield from _claim_lines(claim, whole)
    if same and not whole:
        yield f"  the same in message {', '.join(str(one['receipt']) for one in same)}"


def _claim_lines(claim: Json, whole: bool) -> Iterator[str]:
    said = "" if claim["outcome"] == "won" else f"{in_words(claim['value'])}, "
    trigger = f", {claim['trigger']}" if claim["trigger"] else ""
    yield f"  {claim['outcome']}: {said}{claim['system']} at {claim['source_time']}{trigger}: {claim['reason']}"
    message, then, now = claim["message"], claim["then"], claim["now"]
    if message is None:
        yield f"    message {claim['receipt']} is not kept"
        return
    marked = f" ({message['source_time_note']})" if message["source_time_note"] else ""
    kind = "entered by a person or program" if claim["kind"] == "person" else message["type"]
    sent = f"{message['source']}, {kind}, control id {message['control_id']}{marked}"
    yield f"    message {message['receipt']} from {sent}"
    if then is not None:
        yield f"    then: {_by(then)}: {in_words(then['value'])}"
        yield from (f"      {line}" for leaf in then["leaves"] for line in _leaf_lines(leaf) if whole)
        yield f"    now: {_by(now)}: {in_words(now['value']) if now['says'] else now['trouble'] or 'says nothing'}"
    elif now["trouble"]:
        yield f"    {now['trouble']}"
    yield from (f"    {line}" for leaf in now["leaves"] for line in _leaf_lines(leaf) if whole)


def _by(read: Json) -> str:
    face = f"{read['face']} {read['hash'][:12]}, " if read["face"] else ""
    return f"{face}release {read['release']}"


def _leaf_lines(leaf: Json) -> Iterator[str]:
    yield f"{leaf['record']} = {in_words(leaf['value'])} ({leaf['kind']})"
    yield from (f"  {line}" for line in from_lines(leaf))


def target_lines(found: Json) -> Iterator[str]:
    """A target's resource as a person reads it."""
    record = found["record"]
    named = f"{record['kind']} {record['key']}"
    yield f"{found['resource']} at {found['target']} is {named}; agreed at {found['agreed_at']}"
    state = found["state"] + (f": {found['reason']}" if found["reason"] else "")
    yield f"it is {state}" + ("" if found["same"] else "; what we would write now is not what they confirmed then")
    if found["waits"]:
        yield f"now it would wait for {found['waits']}"
    for leaf in found["leaves"]:
        yield f"{leaf['leaf']} = {in_words(leaf['value'] if leaf['kind'] else leaf['held'])}"
        if leaf["kind"]:
            yield from _target_leaf(leaf)
        else:
            yield "  the target's own"
    yield from ("", "The record:") if record["fields"] else ()
    for field in record["fields"]:
        yield from field_lines(field, whole=bool(found["path"]))


def _target_leaf(leaf: Json) -> Iterator[str]:
    yield f"  {leaf['kind']}" + (f", record field {leaf['record']}" if leaf["record"] else "")
    if leaf["held"] != leaf["value"]:
        yield f"  the target holds {in_words(leaf['held'])}"
    yield from (f"  {line}" for line in from_lines(leaf))


def message_lines(found: Json) -> Iterator[str]:
    """A message as a person reads it: its state, why, and what to do."""
    sender = f"{found['type']} {found['control_id']} from {found['source']}, received at {found['received_at']}"
    yield f"message {found['receipt']}: {sender}"
    yield f"{found['state']}" + (f": {found['reason']}" if found["reason"] else "")
    if found["place"]:
        span = f", bytes {found['span'][0]} to {found['span'][1]}" if found["span"] else ""
        yield f"  at {found['place']}{span}: {found['text'] if found['text'] else '(nothing stands there)'}"
    if found["to_do"]:
        yield f"  what to do: {found['to_do']}"
    if (today := found["today"]) and today["changed"]:
        yield f"  today it would be {'held: ' + today['held'] if today['held'] else 'read'}; replay it"
    for link in found["records"]:
        yield f"  {link['outcome']}: {link['kind']} {link['key']}"
    for note in found["notes"]:
        yield f"  note: {note}"
    for leaf in found["unmapped"]:
        yield f"  unmapped: {leaf['place']}: {leaf['text']}"

"""integrator map and mappings: what becomes of a message, and what the mapping files say."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import click

from integrator.commands.checking import check_, each_face
from integrator.commands.inputs import documents, mappings_option
from integrator.commands.printing import json_option, print_json
from integrator.commands.specifications import document
from integrator.config import Source
from integrator.errors import Held, Waiting
from integrator.formats.fhir.model import release_of
from integrator.formats.fhir.second_judge import second_problems
from integrator.formats.fhir.validate import problems
from integrator.formats.hl7v2 import charset_codec, glimpse
from integrator.mapping import Context, Faces, load_faces
from integrator.reading import Spoken, read

OURS = UUID("6f0c2f7a-3f0e-5d5e-9d35-5f1b7f0c9d11")  # the namespace of ids made without a store: UUIDv5 of kind and key
FORMS = ("fhir-r4", "fhir-r5")

site_option = click.option("--site", default="", help="A folder of mappings/sites: what one hospital does differently.")
zone_option = click.option("--zone", default="", help="IANA zone of times without an offset; without it they are held.")
charset_option = click.option("--charset", default="ASCII", show_default=True, help="Where MSH-18 is silent.")


def source_of(site: str, zone: str, charset: str) -> Source:
    """A source as the options describe it."""
    if charset_codec(charset) is None:
        raise click.UsageError(f"--charset {charset}: not of HL7 table 0211; for example ASCII, 8859/1, UNICODE UTF-8")
    return Source(name="file", system="file", zone=zone, site=site, charset=charset)


@click.command("map")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "form", type=click.Choice(FORMS), default="fhir-r4", show_default=True, help="The form written.")
@site_option
@zone_option
@charset_option
@click.option(
    "--strict", is_flag=True, help="Also build every resource with fhir.resources; exit code 1 if one is bad."
)
@mappings_option
def map_(
    files: tuple[Path, ...], form: str, site: str, zone: str, charset: str, strict: bool, root: Path | None
) -> None:
    """Maps HL7 v2 messages and registry records (API v2 JSON) to FHIR: one Bundle (collection) on stdout, what nobody
    mapped and what is held on stderr.

    Needs no store, no network and no participant. Exit code 1 if any message was held. R5 has faces for studies and
    patients only. With --strict a second judge reads every resource too: R4 as R4B, in which nothing differs that we
    write.

    Example: integrator map messages.hl7 --zone Europe/Berlin --charset 8859/1 > bundle.json
    """
    faces, source = load_faces(root), source_of(site, zone, charset)
    entries: list[dict[str, Any]] = []
    held = 0
    for file in files:
        for number, (kind, data) in enumerate(documents(file.read_bytes()), start=1):
            name = f"{file.name}[{number}]"
            try:
                entries += _mapped(name, kind, data, source, faces, form)
            except (Held, Waiting) as reason:
                held += 1
                text = reason.whole() if isinstance(reason, Held) else str(reason)
                click.echo(f"{name}: held: {text}", err=True)
    print_json({"resourceType": "Bundle", "type": "collection", **({"entry": entries} if entries else {})})
    bad = sum([_judged(entry["resource"], form) for entry in entries]) if strict else 0
    sys.exit(1 if held or bad else 0)


def _judged(resource: dict[str, Any], form: str) -> bool:
    """Whether either judge finds fault with a resource; the second one's words go to stderr."""
    release = release_of(form)
    wrong = second_problems(resource, release)
    for one in wrong:
        click.echo(f"{resource['resourceType']}/{resource['id']}: fhir.resources: {one.path}: {one.text}", err=True)
    return bool(wrong or problems(resource, release))


def _mapped(name: str, kind: str, data: bytes, source: Source, faces: Faces, form: str) -> list[dict[str, Any]]:
    said = read(data, source, faces, kind)
    if not said.records:
        head = glimpse(data)
        what = f"{head.type}^{head.event}"
        why = f"{what} changes hospital numbers" if said.numbers is not None else f"no face takes {what}"
        why = f"{what} is {said.beside}" if said.beside else why
        click.echo(f"{name}: {why}; nothing is made of it", err=True)
    wanted = [one for one in said.records if one.said.get("activity") != "other"]
    if len(wanted) < len(said.records):
        click.echo(f"{name}: {len(said.records) - len(wanted)} of it are no radiotherapy of the trial: other", err=True)
    return [_entry(name, one, faces, form, source) for one in wanted]


def _entry(name: str, one: Spoken, faces: Faces, form: str, source: Source) -> dict[str, Any]:
    for leaf in one.unmapped:
        click.echo(f"{name}: unmapped: {leaf.place}: {leaf.text}", err=True)
    for code_map, code in one.open_codes:
        click.echo(f"{name}: the code {code!r} has no row in codes/{code_map}.toml", err=True)
    for note in one.notes:
        click.echo(f"{name}: note: {note}", err=True)
    resource = faces.writing(one.kind, form, source.site or None).write(one.said, Context())
    for wrong in problems(resource, release_of(form)):
        click.echo(f"{name}: not valid: {wrong.path}: {wrong.text}", err=True)
    number = uuid5(OURS, f"{one.kind} {one.key}")
    return {"fullUrl": f"urn:uuid:{number}", "resource": resource | {"id": str(number)}}


ELSEWHERE = {  # subcommands that are loaded when they are asked for
    "diff": "integrator.commands.face_changes:diff",
    "accept": "integrator.commands.accepting:accept",
    "codes": "integrator.commands.codes:codes",
    "answer": "integrator.commands.codes:answer",
    "export": "integrator.commands.codes:export",
    "copy": "integrator.commands.codes:copy",
}


class Mappings(click.Group):
    """The subcommands of this file and those of others, by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *ELSEWHERE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, _, name = ELSEWHERE[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Mappings)
def mappings() -> None:
    """The mapping files: list them, check them, see what others would change."""


mappings.add_command(document)


@mappings.command("list")
@mappings_option
@json_option
def list_(root: Path | None, as_json: bool) -> None:
    """Lists every face: record, form, direction, hash.

    Example: integrator mappings list
    """
    faces = load_faces(root)
    rows = [
        {"name": face.name, "site": site, "record": face.record, "form": face.form, "hash": face.hash}
        for face, site in each_face(faces)
    ]
    if as_json:
        print_json(rows)
        return
    for face, site in each_face(faces):
        click.echo(f"{face.name:<24} {site or '':<12} {face.record:<14} {face.form:<22} {face.hash[:12]}")


mappings.add_command(check_)

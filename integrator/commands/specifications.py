"""integrator mappings document: interface specifications, one page a face."""

from __future__ import annotations

from pathlib import Path

import click

from integrator.commands.inputs import mappings_option
from integrator.errors import ConfigError
from integrator.mapping import load_faces
from integrator.specification import page


@click.command("document")
@click.argument("names", nargs=-1)
@click.option("--site", default="", help="A folder of mappings/sites: the interface as this hospital has it.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("interfaces"),
    show_default=True,
    help="Where the pages go.",
)
@mappings_option
def document(names: tuple[str, ...], site: str, folder: Path, root: Path | None) -> None:
    """Makes one HTML page for each face, or for those that are named: what an engineer sends to the other side.

    A page needs no other file.

    Example: integrator mappings document hl7v2/siu-appointment --site heidelberg
    """
    faces = load_faces(root)
    for name in names or faces.names():
        face = faces.get(name, site or None)
        file = folder / f"{name.replace('/', '-')}{'-' + site if site else ''}.html"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(page(face, faces, site or None), encoding="utf-8")
        except OSError as cannot:
            raise ConfigError(f"{file} cannot be written: {cannot.strerror}") from cannot
        click.echo(str(file))

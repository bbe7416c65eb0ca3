"""integrator mappings codes, answer, export and copy: codes that nobody mapped, and the maps for other programs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click
import orjson

from integrator.accepted import files_of
from integrator.commands.accepting import go_on
from integrator.commands.asking import at_work, config_option, do, faces_in_use, settings_of
from integrator.commands.printing import json_option, print_json
from integrator.errors import Rejected
from integrator.mapping import Faces
from integrator.mapping.concept_maps import concept_maps
from integrator.mapping.load import mappings_folder
from integrator.mapping.sets import set_in


@click.command()
@config_option
@json_option
def codes(config: Path, as_json: bool) -> None:
    """Lists the codes that nobody mapped: how many messages each holds, examples by receipt number, and what the code
    may mean. A suggestion is one, and never chosen. Exit code 1 if there is any.

    Example: integrator mappings codes
    """
    found = do(settings_of(config), "mappings codes")
    if as_json:
        print_json(found)
    for one in [] if as_json else found:
        beside = "".join(f", beside {name} {' or '.join(map(repr, came))}" for name, came in one["beside"].items())
        what = f"holds {one['held']} messages" if one["held"] else f"came {one['count']} times"
        click.echo(f"{one['map']}: {one['code']!r} at {one['place']}{beside}, from {one['source']}: {what}")
        click.echo(f"  messages: {', '.join(map(str, one['examples']))}")
        if one["suggestion"]:
            click.echo(f"  suggested, not chosen: {one['suggestion']['value']}: {one['suggestion']['because']}")
    sys.exit(1 if found else 0)


@click.command()
@click.argument("map_", metavar="MAP")
@click.argument("code", metavar="CODE")
@click.argument("value", metavar="VALUE")
@click.option("--site", required=True, help="The folder of mappings/sites whose map gets the row.")
@click.option("--who", required=True, help="Who says so; stands beside the row and in the journal.")
@click.option("--why", required=True, help="Why; stands there too.")
@click.option("--where", multiple=True, metavar="COLUMN=CELL", help="What stands in another column: MSH-9.2=S12|S13.")
@config_option
@json_option
def answer(
    map_: str, code: str, value: str, site: str, who: str, why: str, where: tuple[str, ...], config: Path, as_json: bool
) -> None:
    """Answers what a code means: a row in mappings/sites/SITE/codes/MAP.toml of the folder in use, signed with who and
    why. It is written only if all faces load with it; then it is accepted, and the held messages are read again.

    Example: integrator mappings answer siu-activity RT-CBCT other --site heidelberg --who "A. HTEST" --why "imaging"
    """
    cells = dict(part.split("=", 1) for part in where if "=" in part)
    if len(cells) < len(where):
        raise click.UsageError("--where is written COLUMN=CELL, for example --where 'MSH-9.2=S12|S13'")
    with at_work(settings_of(config)) as asked:
        done = asked("mappings answer", map=map_, code=code, value=value, site=site, who=who, why=why, where=cells)
        again = go_on(asked, who)
    if as_json:
        print_json(done | {"again": again})
        return
    click.echo(f"{done['file']}: {orjson.dumps(done['row']).decode()}; in use: {done['hash']}")
    click.echo(f"{again['messages']} messages are read again.")
    if not done["sources"]:
        click.echo(f'No source has site = "{site}" in the configuration: the row is used once one has.')


@click.command()
@click.option("--to", "to", required=True, type=click.Path(path_type=Path), help="A folder, or a file ending in .json.")
@click.option("--config", "config", type=click.Path(path_type=Path), help="Of the installation whose maps are meant.")
def export(to: Path, config: Path | None) -> None:
    """Writes the code maps as FHIR R4 ConceptMaps: a file each into a folder, or one Bundle (collection) into a file.
    With --config those in use there, else the program's own.

    Example: integrator mappings export --to concept-maps
    """
    found = concept_maps(_faces(config))
    if to.suffix != ".json":
        to.mkdir(parents=True, exist_ok=True)
        for one in found:
            (to / f"ConceptMap-{one['id']}.json").write_bytes(orjson.dumps(one, option=orjson.OPT_INDENT_2))
    else:
        entries = [{"fullUrl": one["url"], "resource": one} for one in found]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        to.write_bytes(orjson.dumps(bundle, option=orjson.OPT_INDENT_2))
    click.echo(f"{len(found)} ConceptMaps written to {to}")


def _faces(config: Path | None) -> Faces:
    if config is None:
        return set_in(mappings_folder()).faces
    settings = settings_of(config)
    with at_work(settings) as asked:
        return faces_in_use(settings, asked)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--config", "config", type=click.Path(path_type=Path), help="Of the installation whose files are meant.")
def copy(folder: Path, config: Path | None) -> None:
    """Copies the mapping files into a folder of your own, to be changed there: name it in [integrator] mappings.

    Example: integrator mappings copy /srv/integrator/mappings
    """
    if folder.exists():
        raise Rejected(f"{folder} is there already; nothing is copied over it")
    source = files_of(settings_of(config)).root if config else mappings_folder()
    assert source is not None
    shutil.copytree(source, folder)
    click.echo(f'{folder} made; write mappings = "{folder.resolve()}" below [integrator] in config.toml')

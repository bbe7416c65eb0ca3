"""integrator init, serve and check: make an installation, run it, look whether it could run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
import orjson

from integrator.accepted import check_faces, differs, files_of, folder_of
from integrator.app import ROLES, keys_of, target_of
from integrator.app import serve as run
from integrator.commands.asking import config_option
from integrator.commands.printing import json_option, print_json
from integrator.config import Settings, read_config
from integrator.errors import ConfigError, IntegratorError
from integrator.formats.fhir.model import release_of
from integrator.mapping import Faces
from integrator.security.keys import Keyring
from integrator.store.faces import ACCEPTED
from integrator.store.peeking import peek

Say = Callable[[bool, str, str], None]

FIRST = """\
# Integrator; every setting with its default stands in config.example.toml.
[study]
nct = "NCT01409720"
title = "DISPO"

[integrator]
processing_id = "T"                  # P once it is real

[[source]]
name = "aria"
system = "aria"
zone = "Europe/Berlin"

[owners]
Appointment = "aria"
Patient = "ehr"
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("."))
def init(folder: Path) -> None:
    """Makes config.toml and a key file (mode 0600) in a folder; what is there is left as it is.

    Example: integrator init /srv/integrator
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    if config.exists():
        click.echo(f"{config} is there already and is left as it is")
    else:
        config.write_text(FIRST, encoding="utf-8")
        click.echo(f"{config} made")
    settings = read_config(config)
    kind, _, name = settings.integrator.keys.partition(":")
    if kind != "file":
        click.echo(f"keys come from {settings.integrator.keys}; no key file is made")
        return
    settings.folder.mkdir(parents=True, exist_ok=True)
    place = settings.folder / name
    if place.exists():
        click.echo(f"{place} is there already and is left as it is")
        return
    Keyring.make(place)
    click.echo(f"{place} made, mode 0600: keep a copy elsewhere, without it nothing stored can be read")


@click.command()
@config_option
@click.option("--roles", default=",".join(ROLES), show_default=True, help="Which parts this process runs.")
def serve(config: Path, roles: str) -> None:
    """Runs Integrator until it is told to stop (SIGTERM or Ctrl-C).

    Example: integrator serve --config config.toml
    """
    wanted = tuple(role.strip() for role in roles.split(",") if role.strip())
    unknown = [role for role in wanted if role not in ROLES]
    if unknown:
        raise click.UsageError(f"there is no role {', '.join(unknown)}; there are {', '.join(ROLES)}")
    run(read_config(config), wanted, lambda told: click.echo(orjson.dumps(told).decode()))


@click.command()
@config_option
@json_option
@click.option("--offline", is_flag=True, help="Do not ask the targets.")
def check(config: Path, as_json: bool, offline: bool) -> None:
    """Looks at configuration, keys, faces, and the reach and abilities of every system; exit 1, file and line.

    Example: integrator check --config config.toml
    """
    lines: list[dict[str, str | bool]] = []

    def say(ok: bool, what: str, text: str) -> None:
        lines.append({"ok": ok, "what": what, "text": text})
        if not as_json:
            click.echo(f"{'ok   ' if ok else 'WRONG'} {what}: {text}")

    try:
        settings = read_config(config)
        say(True, "configuration", str(config))
    except ConfigError as wrong:
        say(False, "configuration", str(wrong))
    else:
        _check_house(settings, say, offline)
    if as_json:
        print_json(lines)
    sys.exit(0 if all(line["ok"] for line in lines) else 1)


def _check_house(settings: Settings, say: Say, offline: bool) -> None:
    try:
        keys_of(settings)
        say(True, "keys", settings.integrator.keys)
    except ConfigError as wrong:
        say(False, "keys", str(wrong))
    faces = _check_faces(settings, say)
    for source in settings.source:
        hint = "" if source.namespace else "; ids without an assigner cannot be sent on (set namespace)"
        say(True, f"source {source.name}", f"listens on {source.listen}, zone {source.zone}{hint}")
    for target in settings.target:
        _check_target(settings, target.name, faces, say, offline)


def _check_faces(settings: Settings, say: Say) -> Faces | None:
    """The files, and whether they are what is used. None: they do not load."""
    try:
        files = files_of(settings)
        check_faces(settings, files.faces)
        say(True, "faces", f"{len(list(files.faces))} loaded from {folder_of(settings)}, {files.hash[:12]}")
    except ConfigError as wrong:
        say(False, "faces", str(wrong))
        return None
    try:
        accepted = peek(settings.store_url, ACCEPTED)
    except ConfigError as wrong:
        say(False, "store", str(wrong))
        return files.faces
    if accepted and accepted != files.hash:
        say(True, "mappings", differs(settings, accepted))
    return files.faces


def _check_target(settings: Settings, name: str, faces: Faces | None, say: Say, offline: bool) -> None:
    target = settings.target_named(name)
    try:
        client = target_of(target, settings.folder)
    except ConfigError as wrong:
        say(False, f"target {name}", str(wrong))
        return
    if offline:
        say(True, f"target {name}", "not asked (--offline)")
        return
    try:
        able = client.abilities()
    except IntegratorError as away:
        say(False, f"target {name}", f"{target.base}: {away}")
        return
    speaks = f"{target.base} speaks FHIR {able.fhir_version or 'of an unnamed version'}"
    wanted = release_of(target.form)
    fits = able.speaks(wanted)
    say(fits, f"target {name}", speaks if fits else f"{speaks}; form = {target.form!r} needs {wanted.upper()}")
    for kind in target.records if faces else ():
        resource = faces.writing(kind, target.form, target.site or None).declared.form.name if faces else kind
        ways = [way for way in ("create", "conditional-create", "update", "patch", "search") if able.can(resource, way)]
        writes = bool({"create", "update", "patch"} & set(ways))
        say(
            True,
            f"target {name}",
            f"{kind if kind == resource else f'{kind} as {resource}'}: {', '.join(ways) or 'nothing'}"
            + ("" if writes else f"; what is owed to it will wait: the target cannot write {resource}"),
        )

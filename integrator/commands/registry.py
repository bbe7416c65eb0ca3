"""integrator registry: what the registry shows of the study, and where that differs from what we know."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from integrator.commands.asking import config_option, do, settings_of
from integrator.commands.printing import json_option, print_json


@click.group()
def registry() -> None:
    """The study's record in the registry: look at it now, list what differs."""


@registry.command()
@config_option
@json_option
def look(config: Path, as_json: bool) -> None:
    """Looks at the registry now, instead of waiting for the next look; a new version is read like any message.

    Example: integrator registry look
    """
    found = do(settings_of(config), "registry look")
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo('No registry is watched; a [[source]] of kind = "registry" names the study.')
    for one in found:
        click.echo(f"{one['source']}: {one['nct']}: {one['outcome']} (data of {one['data'] or 'unknown date'}).")


@registry.command()
@click.argument("nct")
@config_option
@json_option
def diff(nct: str, config: Path, as_json: bool) -> None:
    """Lists what changed in the registry's record since the version before, and where it differs from the trial.

    Exit code 1 if the registry and the trial differ. Example: integrator registry diff NCT01409720
    """
    found = do(settings_of(config), "registry diff", nct=nct)
    if as_json:
        print_json(found)
    else:
        _tell(found)
    sys.exit(1 if found["drift"] else 0)


def _tell(found: dict[str, Any]) -> None:
    """One sentence a line, material first."""
    status = found["status"]
    normalised = f", which is {status['normalised']}" if status["normalised"] else ""
    click.echo(f"{found['nct']}, handed in {found['handed_in']}: {status['registry']}{normalised}.")
    if found["before"]:
        click.echo(f"\nSince the version of {found['before']}:")
        _list(found["changes"], "Nothing changed.")
    else:
        click.echo("\nIt is the first version that we have.")
    click.echo("\nBeside what we know:")
    _list(found["drift"], "Nothing differs.")
    for remark in found["remarks"]:
        click.echo(f"\n{remark}")


def _list(differences: list[dict[str, Any]], none: str) -> None:
    order = ("material", "editorial", "bookkeeping")
    for one in sorted(differences, key=lambda one: order.index(one["class"])):
        click.echo(f"  {one['class']:12} {one['sentence']}")
    if not differences:
        click.echo(f"  {none}")

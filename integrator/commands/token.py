"""integrator token: which programs may use the JSON API."""

from __future__ import annotations

from pathlib import Path

import click

from integrator.commands.asking import config_option, do, settings_of
from integrator.commands.printing import json_option, print_json


@click.group()
def token() -> None:
    """Tokens of programs that use the JSON API; while there is one, every call needs one."""


@token.command()
@click.argument("name")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 366), help="How long it is good for.")
@config_option
@json_option
def add(name: str, days: int, config: Path, as_json: bool) -> None:
    """Makes a token for a program and shows it once; NAME stands in the journal beside what the program does.

    Example: integrator token add physio-app --days 90
    """
    made = do(settings_of(config), "token add", name=name, days=days)
    if as_json:
        print_json(made)
        return
    click.echo(made["token"])
    click.echo(
        f"This is the token of {made['name']}, good until {made['expires'][:10]}. It is not shown again.", err=True
    )
    click.echo("The program sends it with each call as  Authorization: Bearer TOKEN", err=True)


@token.command("list")
@config_option
@json_option
def list_(config: Path, as_json: bool) -> None:
    """Lists tokens by name with their last four characters.

    Example: integrator token list
    """
    everyone = do(settings_of(config), "token list")
    if as_json:
        print_json(everyone)
        return
    if not everyone:
        click.echo("There is no token: the API answers every program on this machine. integrator token add makes one.")
    for one in everyone:
        until = f"expired on {one['expires'][:10]}" if one["expired"] else f"good until {one['expires'][:10]}"
        click.echo(f"{one['name']:<24} …{one['ends_with']}  made {one['made_at'][:10]}, {until}")


@token.command()
@click.argument("name")
@config_option
@json_option
def remove(name: str, config: Path, as_json: bool) -> None:
    """Removes a token; the program that has it is refused from now on.

    Example: integrator token remove physio-app
    """
    done = do(settings_of(config), "token remove", name=name)
    if as_json:
        print_json(done)
        return
    click.echo(f"{done['removed']} is refused from now on.")
    if not done["left"]:
        click.echo("That was the last token: the API answers every program on this machine again.", err=True)

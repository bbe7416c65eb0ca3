"""integrator participant: who is in the trial, and which patient that is."""

from __future__ import annotations

from pathlib import Path

import click

from integrator.commands.asking import config_option, do, settings_of
from integrator.commands.printing import json_option, print_json


@click.group()
def participant() -> None:
    """Participants of the trial: add one, list them."""


@participant.command()
@click.argument("subject")
@click.option("--number", required=True, help="The hospital number; kept encrypted.")
@click.option("--second", required=True, help="A second identifier: birth date YYYY-MM-DD, or TYPE|value.")
@click.option("--consent", required=True, help="The date of consent, YYYY-MM-DD; nothing before it is read.")
@click.option("--arm", default="", help="The arm, if known.")
@config_option
@json_option
def add(subject: str, number: str, second: str, consent: str, arm: str, config: Path, as_json: bool) -> None:
    """Links a subject code to a patient; messages of that patient that were kept are read again.

    Example: integrator participant add DISPO-021 --number HTEST-4711 --second 1957-03-12 --consent 2026-03-02
    """
    done = do(
        settings_of(config), "participant add", subject=subject, number=number, second=second, consent=consent, arm=arm
    )
    if as_json:
        print_json(done)
    else:
        click.echo(f"{done['subject']} is linked; {done['read_again']} kept messages of this patient are read again.")


@participant.command("list")
@config_option
@json_option
def list_(config: Path, as_json: bool) -> None:
    """Lists participants by subject code; numbers and names are not shown.

    Example: integrator participant list
    """
    everyone = do(settings_of(config), "participant list")
    if as_json:
        print_json(everyone)
        return
    if not everyone:
        click.echo("No participant is linked yet. integrator participant add links one.")
    for one in everyone:
        consent = f"consent from {one['consent_from'][:10]}" if one["consent_from"] else "no consent"
        until = f" until {one['consent_until'][:10]}" if one["consent_until"] else ""
        click.echo(f"{one['subject']:<20} {one['arm'] or '—':<12} {consent}{until}, {one['appointments']} appointments")

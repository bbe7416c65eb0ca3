"""integrator replay and reconcile: read again what was stored; compare with what targets hold."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from integrator.commands.asking import config_option, do, settings_of
from integrator.commands.printing import json_option, print_json


@click.command()
@click.option("--state", default="", help="Only messages in this state, for example held.")
@click.option("--message", default=0, help="Only this message, by its receipt number.")
@click.option("--reason", default="command line", help="Why; kept in the journal.")
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@config_option
@json_option
def replay(state: str, message: int, reason: str, dry_run: bool, config: Path, as_json: bool) -> None:
    """Reads stored messages again, as they would be read today, and folds the records they touch from nothing.

    Example: integrator replay --state held --dry-run
    """
    done = do(settings_of(config), "replay", state=state, message=message, reason=reason, dry_run=dry_run)
    if as_json:
        print_json(done)
        return
    would = "would be" if done["dry_run"] else "are"
    change = f"{done['changed']} of {done['records']} records change"
    click.echo(f"{done['messages']} messages {would} read again; {change}.")
    for change in done["changes"]:
        click.echo(f"  {change['key']}: {', '.join(change['fields'])}")


@click.command()
@click.option("--target", default="", help="Only this target.")
@click.option("--dry-run", is_flag=True, help="Compare only; owe nothing again.")
@config_option
@json_option
def reconcile(target: str, dry_run: bool, config: Path, as_json: bool) -> None:
    """Asks every target what it holds and lists where it differs from the record; exit code 1 if anything does.

    Example: integrator reconcile --target ehr --dry-run
    """
    found = do(settings_of(config), "reconcile", target=target, dry_run=dry_run)
    differs = [drift for drift in found if drift["what"] != "agrees"]
    if as_json:
        print_json(found)
    else:
        click.echo(f"{len(found) - len(differs)} agree.")
        for drift in differs:
            click.echo(f"{drift['target']}: {drift['resource_id'] or drift['key']} {drift['what']}{_values(drift)}")
        if differs and not dry_run:
            click.echo("Where we own the field it is owed again; the rest waits for a person.")
    sys.exit(1 if differs else 0)


def _values(drift: dict[str, object]) -> str:
    if drift["why"]:
        return f": {drift['why']}"
    return f": {drift['field']}: ours {drift['ours']}, theirs {drift['theirs']}" if drift["field"] else ""

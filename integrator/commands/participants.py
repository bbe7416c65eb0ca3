"""integrator participant: who is in the trial, and which patient that is."""

from __future__ import annotations

from pathlib import Path

import click

from integrator.commands.asking import config_option, do, settings_of
from integrator.commands.printing import json_option, print_json


@click.group()
def participant() -> None:
    """Participants of the trial: add one, list them, change a status, a consent, withdraw."""


@participant.command()
@click.argument("subject")
@click.option("--number", required=True, help="The hospital number; kept encrypted.")
@click.option("--second", required=True, help="A second identifier: birth date YYYY-MM-DD, or TYPE|value.")
@click.option("--consent", required=True, help="The date of consent, YYYY-MM-DD; nothing before it is read.")
@click.option("--version", default="", help="The version of the consent form.")
@click.option("--arm", default="", help="The arm, if known.")
@click.option(
    "--status", default="", help="Where they are in the trial; left out: pending-on-study, with an arm on-study."
)
@config_option
@json_option
def add(
    subject: str,
    number: str,
    second: str,
    consent: str,
    version: str,
    arm: str,
    status: str,
    config: Path,
    as_json: bool,
) -> None:
    """Links a subject code to a patient; messages of that patient that were kept are read again.

    Example: integrator participant add DISPO-021 --number HTEST-4711 --second 1957-03-12 --consent 2026-03-02
    """
    facts = {"number": number, "second": second, "consent": consent, "version": version, "arm": arm, "status": status}
    done = do(settings_of(config), "participant add", subject=subject, **facts)
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
        arm, status = one["arm"] or "—", one["status"] or "—"
        click.echo(f"{one['subject']:<20} {arm:<12} {status:<22} {consent}{until}, {one['appointments']} appointments")


@participant.command()
@click.argument("subject")
@click.argument("status")
@click.option("--on", required=True, help="The day from which it holds, YYYY-MM-DD.")
@click.option("--reason", default="", help="Why; needed for off-study, withdrawn, ineligible and not-registered.")
@click.option("--arm", default="", help="The arm that randomisation gave.")
@click.option("--randomised", default="", help="The day of randomisation, YYYY-MM-DD; no session may be before it.")
@click.option("--correction", is_flag=True, help="An earlier entry was a mistake.")
@config_option
@json_option
def status(
    subject: str,
    status: str,
    on: str,
    reason: str,
    arm: str,
    randomised: str,
    correction: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Says where a participant is in the trial, in FHIR's words; who drops out after registration is off-study.

    Example: integrator participant status DISPO-017 off-study --on 2026-04-02 --reason "moved away"
    """
    facts = {"on": on, "reason": reason, "arm": arm, "randomised": randomised, "correction": correction}
    _tell(do(settings_of(config), "participant status", subject=subject, status=status, **facts), as_json)


@participant.command()
@click.argument("subject")
@click.option("--date", required=True, help="The day on which it was signed, YYYY-MM-DD.")
@click.option("--version", required=True, help="The version of the form.")
@click.option("--scope", default="", help="What it covers, in the form's words.")
@click.option("--correction", is_flag=True, help="The earlier entry was a mistake.")
@config_option
@json_option
def consent(subject: str, date: str, version: str, scope: str, correction: bool, config: Path, as_json: bool) -> None:
    """Notes a consent to another version of the form.

    Example: integrator participant consent DISPO-017 --date 2026-04-02 --version 2.0
    """
    facts = {"date": date, "version": version, "scope": scope, "correction": correction}
    _tell(do(settings_of(config), "participant consent", subject=subject, **facts), as_json)


@participant.command()
@click.argument("subject")
@click.option("--scope", required=True, help="intervention (still observed), collection, or everything.")
@click.option("--on", required=True, help="The day from which the consent no longer holds, YYYY-MM-DD.")
@click.option("--reason", default="", help="Why, if they said it.")
@config_option
@json_option
def withdraw(subject: str, scope: str, on: str, reason: str, config: Path, as_json: bool) -> None:
    """Ends a consent: from that day on nothing within its scope is read or sent; what was collected before stays.

    Example: integrator participant withdraw DISPO-017 --scope collection --on 2026-04-02
    """
    facts = {"scope": scope, "on": on, "reason": reason}
    _tell(do(settings_of(config), "participant withdraw", subject=subject, **facts), as_json)


@participant.command()
@click.argument("subject")
@config_option
def show(subject: str, config: Path) -> None:
    """Shows what the trial knows of a participant, as JSON; nothing that identifies the patient.

    Example: integrator participant show DISPO-017
    """
    print_json(do(settings_of(config), "participant show", subject=subject))


@participant.command()
@click.argument("subject")
@config_option
@json_option
def numbers(subject: str, config: Path, as_json: bool) -> None:
    """Says what the hospital did with a participant's numbers: merged, renamed, linked, moved. No number is shown.

    Example: integrator participant numbers DISPO-017
    """
    found = do(settings_of(config), "participant numbers", subject=subject)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo(f"{subject}: the hospital changed no number.")
    for one in found:
        click.echo(f"{one['change']:>6}  {one['at'][:16].replace('T', ' ')}  {one['text']}")


@participant.command()
@click.argument("subject")
@click.option("--reason", required=True, help="Why the numbers are not one person's; it is kept.")
@click.option("--change", type=int, default=0, help="Which change, as `numbers` lists them; left out: the latest.")
@config_option
@json_option
def unmerge(subject: str, reason: str, change: int, config: Path, as_json: bool) -> None:
    """Takes back a merge of numbers: what was read by it is read again as if it had not been.

    Example: integrator participant unmerge DISPO-017 --reason "merged with a namesake; IT mends it tomorrow"
    """
    done = do(settings_of(config), "participant unmerge", subject=subject, reason=reason, change=change)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"{subject}: change {done['change']} of the numbers is taken back, and what it brought is read again."
        )


def _tell(done: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        said = "nothing new" if done["state"] == "unchanged" else f"version {done['version']} of the record"
        click.echo(f"{done['key']}: {said}.")

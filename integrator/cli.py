"""The command line: every verb of DESIGN section 10 that exists, each with help, an example and --json for programs."""

from __future__ import annotations

import sys

import click

from integrator import __version__
from integrator.commands.again import reconcile, replay
from integrator.commands.demo import demo
from integrator.commands.faces import explain_, map_, mappings
from integrator.commands.participants import participant
from integrator.commands.service import check, init, serve
from integrator.errors import IntegratorError
from integrator.telemetry.logs import set_up_logs

WRONG, MISUSED = 1, 2  # something is held or wrong; used wrongly


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="integrator")
def integrator() -> None:
    """Keeps a trial's facts in step between hospital systems, the EHR and registries.

    Exit codes: 0 done, 1 something is held or wrong, 2 used wrongly.
    """
    set_up_logs(json=not sys.stderr.isatty())


for command in (init, serve, demo, check, map_, explain_, mappings, participant, replay, reconcile):
    integrator.add_command(command)


def main() -> None:
    """Runs the command line; an error of ours is one line on stderr and exit code 1."""
    try:
        integrator()
    except IntegratorError as error:
        click.echo(f"integrator: {error}", err=True)
        sys.exit(WRONG)

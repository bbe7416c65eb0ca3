"""The command line: every verb of DESIGN section 10 that exists, each with help, an example and --json for programs."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from integrator import __version__
from integrator.errors import IntegratorError
from integrator.telemetry.logs import set_up_logs

WRONG, MISUSED = 1, 2  # something is held or wrong; used wrongly


# Each command is loaded when it is asked for, so that `map` does not wait for the web and the store.
COMMANDS = {
    "init": "integrator.commands.service:init",
    "serve": "integrator.commands.service:serve",
    "demo": "integrator.commands.demo:demo",
    "check": "integrator.commands.service:check",
    "map": "integrator.commands.faces:map_",
    "explain": "integrator.commands.explaining:explain_",
    "mappings": "integrator.commands.faces:mappings",
    "participant": "integrator.commands.participants:participant",
    "import": "integrator.commands.importing:import_",
    "replay": "integrator.commands.again:replay",
    "reconcile": "integrator.commands.again:reconcile",
    "registry": "integrator.commands.registry:registry",
    "token": "integrator.commands.token:token",
}


class Commands(click.Group):
    """The commands by name, in the order above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="integrator")
def integrator() -> None:
    """Keeps a trial's facts in step between hospital systems, the EHR and registries.

    Exit codes: 0 done, 1 something is held or wrong, 2 used wrongly.
    """
    set_up_logs(json=not sys.stderr.isatty())


def main() -> None:
    """Runs the command line; an error of ours is one line on stderr and exit code 1."""
    try:
        integrator()
    except IntegratorError as error:
        click.echo(f"integrator: {error}", err=True)
        sys.exit(WRONG)

"""How a command reaches the store: it asks the running serve, else opens the store itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from integrator.app import open_line
from integrator.config import Settings, read_config
from integrator.control import NAME, ask
from integrator.doings import Doings

config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    default=Path("config.toml"),
    show_default=True,
    help="The configuration file.",
)

def do(settings: Settings, command: str, **args: Any) -> Any:
    """Runs a command in the serve that holds the store; where none runs, in this process."""
    answer = ask(settings.folder / NAME, command, **args)
    if answer is not None:
        return answer
    with open_line(settings) as line:
        doings = Doings(line, wake=lambda: None)
        return doings.commands()[command](**args)


def settings_of(config: Path) -> Settings:
    """The settings of the file that --config names."""
    return read_config(config)

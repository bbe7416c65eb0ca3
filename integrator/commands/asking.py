"""How a command reaches the store: it asks the running serve, else opens the store itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from integrator.accepted import files_of
from integrator.app import open_line
from integrator.config import Settings, read_config
from integrator.control import NAME, ask
from integrator.doings import Doings
from integrator.engine.embedded import Engine
from integrator.errors import ConfigError, RetryLater
from integrator.mapping import Faces
from integrator.mapping.sets import FaceSet

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


@contextmanager
def at_work(settings: Settings) -> Iterator[Callable[..., Any]]:
    """A function that runs many commands: in the serve that holds the store, or in this process with the store open.

    Where no serve runs, what was stored is read before the end.
    """
    if ask(settings.folder / NAME, "counts") is not None:

        def asked(command: str, **args: Any) -> Any:
            answer = ask(settings.folder / NAME, command, **args)
            if answer is None:
                raise RetryLater("the running integrator ended meanwhile; do the same again")
            return answer

        yield asked
        return
    with open_line(settings) as line:
        commands = Doings(line, wake=lambda: None).commands()
        yield lambda command, **args: commands[command](**args)
        engine = Engine(line)
        while engine.read_some("command"):
            pass


def faces_in_use(settings: Settings, asked: Callable[..., Any]) -> Faces:
    """The accepted faces, as the store has them; `asked` is what `at_work` gives."""
    try:
        files = files_of(settings)
    except ConfigError:  # nobody accepted these
        files = None
    if files and files.hash == asked("mappings state")["accepted"]:
        return files.faces
    return FaceSet(asked("mappings texts")).faces


def settings_of(config: Path) -> Settings:
    """The settings of the file that --config names."""
    return read_config(config)

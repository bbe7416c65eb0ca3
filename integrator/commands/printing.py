"""What every command shares when it prints for a program."""

from __future__ import annotations

from typing import Any

import click
import orjson

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")


def print_json(value: Any) -> None:
    """JSON on stdout, readable."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())

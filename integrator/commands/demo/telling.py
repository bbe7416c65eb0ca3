"""What a person reads of a demo: how far it is, the table at the end, each check with ok or what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table

from integrator.commands.demo.acting import Acted, Under
from integrator.commands.demo.checks import Check
from integrator.commands.demo.evidence import Evidence
from integrator.sandbox.acts import Act
from integrator.sandbox.book import ZONE

SHOWN = 6  # wrong things of one check that are shown
WIDTH = 140  # columns where there is no terminal
Rows = list[tuple[str, str]]


class Telling:
    """Writes on one console: bars on a terminal, plain lines elsewhere."""

    def __init__(self, to_stderr: bool = False):
        self.console = Console(stderr=to_stderr, highlight=False)
        if not self.console.is_terminal:
            self.console = Console(stderr=to_stderr, highlight=False, width=WIDTH, soft_wrap=True)

    def say(self, text: str = "", style: str = "") -> None:
        """A line as it is."""
        self.console.print(escape(text), style=style)

    @contextmanager
    def act(self, act: Act) -> Iterator[Any]:
        """Shows an act while it is played; gives what is called with how far it is."""
        if not self.console.is_terminal:
            yield lambda under: None
            return
        title = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis"))
        columns = (TextColumn(" "), BarColumn(16), MofNCompleteColumn(), TextColumn("{task.fields[owed]}"), title)
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(escape(act.title), total=act.size, owed="")

            def watch(under: Under) -> None:
                owed = f"{under.owed} owed" if under.owed else ""
                progress.update(task, completed=max(0, under.arrived - under.unread), owed=owed)

            yield watch

    def acted(self, act: Act, acted: Acted) -> None:
        """One line for an act that is over."""
        good = not (acted.surprises or acted.unfinished)
        when = act.at.astimezone(ZONE).strftime("%a %d %b %H:%M")
        sign = "[green]ok[/]" if good else "[red]!![/]"
        writes = str(sum(acted.writes.values()))
        self._line(sign, when, str(acted.sent), writes, f"{acted.seconds:.1f}", escape(act.title))

    def acts_head(self) -> None:
        """What the numbers of the lines below are."""
        self._line("", "story's time", "messages", "writes", "seconds", "", style="dim")

    def _line(self, *cells: str, style: str = "") -> None:
        line = Table.grid(padding=(0, 2, 0, 0))
        for place, width in enumerate((2, 16, 8, 6, 7)):
            line.add_column(width=width, justify="left" if place < 2 else "right")
        line.add_column()
        line.add_row(*cells, style=style)
        self.console.print(Padding(line, (0, 0, 0, 2), expand=False))

    def table(self, evidence: Evidence) -> None:
        """What became of everything, in one table."""
        table = Table(box=box.SIMPLE_HEAD, title="What happened", title_justify="left", title_style="bold")
        table.add_column("", no_wrap=True)
        table.add_column("how many", justify="right")
        table.add_column("what", overflow="fold")
        for heading, rows in sections(evidence):
            for place, (number, what) in enumerate(rows):
                table.add_row(heading if place == 0 else "", number, escape(what))
            table.add_section()
        self.console.print(table)

    def checks(self, every: list[Check]) -> None:
        """One line for each check, and what is wrong below it."""
        self.console.print("[bold]The checks of the story[/]")
        for check in every:
            sign = "[red]WRONG[/]" if check.wrong else "[green]ok   [/]"
            note = f" [dim]({escape(check.note)})[/]" if check.note else ""
            self.console.print(f"  {sign} {escape(check.name)}{note}")
            for wrong in check.wrong[:SHOWN]:
                self.console.print(f"          {escape(wrong)}")
            if len(check.wrong) > SHOWN:
                self.console.print(f"          and {len(check.wrong) - SHOWN} more like these")


def sections(evidence: Evidence) -> list[tuple[str, Rows]]:
    """The table's parts: heading, rows of (number, what)."""
    counts, log = evidence.counts, evidence.log
    owed = [
        (str(n), f"{state}, to {target}") for target, rows in counts["owed"].items() for state, n in rows.items() if n
    ]
    waiting = Counter(str(row["reason"]) for row in counts["waiting"])
    held = Counter(f"{row['source']} {row['type']}: {row['reason']}" for row in evidence.held)
    drift = Counter(str(row["what"]) for row in evidence.drift)
    parts: list[tuple[str, Rows]] = [
        ("Messages by state", _rows(counts["messages"])),
        ("Counted beside", _rows(counts["counted"])),
        ("Held, with reasons", _rows(held)),
        ("Records", [(str(counts["records"]), "appointments")]),
        ("Owed", owed),
        ("Waiting, with reasons", _rows(waiting)),
        ("Questions open", [("1", text) for text in counts["questions"]]),
        ("The EHR's log: received", _rows(log["by_answer"])),
        ("The EHR's log: written", _rows(log["changes"])),
        ("The EHR holds", [(str(n), name) for name, n in log["holds"].items()]),
        ("Appointments there", _rows(log["status"].get("Appointment", {}))),
        ("Reconcile", _rows(drift) or [("0", "nothing to compare: the EHR holds none of ours")]),
    ]
    return [(heading, rows or [("0", "none")]) for heading, rows in parts]


def _rows(counted: Any) -> Rows:
    return [(str(n), str(what)) for what, n in sorted(counted.items()) if n]

"""python -m bench [PART ...]: measures and prints a table; JSON lines go to bench/out/figures.jsonl.

Parts: disk, codec, mapping, alone, ingest, work, whole, table, peer, idle; all if none is named. The machine is first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bench.codec import codec, mapping
from bench.figures import OUT, Figure, table
from bench.ingest import alone, ingest, peer, work
from bench.machine import machine, syncs_a_second
from bench.standing import idle
from bench.table import table as imported
from bench.whole import whole


def disk() -> Iterator[Figure]:
    """The disk's own rate, which bounds everything that is durable before it is acknowledged."""
    yield Figure("syncs of 4 KB", round(syncs_a_second(), 1), "syncs/s")


PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "disk": disk,
    "codec": codec,
    "mapping": mapping,
    "alone": alone,
    "ingest": ingest,
    "work": work,
    "whole": whole,
    "table": imported,
    "peer": peer,
    "idle": idle,
}


def main() -> None:
    """Measures the parts that are asked for; a missed target is no error, it is reported."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    names = parser.parse_args().parts or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    OUT.mkdir(parents=True, exist_ok=True)
    measured: list[Figure] = []
    with open(OUT / "figures.jsonl", "w", encoding="utf-8") as out:
        for part in (machine, *(PARTS[name] for name in names)):
            for figure in part():
                measured.append(figure)
                print(figure.line(), file=out, flush=True)
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    print(table(measured))


if __name__ == "__main__":
    main()

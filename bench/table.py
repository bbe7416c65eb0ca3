"""A table of 100,000 observations: from `integrator import` to the last row merged, and the same table once more."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.feed import PATIENTS
from bench.figures import ROOT, Figure
from bench.processes import Service
from bench.whole import STORES

ROWS = 100_000
SECONDS_AT_MOST, MEGABYTES_AT_MOST = 60.0, 300.0
COLUMNS = "subject;key;instrument;value;time;timepoint\n"


def write_table(place: Path, rows: int = ROWS) -> None:
    """Pain scores of all participants, day after day."""
    with place.open("w", encoding="utf-8") as out:
        out.write(COLUMNS)
        for n in range(rows):
            day, subject = n // PATIENTS, f"DISPO-HTEST-{n % PATIENTS:03d}"
            at = f"2026-{3 + day // 28 % 6:02}-{1 + day % 28:02} {8 + day // 168:02}:{n % 60:02}"
            out.write(f"{subject};O-{n:06d};pain-vas;{n % 11};{at};t{1 + day // 168}\n")


def _import(service: Service, table: Path) -> tuple[float, float]:
    """Seconds until it says that it has stored all, and the most megabytes that it had in use."""
    options = ["--kind", "observations", "--as-of", "2026-11-01", "--config", str(service.folder / "config.toml")]
    command = [sys.executable, "-m", "integrator", "import", str(table), *options]
    begin, most = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        while process.poll() is None:
            most = max(most, Service(process.pid, 0, service.folder, 0).resident("VmHWM"))
            time.sleep(0.05)
        told = process.stdout.read() if process.stdout else ""
    if process.returncode or f"{ROWS} are right" not in told:
        raise SystemExit(f"the table was not imported: {told}")
    return time.perf_counter() - begin, most


def table() -> Iterator[Figure]:
    """On each store, in the service that receives and reads; with PostgreSQL two more processes read."""
    for name, running in STORES.items():
        with ExitStack() as stack:
            processes = stack.enter_context(running())
            service, place = processes.receiver, processes.receiver.folder / "scores.csv"
            write_table(place)
            before, begin = processes.used(), time.perf_counter()
            stored_in, of_import = _import(service, place)
            while service.counts()["entered"]["received"]:
                time.sleep(0.1)
            seconds = time.perf_counter() - begin
            used = {of: round(spent - before[of], 1) for of, spent in processes.used().items()}
            merged = service.counts()["entered"]["merged"]
            again, _ = _import(service, place)
            resident = [one.resident("VmHWM") for one in (service, *processes.workers)]
        more: dict[str, Any] = {"stored in": round(stored_in, 1), "messages": merged, **used}
        what = f"{ROWS:,} rows of a table, {name}"
        yield Figure(what, round(seconds, 1), "s", most=SECONDS_AT_MOST, more=more)
        most = max(of_import, *resident)
        yield Figure("  memory of each process", round(most, 1), "MB", most=MEGABYTES_AT_MOST)
        yield Figure("  the same table again", round(again, 1), "s")

"""Judges that we did not write: built by Maven below var/, started once a run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "var" / "peers" / "validator"

Judge = Callable[[dict], list[str]]


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """HAPI's instance validator for R4: a resource in, its errors out."""
    if not (shutil.which("java") and shutil.which("mvn")):
        pytest.skip("left out: the second validator needs Java 17 and Maven")
    _build()
    command = ["java", "-cp", os.pathsep.join([str(OUT / "validator.jar"), str(OUT / "lib" / "*")]), "peer.Validator"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        assert process.stdout.readline().strip() == "ready"

        def errors(resource: dict) -> list[str]:
            process.stdin.write(json.dumps(resource) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())["errors"]

        yield errors
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def _build() -> None:
    """Builds once for a state of the sources."""
    newest = max(path.stat().st_mtime for path in (HERE / "validator").rglob("*") if path.is_file())
    jar = OUT / "validator.jar"
    if jar.exists() and jar.stat().st_mtime >= newest:
        return
    command = ["mvn", "-q", "-B", "-f", str(HERE / "validator" / "pom.xml"), f"-Dout={OUT}", "package"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"the second validator could not be built:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"

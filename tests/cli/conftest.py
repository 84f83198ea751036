# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The program under test: $LATCHKEY, or a build folder of the tree."""
from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 300


def program() -> str:
    env = os.environ.get("LATCHKEY")
    if env:
        return env
    for build in ("build-dev", "build", "build-asan"):
        p = ROOT / build / "bin" / "latchkey"
        if p.exists():
            return str(p)
    pytest.exit("no latchkey program: build it, or set LATCHKEY", 4)


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def latchkey(*args: str, stdin: bytes = b"", binary: bool = False, env: dict[str, str] | None = None) -> Result:
    """Runs the program; a signal or a sanitizer's report is never what a test wants."""
    r = subprocess.run([program(), *args], input=stdin, capture_output=True, timeout=LIMIT_S, check=False,
                       env={**os.environ, **(env or {})})
    out = r.stdout.decode("latin-1" if binary else "utf-8")
    err = r.stderr.decode("utf-8", "replace")
    assert r.returncode >= 0, f"ended by signal {-r.returncode}: {args}"
    assert "Sanitizer" not in err and "runtime error" not in err, err
    return Result(r.returncode, out, err)


def one_line(r: Result, code: int) -> str:
    """The error of a refused input: the exit code, nothing on standard output, one line that names the program."""
    assert r.code == code, (r.code, r.out[:200], r.err[:400])
    assert r.out == ""
    lines = r.err.splitlines()
    assert len(lines) == 1, r.err
    assert lines[0].startswith("latchkey") or lines[0].startswith("usage: latchkey"), lines[0]
    return lines[0]


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[str, str]:
    """Inputs that are of no use to any verb that reads one file."""
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "garbage").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "folder").mkdir()
    return {"missing": str(tmp_path / "missing"), "directory": str(tmp_path / "folder"), "empty": str(tmp_path / "empty"),
            "garbage": str(tmp_path / "garbage")}

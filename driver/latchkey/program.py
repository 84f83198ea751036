# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The C program as seen from the driver: arguments, exit codes, JSON lines."""
from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

EXIT_OK, EXIT_FAIL, EXIT_INCONC, EXIT_STALE = 0, 1, 2, 3
EXIT_INVALID, EXIT_NOTHING, EXIT_USAGE = 4, 5, 64
EXIT_INTERNAL, EXIT_INTERRUPTED = 70, 130


def root() -> Path:
    """The folder that holds scenarios/ and reports/: the source tree, or
    PREFIX/share/latchkey."""
    home = os.environ.get("LATCHKEY_HOME")
    if home:
        return Path(home)
    here = Path(__file__).resolve()
    for up in here.parents:
        for place in (up, up / "share" / "latchkey"):
            if (place / "scenarios" / "schema.json").exists():
                return place
    raise FileNotFoundError("the scenarios folder is not beside the driver; set LATCHKEY_HOME")


def program() -> str:
    """The latchkey program: $LATCHKEY (set when it executed us), or a build of the tree."""
    env = os.environ.get("LATCHKEY")
    if env:
        return env
    for build in ("build", "build-dev", "build-asan"):
        candidate = root() / build / "bin" / "latchkey"
        if candidate.exists():
            return str(candidate)
    return "latchkey"


@dataclass(frozen=True)
class Result:
    """How one call of the program ended."""

    code: int
    out: str
    err: str


def call(args: list[str], timeout: float) -> Result:
    """Runs the program with args; a timeout is code -1."""
    try:
        r = subprocess.run([program(), *args], capture_output=True, text=True, timeout=timeout,
                           errors="replace", stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as e:
        return Result(-1, "", f"no end after {e.timeout} s")
    return Result(r.returncode, r.stdout, r.stderr)

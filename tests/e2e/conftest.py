# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Whole runs of the program: networks of their own, plays, verdicts."""
from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterable

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = os.environ.get("LATCHKEY") or str(ROOT / "build" / "bin" / "latchkey")
SCENARIOS = ROOT / "scenarios"
TOY = SCENARIOS / "ibe" / "p512.yaml"  # the smallest pairing: these tests are not about its size
LIMIT_S = 120
NETS = 1 << 19  # /28 networks in 127.128.0.0/9
_counter = itertools.count()


def new_net() -> str:
    """The first address of a /28 that no other test of this or of a parallel pytest uses."""
    n = (os.getpid() * 256 + next(_counter)) % NETS
    return f"127.{128 + (n >> 12)}.{n >> 4 & 255}.{(n & 15) * 16}"


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def latchkey(*args: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None,
             program: str = PROGRAM) -> Result:
    """Runs the program to its end; a signal or a sanitizer's report is never what a test wants."""
    full = {**os.environ, **(env or {})}
    r = subprocess.run([program, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       errors="replace", timeout=LIMIT_S, check=False, env=full, cwd=cwd)
    assert r.returncode >= 0, f"ended by signal {-r.returncode}: {args}\n{r.stderr}"
    assert "Sanitizer" not in r.stderr and "runtime error" not in r.stderr, r.stderr
    return Result(r.returncode, r.stdout, r.stderr)


def scenario(tp: str) -> Path:
    """The file of a test purpose, by its id."""
    role, group = tp.split("_")[2:4]
    return SCENARIOS / role.lower() / group.lower() / f"{tp.lower()}.yaml"


def play(what: str | Path, out: Path, *args: str | Path, ibe: Path = TOY) -> Path:
    """Acts and records one scenario."""
    path = scenario(what) if isinstance(what, str) else what
    r = latchkey("play", path, "--out", out, "--net", new_net(), "--ibe", ibe, "--quiet", *args)
    assert r.code == 0, r.err
    return out


CODES = {"PASS": 0, "FAIL": 1, "INCONC": 2, "ERROR": 2, "NONE": 5}


def judge(path: Path, *args: str | Path) -> dict[str, Any]:
    """The verdict of a bundle or a capture; nothing is written."""
    r = latchkey("judge", path, "--json", "--no-write", *args)
    assert r.out, r.err
    doc = json.loads(r.out)
    assert r.code == CODES[doc["verdict"]], (r.code, doc["verdict"])
    return doc


def findings(doc: dict[str, Any], verdict: str, **members: str) -> list[dict[str, Any]]:
    return [f for f in doc["findings"] if f["verdict"] == verdict and all(f.get(k) == v for k, v in members.items())]


def reds(doc: dict[str, Any]) -> list[str]:
    """The FAIL findings in one line each, for messages of asserts."""
    return [f"{f['law']} {f['party']} {f.get('place')}: {f['expected']} / {f['actual']}"
            for f in findings(doc, "FAIL")]


def shape(doc: dict[str, Any]) -> Counter[tuple[str, ...]]:
    """What was found, without frame numbers and texts: equal for two recordings of the same events."""
    return Counter((f["law"], f["party"], f.get("place") or "", f["verdict"]) for f in doc["findings"])


def evidence(bundle: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (bundle / "evidence.jsonl").read_text(encoding="utf-8").splitlines()]


def answers(bundle: Path, role: str, verb: str) -> list[dict[str, Any]]:
    """What the adapter of a role answered to a verb."""
    return [e["answer"] for e in evidence(bundle) if (e["kind"], e["role"] if "role" in e else "") == ("adapter", role)
            and e["verb"] == verb]


def two_at_a_time(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """Most of a play and of a judgement is waiting for the other processes."""
    with ThreadPoolExecutor(max_workers=max(2, min(4, os.cpu_count() or 2))) as pool:
        return list(pool.map(work, items))


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deposit and its retrieval, recorded once; tests work on copies."""
    out = play("TP_DD_MB_AU_002", tmp_path_factory.mktemp("pair") / "bundle")
    assert judge(out)["verdict"] == "PASS"
    return out


@pytest.fixture(scope="session")
def deposit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short deposit: few enough frames to take each of them out in turn."""
    out = play(HERE / "short_deposit.yaml", tmp_path_factory.mktemp("deposit") / "bundle")
    assert judge(out)["verdict"] == "PASS"
    return out

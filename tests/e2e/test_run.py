# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""latchkey run as a user starts it: reports that agree with each other, runs side by side, Ctrl-C."""
from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents import wait_until
from conftest import LIMIT_S, PROGRAM, SCENARIOS

CATALOGUE = sorted(p.stem.upper() for role in ("a", "b", "mb", "km", "pc") for p in SCENARIOS.glob(f"{role}/*/*.yaml"))
FEW = ["--select", "TP_DD_MB_MS_00[1-3]"]


def campaign(tmp_path: Path) -> Path:
    """The built-in campaign with small IBE parameters."""
    path = tmp_path / "small.campaign.yaml"
    path.write_text("campaign: 1\nname: small\nibe: p512.yaml\niuts: {A: reference, B: reference, MB: reference, "
                    "KMS: reference}\ntogether: true\n", encoding="utf-8")
    return path


def start(out: Path, *args: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen([PROGRAM, "run", *map(str, args), "--out", str(out), "--jobs", "2"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})


def end(p: subprocess.Popen[str]) -> tuple[int, str]:
    out, _ = p.communicate(timeout=LIMIT_S)
    return p.returncode, out


def rows(out: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(x) for x in (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({r["tp"] for r in found}) == len(found)
    return {r["tp"]: r for r in found}


def counts(out: Path) -> Counter[str]:
    return Counter(r["verdict"] for r in rows(out).values())


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quick")
    code, text = end(start(folder / "run", campaign(folder), "--quick"))
    assert code == 0, text
    return folder / "run"


def test_every_purpose_has_one_outcome(quick: Path) -> None:
    assert sorted(rows(quick)) == CATALOGUE
    assert counts(quick)["PASS"] > 10 and not set(counts(quick)) & {"FAIL", "INCONC", "ERROR"}


def test_every_pass_is_the_verdict_of_its_bundle(quick: Path) -> None:
    passed = [tp for tp, r in rows(quick).items() if r["verdict"] == "PASS"]
    for tp in passed:
        assert json.loads((quick / tp / "verdict.json").read_text(encoding="utf-8"))["verdict"] == "PASS"
    bundles = {p.name for p in quick.iterdir() if p.is_dir() and (p / "plan.yaml").exists()}
    assert bundles == set(passed)


def test_junit_agrees(quick: Path) -> None:
    cases = {c.get("name", "").split()[0]: {e.tag for e in c} & {"failure", "error", "skipped"}
             for c in ET.parse(quick / "junit.xml").getroot().iter("testcase")}
    passed = {tp for tp, r in rows(quick).items() if r["verdict"] == "PASS"}
    assert {tp for tp, kinds in cases.items() if not kinds} == passed
    assert not any(kinds & {"failure", "error"} for kinds in cases.values())


def test_run_json_agrees(quick: Path) -> None:
    run = json.loads((quick / "run.json").read_text(encoding="utf-8"))
    assert {k: v for k, v in run["counts"].items() if v} == {k: v for k, v in counts(quick).items() if v}
    assert sum(run["counts"].values()) == len(CATALOGUE)
    assert not run.get("partial")


def test_the_pages_name_what_passed(quick: Path) -> None:
    page = html.unescape((quick / "report.html").read_text(encoding="utf-8"))
    note = (quick / "summary.md").read_text(encoding="utf-8")
    n = counts(quick)["PASS"]
    for tp, r in rows(quick).items():
        if r["verdict"] == "PASS":
            assert tp in page
    for text in (re.sub(r"<[^>]+>", " ", page), note):
        assert re.search(rf"\b{n}\b\W*PASS|PASS\W*\b{n}\b", text), n
    assert "http://" not in page and "https://" not in page  # no external resources


def test_two_runs_side_by_side(tmp_path: Path) -> None:
    plan = campaign(tmp_path)
    both = [start(tmp_path / name, plan, *FEW) for name in ("one", "two")]
    for p in both:
        code, text = end(p)
        assert code == 0, text
    assert counts(tmp_path / "one") == counts(tmp_path / "two")
    assert counts(tmp_path / "one")["PASS"] == 3


def test_interrupted_leaves_a_partial_report(tmp_path: Path) -> None:
    out = tmp_path / "run"
    p = start(out, campaign(tmp_path), "--select", "TP_DD_MB_*")
    assert wait_until(lambda: len(list(out.glob("TP_*/verdict.json"))) > 2, 60)
    p.send_signal(signal.SIGINT)
    code, text = end(p)
    assert code == 130, text
    n = counts(out)
    assert n["NOT RUN"] > 0 and n["PASS"] >= 1 and sum(n.values()) == len(CATALOGUE), n
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert run["partial"]
    assert "partial" in (out / "report.html").read_text(encoding="utf-8").lower()
    assert "partial" in (out / "summary.md").read_text(encoding="utf-8").lower()
    ET.parse(out / "junit.xml")
    left = subprocess.run(["ps", "-o", "pid=", "-g", str(p.pid)], capture_output=True, text=True, timeout=10, check=False)
    assert not left.stdout.strip(), left.stdout


def test_a_fault_makes_the_run_fail(tmp_path: Path) -> None:
    code, text = end(start(tmp_path / "run", campaign(tmp_path), *FEW, "--fault", "mb-r1-idrr-is-b"))
    assert code == 1, text
    assert counts(tmp_path / "run")["FAIL"] >= 1
    root = ET.parse(tmp_path / "run" / "junit.xml").getroot()
    assert len(list(root.iter("failure"))) == counts(tmp_path / "run")["FAIL"]

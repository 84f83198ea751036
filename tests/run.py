#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every test of the tree; the last line is "N passed, N failed".

Called by scripts/test, which installs what is needed. --quick: dev build, unit, lint and driver tests."""
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COUNT = re.compile(r"^(\d+) (?:passed|killed), (\d+) (?:failed|survived)", re.M)


@dataclass
class Tally:
    """What was counted so far, and what failed."""

    passed: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, passed: int, failed: int, names: list[str]) -> None:
        self.passed += passed
        self.failed += failed
        self.failures += names


def run(cmd: list[str], timeout: int, env: dict[str, str] | None = None, cwd: Path = ROOT) -> tuple[int, str]:
    """One command with its output; the time limit guards against hangs only."""
    full = {**os.environ, **(env or {})}
    try:
        r = subprocess.run(cmd, cwd=cwd, env=full, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout)
    except subprocess.TimeoutExpired as e:
        out = e.stdout or b""
        return -1, (out.decode(errors="replace") if isinstance(out, bytes) else out) + f"\nno end after {timeout} s"
    return r.returncode, r.stdout


def tail(text: str, lines: int = 40) -> str:
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


class Runner:
    """Runs steps one after the other and keeps the tally."""

    def __init__(self) -> None:
        self.tally = Tally()

    def report(self, name: str, passed: int, failed: int, names: list[str], seconds: float, out: str) -> None:
        self.tally.add(passed, failed, [f"{name}: {n}" for n in names])
        print(f"{name:<34} {passed:>5} passed {failed:>4} failed {seconds:7.1f} s", flush=True)
        if failed:
            print(tail(out), flush=True)

    def step(self, name: str, cmd: list[str], timeout: int = 900, env: dict[str, str] | None = None,
             cwd: Path = ROOT) -> bool:
        """A command that must end with 0: counts as one."""
        t = time.monotonic()
        rc, out = run(cmd, timeout, env, cwd)
        self.report(name, int(rc == 0), int(rc != 0), [] if rc == 0 else [f"exit {rc}"], time.monotonic() - t, out)
        return rc == 0

    def counted(self, name: str, cmd: list[str], timeout: int = 900, env: dict[str, str] | None = None) -> None:
        """A command whose last "N passed, N failed" counts."""
        t = time.monotonic()
        rc, out = run(cmd, timeout, env)
        m = COUNT.findall(out)
        p, f = (int(m[-1][0]), int(m[-1][1])) if m else (0, 1)
        if rc != 0 and f == 0:
            f = 1
        self.report(name, p, f, [f"exit {rc}"] if f else [], time.monotonic() - t, out)

    def ctest(self, preset: str) -> None:
        t = time.monotonic()
        xml = ROOT / f"build-{preset}" / "ctest.xml"
        xml.unlink(missing_ok=True)
        rc, out = run(["ctest", "--test-dir", f"build-{preset}", "-j2", "--timeout", "600", "--output-on-failure",
                       "--no-tests=error", "--output-junit", str(xml)], 1800)
        passed, failed, names = 0, 0, []
        for case in ET.parse(xml).getroot().iter("testcase") if xml.exists() else []:
            m = COUNT.findall(case.findtext("system-out") or "")
            bad = case.get("status") != "run"
            p, f = (int(m[-1][0]), int(m[-1][1])) if m else (int(not bad), int(bad))
            if bad and f == 0:
                f = 1
            passed, failed = passed + p, failed + f
            names += [case.get("name", "?")] if f else []
        if rc != 0 and failed == 0:
            failed, names = 1, [f"ctest exit {rc}"]
        self.report(f"ctest {preset}", passed, failed, names, time.monotonic() - t, out)

    def pytest(self, folder: str, program: str | None, timeout: int = 1200) -> None:
        t = time.monotonic()
        env = {"PYTHONPATH": str(ROOT / "driver"), "PYTHONDONTWRITEBYTECODE": "1"}
        if program:
            env["LATCHKEY"] = str(ROOT / program)
        with tempfile.TemporaryDirectory() as d:
            xml = Path(d) / "junit.xml"
            rc, out = run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={xml}",
                           folder], timeout, env)
            passed, failed, names = 0, 0, []
            for case in ET.parse(xml).getroot().iter("testcase") if xml.exists() else []:
                kinds = {c.tag for c in case}
                if kinds & {"failure", "error"}:
                    failed += 1
                    names.append(case.get("name", "?"))
                elif "skipped" in kinds:
                    print(f"  skipped: {case.get('name')}")
                else:
                    passed += 1
        if (rc != 0 and failed == 0) or passed + failed == 0:
            failed, names = failed + 1, names + [f"pytest exit {rc}"]
        self.report(f"pytest {folder}", passed, failed, names, time.monotonic() - t, out)

    def campaign(self, name: str, args: list[str], program: str, out_dir: Path) -> None:
        """Test purposes of a run: PASS counts as passed; FAIL, INCONC and ERROR as failed."""
        t = time.monotonic()
        rc, out = run([str(ROOT / program), "run", "--out", str(out_dir), *args], 1800)
        rows = []
        try:
            rows = [json.loads(line) for line in (out_dir / "verdicts.jsonl").read_text().splitlines()]
        except (OSError, ValueError) as e:
            out += f"\n{e}"
        bad = [f"{r['tp']} {r['verdict']}" for r in rows if r["verdict"] in ("FAIL", "INCONC", "ERROR")]
        good = sum(r["verdict"] == "PASS" for r in rows)
        if rc != 0 and not bad:
            bad = [f"exit {rc}"]
        self.report(name, good, len(bad), bad, time.monotonic() - t, out)


def build(r: Runner, preset: str, *targets: str) -> bool:
    ok = r.step(f"configure {preset}", ["cmake", "--preset", preset])
    cmd = ["cmake", "--build", "--preset", preset]
    return ok and r.step(f"build {preset}", cmd + (["--target", *targets] if targets else []), 1800)


def archive_build(r: Runner) -> None:
    """Builds once more from the source archive: what is not tracked is not there."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return
    with tempfile.TemporaryDirectory() as d:
        tar = Path(d) / "latchkey.tar"
        src = Path(d) / "latchkey"
        src.mkdir()
        if r.step("source archive", ["git", "archive", "-o", str(tar), "HEAD"]) and \
           r.step("unpack", ["tar", "-xf", str(tar), "-C", str(src)]):
            r.step("configure archive", ["cmake", "--preset", "release"], cwd=src)
            r.step("build archive", ["cmake", "--build", "--preset", "release", "--target", "latchkey"], cwd=src)
            r.step("install archive", ["cmake", "--install", "build", "--prefix", str(src / "inst")], cwd=src)
            r.step("installed program", [str(src / "inst/bin/latchkey"), "list", "tp"], cwd=src)


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--quick", action="store_true")
    quick = ap.parse_args().quick
    r = Runner()
    if build(r, "dev"):
        r.ctest("dev")
    r.pytest("tests/lint", None)
    if quick:
        r.pytest("tests/driver", "build-dev/bin/latchkey")
    else:
        if build(r, "release"):
            program = "build/bin/latchkey"
            r.counted("latchkey vectors", [str(ROOT / program), "vectors"])
            for folder in ("tests/driver", "tests/cli", "tests/e2e"):
                r.pytest(folder, program)
            with tempfile.TemporaryDirectory() as d:
                r.campaign("built-in campaign", ["--quiet"], program, Path(d) / "run")
                # The campaign above was the control. The worthless peers take turns, a group of purposes a day.
                zoo = [str(ROOT / program), "zoo", "--no-control", "--quiet"]
                named = [a for role in ("a", "b", "mb", "kms") for a in ("--faults", f"{role}-*")]
                r.counted("fault zoo", [*zoo, *named, "--out", f"{d}/zoo"], 1800)
                group = ("MS", "IB", "RP", "NP", "AU", "SB", "EH", "ME")[int(time.time() // 86400) % 8]
                r.counted(f"worthless peers, group {group}",
                          [*zoo, "--faults", "peer-*", "--select", group, "--out", f"{d}/peers"], 1800)
        if build(r, "asan"):
            r.ctest("asan")
            with tempfile.TemporaryDirectory() as d:
                r.campaign("campaign under ASan and UBSan", ["--quiet", "--select", "TP_DD_*_001"],
                           "build-asan/bin/latchkey", Path(d) / "run")
        build(r, "clang")
        archive_build(r)
    if r.tally.failures:
        print("\nfailed:")
        for f in r.tally.failures:
            print("  " + f)
    print(f"\n{r.tally.passed} passed, {r.tally.failed} failed")
    return 1 if r.tally.failed or r.tally.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

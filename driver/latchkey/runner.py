# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Plays one test purpose and has the recording judged. The verdict is what the judge wrote, nothing else."""
from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from .catalogue import Purpose
from .network import Networks, NoNetwork
from .outcome import ERROR, FAIL, INCONC, JUDGED, Attempt, failure_key
from .process import Ended, Processes
from .program import EXIT_INTERNAL, program

JUDGE_TIMEOUT_S = 120


@dataclass(frozen=True)
class Settings:
    """What is the same for every purpose of a run."""

    out: Path
    seed: int = 1
    fault: str | None = None
    pixit: dict[str, str] = field(default_factory=dict)
    ibe: Path | None = None
    keys: Path | None = None
    timeout_s: float = 120
    step_timeout_ms: int | None = None
    taps: bool = False


@dataclass
class Stage:
    """What plays share: the processes and the networks of this run."""

    processes: Processes = field(default_factory=Processes)
    networks: Networks = field(default_factory=Networks)


def play_command(p: Purpose, s: Settings, bundle: Path, net: str, adapters: list[tuple[str, str]],
                 reproduce: str) -> list[str]:
    cmd = [program(), "play", str(p.path), "--out", str(bundle), "--net", net, "--seed", str(s.seed), "--quiet"]
    if reproduce:
        cmd += ["--command", reproduce]
    if s.fault:
        cmd += ["--fault", s.fault]
    if s.ibe:
        cmd += ["--ibe", str(s.ibe)]
    if s.step_timeout_ms:
        cmd += ["--step-timeout", str(s.step_timeout_ms)]
    if s.taps:
        cmd += ["--taps"]
    for role, adapter in adapters:
        cmd += ["--iut", f"{role}={adapter}"]
    for item, value in s.pixit.items():
        cmd += ["--px", f"{item}={value}"]
    return cmd


def read_verdict(bundle: Path) -> dict | None:
    """The judge's verdict.json, or None if there is none that can be used."""
    try:
        v = json.loads((bundle / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(v, dict) or v.get("verdict") not in JUDGED:
        return None
    for key in ("expect", "findings", "ladder"):  # a bundle may come from anywhere
        v[key] = [x for x in v[key] if isinstance(x, dict)] if isinstance(v.get(key), list) else []
    return v


def preamble_failed(verdict: dict) -> bool:
    return verdict["verdict"] == INCONC and any(
        row.get("as") == "preamble" and not row.get("met") for row in verdict["expect"])


def open_duty(verdict: dict) -> bool:
    """INCONC because a duty was looked at and its finding leaves it open: the first row that is not met, which
    gives the reason, has such a finding, and every preamble and control is met."""
    findings = {f.get("n"): f for f in verdict["findings"]}
    unmet = [row for row in verdict["expect"] if not row.get("met")]

    def found(row: dict) -> bool:
        numbers = row.get("findings") if isinstance(row.get("findings"), list) else []
        return any(findings.get(n, {}).get("verdict") in (INCONC, FAIL)
                   and findings.get(n, {}).get("party") == verdict.get("role") for n in numbers)

    return (verdict["verdict"] == INCONC and bool(unmet)
            and all(row.get("as") == "duty" for row in unmet) and found(unmet[0]))


def one_sentence(text: object) -> str:
    return " ".join(str(text).split())[:500]


def _error(bundle: Path, why: str, ended: Ended, seconds: float) -> Attempt:
    return Attempt(bundle.name, ERROR, why, seconds=seconds, output=ended.last_lines(), judged=False)


def _why_play(ended: Ended, limit: float) -> str | None:
    """Why the play gives no bundle to judge, or None."""
    if ended.timed_out:
        return f"the play did not end within {limit:g} s and was stopped"
    if ended.code == 0:
        return None
    last = ended.last_lines(1)
    how = f"signal {-ended.code}" if ended.code < 0 else f"exit {ended.code}"
    word = "the harness failed" if ended.code in (EXIT_INTERNAL, 126) else "the play failed"
    return one_sentence(f"{word} ({how}){': ' + last if last else ''}")


def judge(stage: Stage, bundle: Path, seconds: float, play_output: str = "") -> Attempt:
    """Judges a bundle in a fresh process."""
    (bundle / "verdict.json").unlink(missing_ok=True)
    ended = stage.processes.run([program(), "judge", str(bundle)], JUDGE_TIMEOUT_S)
    v = read_verdict(bundle)
    if ended.timed_out or ended.code < 0 or ended.code == EXIT_INTERNAL or v is None:
        how = "did not end" if ended.timed_out else f"gave no verdict (exit {ended.code})"
        last = ended.last_lines(1)
        return _error(bundle, one_sentence(f"the judge {how}{': ' + last if last else ''}"), ended, seconds)
    return Attempt(bundle.name, v["verdict"], one_sentence(v.get("reason", "")), failure_key(v), seconds,
                   play_output if v["verdict"] == ERROR else "", preamble_failed(v), open_duty=open_duty(v))


def play(stage: Stage, p: Purpose, s: Settings, bundle: Path, adapters: list[tuple[str, str]],
         reproduce: str) -> Attempt:
    """One play and its verdict. Whatever happens, an Attempt comes back, within the time limits."""
    start = time.monotonic()
    shutil.rmtree(bundle, ignore_errors=True)
    bundle.mkdir(parents=True)
    try:
        with stage.networks.network() as net:
            cmd = play_command(p, s, bundle, net, adapters, reproduce)
            ended = stage.processes.run(cmd, s.timeout_s)
    except NoNetwork as e:
        return _error(bundle, str(e), Ended(126, "", False, 0.0), 0.0)
    (bundle / "play.log").write_text(ended.output, encoding="utf-8")
    why = _why_play(ended, s.timeout_s)
    if why is not None:
        return _error(bundle, why, ended, time.monotonic() - start)
    if s.keys is not None:  # the vendor's own secrets
        with (bundle / "keys.log").open("a", encoding="utf-8") as f:
            f.write(s.keys.read_text(encoding="utf-8"))
    a = judge(stage, bundle, 0.0, ended.last_lines())
    return Attempt(**{**a.__dict__, "seconds": time.monotonic() - start})


def play_with_retry(stage: Stage, p: Purpose, s: Settings, bundle: Path, adapters: list[tuple[str, str]],
                    reproduce: str) -> list[Attempt]:
    """Plays once more if a preamble failed (test specification, 7.14); the first try is kept beside the bundle."""
    first = play(stage, p, s, bundle, adapters, reproduce)
    if not first.preamble or stage.processes.stopping:
        return [first]
    kept = free_name(bundle)
    bundle.rename(kept)
    first = Attempt(**{**first.__dict__, "bundle": kept.name})
    return [first, play(stage, p, s, bundle, adapters, reproduce)]


def free_name(bundle: Path) -> Path:
    """The next name for an attempt that is kept: ID.attempt-1, -2, ..."""
    n = 1
    while (other := bundle.with_name(f"{bundle.name}.attempt-{n}")).exists():
        n += 1
    return other

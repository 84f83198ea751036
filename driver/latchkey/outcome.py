# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""What became of each test purpose, the counts, and the exit code of a run."""
from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .catalogue import Purpose
from .program import EXIT_FAIL, EXIT_INCONC, EXIT_INTERRUPTED, EXIT_NOTHING, EXIT_OK, EXIT_STALE

PASS, INCONC, FAIL, ERROR = "PASS", "INCONC", "FAIL", "ERROR"
NA, NOT_RUN, NOT_SELECTED = "N/A", "NOT RUN", "NOT SELECTED"
JUDGED = (PASS, INCONC, FAIL, ERROR)          # in the order "worst wins"
VERDICTS = (PASS, INCONC, FAIL, ERROR, NA, NOT_RUN, NOT_SELECTED)


@dataclass(frozen=True)
class Attempt:
    """One play of one purpose, judged."""

    bundle: str  # folder name inside the run folder
    verdict: str
    reason: str
    key: str = ""
    seconds: float = 0.0
    output: str = ""
    preamble: bool = False  # INCONC because a preamble was not met
    judged: bool = True     # there is a verdict.json
    open_duty: bool = False  # INCONC, and a finding about the party under test, counted for a duty, is the reason


@dataclass
class Row:
    """One line of verdicts.jsonl: a test purpose and its outcome."""

    tp: str
    title: str
    role: str
    group: str
    type: str
    level: str
    clauses: list[str]
    requirements: list[str]
    verdict: str
    reason: str = ""
    key: str = ""
    seconds: float = 0.0
    bundle: str = ""
    iut: str = ""
    reproduce: str = ""
    output: str = ""
    expected: bool = False       # a baseline entry covers it
    baseline: dict | None = None
    retried: bool = False
    attempts: list[dict] = field(default_factory=list)

    @classmethod
    def of(cls, p: Purpose, verdict: str, reason: str = "") -> Row:
        return cls(p.id, p.title, p.role, p.group, p.type, p.level, list(p.clauses), list(p.requirements),
                   verdict, reason)

    @property
    def unexpected(self) -> bool:
        return self.verdict in (FAIL, INCONC, ERROR) and not self.expected

    def to_json(self) -> dict:
        return asdict(self)


def failure_key(verdict: dict) -> str:
    """What distinguishes one failure of a purpose from another: the laws that were broken or not met."""
    findings = verdict.get("findings", [])
    laws = {str(f.get("law")) for f in findings if f.get("counted") and f.get("verdict") == verdict.get("verdict")}
    laws |= {str(r.get("law")) for r in verdict.get("expect", []) if not r.get("met", True)}
    return "" if verdict.get("verdict") == PASS else "+".join(sorted(laws))


def worst(attempts: list[Attempt]) -> Attempt:
    """The attempt that counts when a purpose is played several times; the first of equals."""
    return max(attempts, key=lambda a: JUDGED.index(a.verdict))


def counts(rows: list[Row]) -> dict[str, int]:
    """How many of each; the sum is the size of the catalogue."""
    found = {v: 0 for v in VERDICTS}
    for row in rows:
        found[row.verdict] += 1
    return found


def exit_code(rows: list[Row], stale: list[str], strict_baseline: bool, interrupted: bool) -> int:
    """The exit code of design, 3: never a count."""
    bad = {row.verdict for row in rows if row.unexpected}
    if interrupted:
        return EXIT_INTERRUPTED
    if FAIL in bad:
        return EXIT_FAIL
    if bad:
        return EXIT_INCONC
    if stale and strict_baseline:
        return EXIT_STALE
    if not any(row.verdict in (PASS, FAIL) for row in rows):
        return EXIT_NOTHING
    return EXIT_OK


EXIT_WORDS = {
    EXIT_OK: "every verdict is PASS or as the baseline expects", EXIT_FAIL: "an unexpected FAIL",
    EXIT_INCONC: "no FAIL, but an unexpected INCONC or ERROR", EXIT_STALE: "the baseline is stale",
    EXIT_NOTHING: "nothing was verified", EXIT_INTERRUPTED: "interrupted",
}


def write_rows(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(r.to_json(), ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


def read_rows(path: Path) -> list[Row]:
    """Raises OSError, ValueError, TypeError for a file that is not ours."""
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line]

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The reports of a run folder: report.html, summary.md, junit.xml. Everything comes from the folder."""
from __future__ import annotations

import functools
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
from markupsafe import Markup

from . import junit, ladder, runinfo
from .engine import ORDER
from .outcome import (ERROR, EXIT_WORDS, FAIL, INCONC, NA, NOT_RUN, NOT_SELECTED, PASS, VERDICTS, Row, counts,
                      failure_key, read_rows, write_rows)
from .program import root
from .runner import one_sentence, read_verdict

MAX_FINDINGS = 60


class NotARun(Exception):
    """A folder that holds no run; the text says what to do."""


@dataclass
class Purpose:
    """A row with what its bundle says, ready for the templates."""

    row: Row
    verdict: dict | None = None
    ladder: Markup = Markup("")
    problems: list[dict] = field(default_factory=list)  # findings that are not PASS and count
    noted: list[dict] = field(default_factory=list)     # not PASS, but not of this verdict
    passed: list[dict] = field(default_factory=list)
    expect: list[dict] = field(default_factory=list)
    judge_again: str = ""

    @property
    def anchor(self) -> str:
        return self.row.tp


@dataclass
class Run:
    """A run folder, read."""

    folder: Path
    info: dict
    rows: list[Row]


def load(folder: Path) -> Run:
    """Reads a run folder; a verdict.json that was judged again since wins over the row."""
    try:
        info = runinfo.read(folder)
        rows = read_rows(folder / "verdicts.jsonl")
    except (OSError, ValueError, TypeError) as e:
        raise NotARun(f"{folder}: no finished run ({e}); name the folder that `latchkey run --out` made") from e
    for row in rows:
        v = read_verdict(folder / row.bundle) if row.bundle else None
        if v is not None and v["verdict"] != row.verdict:
            row.verdict, row.reason, row.key = v["verdict"], one_sentence(v.get("reason", "")), failure_key(v)
            row.expected = bool(row.baseline) and row.baseline["verdict"] == row.verdict
    return Run(folder, info, rows)


def _octets(f: dict) -> tuple[int, int]:
    o = f.get("octets")
    good = isinstance(o, list) and len(o) == 2 and all(isinstance(x, int) and x >= 0 for x in o)
    return (o[0], o[1]) if good else (0, 0)


PLACES = {"mikey": "of the MIKEY message", "ibake": "of the decrypted IBAKE payload", "esk": "of the decrypted ESK",
          "kemac": "of the decrypted KEMAC", "sip": "of the SIP message", "rtp": "of the RTP packet"}


def _finding(f: dict) -> dict:
    start, end = _octets(f)
    dump = ladder.hexdump(str(f.get("hex") or ""), start)
    shown = sum(marked for line in dump for _, marked in line.cells)
    frame = f.get("frame") if isinstance(f.get("frame"), int) else 0
    requirements = f.get("requirements") if isinstance(f.get("requirements"), list) else []
    return {**f, "dump": dump, "start": start, "end": end, "more": max(0, end - start - shown) if dump else 0,
            "within": PLACES.get(str(f.get("in")), f"of {f.get('in')}"), "frame": frame,
            "requirements": [str(r) for r in requirements]}


def purpose(run: Run, row: Row) -> Purpose:
    """What the report shows of one purpose."""
    p = Purpose(row)
    v = read_verdict(run.folder / row.bundle) if row.bundle else None
    if row.bundle:
        p.judge_again = "latchkey judge " + shlex.quote(row.bundle)
    if v is None:
        return p
    p.verdict = v
    findings = [_finding(f) for f in v["findings"]]
    marks: dict[int, str] = {}
    for f in findings:
        if f.get("verdict") == PASS:
            p.passed.append(f)
        elif f.get("counted"):
            p.problems.append(f)
            if f["frame"] and marks.get(f["frame"]) != FAIL:
                marks[f["frame"]] = str(f.get("verdict"))
        else:
            p.noted.append(f)
    p.expect = v["expect"]
    p.ladder = ladder.svg(v["ladder"], marks, f"ladder of {row.tp}")
    return p


def headline(run: Run) -> tuple[str, str]:
    """The verdict of the whole run: a class for the colour, and a sentence."""
    rows, n = run.rows, counts(run.rows)
    bad = [r for r in rows if r.unexpected]
    verified = n[PASS] + n[FAIL]
    if run.info.get("partial"):
        return "inconc", "Interrupted: this report is partial"
    if any(r.verdict == FAIL for r in bad):
        k = sum(r.verdict == FAIL for r in bad)
        return "fail", f"{k} of {verified} verified test purposes failed"
    if bad:
        return "inconc", f"No failure, but {len(bad)} of {verified + len(bad)} could not be decided"
    if not verified:
        return "inconc", "Nothing was verified"
    known = sum(r.expected for r in rows)
    if known:
        return "pass", f"{n[PASS]} passed, {known} as the baseline expects"
    return "pass", f"All {n[PASS]} verified test purposes passed"


def groups(rows: list[Row]) -> list[dict]:
    """Counts by role and group, for what was selected."""
    out = []
    for role, group in sorted({(r.role, r.group) for r in rows}):
        part = [r for r in rows if (r.role, r.group) == (role, group)]
        n = counts(part)
        if n[NOT_SELECTED] < len(part):
            out.append({"role": role, "group": group, "n": n, "total": len(part), "rows": part})
    return out


@functools.lru_cache(maxsize=4)
def _environment(folder: Path) -> jinja2.Environment:
    """Templates with everything escaped: bundles may hold hostile text."""
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True,
                             trim_blocks=True, lstrip_blocks=True)
    env.globals.update(PASS=PASS, FAIL=FAIL, INCONC=INCONC, ERROR=ERROR, NA=NA, NOT_RUN=NOT_RUN,
                       NOT_SELECTED=NOT_SELECTED, VERDICTS=VERDICTS, MAX_FINDINGS=MAX_FINDINGS)
    env.filters["css"] = lambda v: str(v).lower().replace("/", "").replace(" ", "-")
    env.filters["md"] = markdown
    env.filters["by_law"] = by_law
    # the style sheet and the script are ours and stand in the page itself: no external resource
    env.globals["style"] = Markup((folder / "report.css").read_text(encoding="utf-8"))
    env.globals["script"] = Markup((folder / "report.js").read_text(encoding="utf-8"))
    return env


def by_law(findings: list[dict]) -> list[dict]:
    """Findings in one row for each law and verdict: where it arose, and what was seen first."""
    found: dict[tuple, list[dict]] = {}
    for f in findings:
        found.setdefault((str(f.get("law")), str(f.get("verdict"))), []).append(f)
    out = []
    for (law, verdict), part in found.items():
        where = dict.fromkeys(f"{f.get('party')} {f.get('place')}" + (f" ({f['frame']})" if f["frame"] else "")
                              for f in part)
        places = list(where)[:6] + ([f"{len(where) - 6} more"] if len(where) > 6 else [])
        out.append({"law": law, "verdict": verdict, "where": ", ".join(places), "actual": part[0].get("actual"),
                    "requirements": ", ".join(part[0]["requirements"])})
    return out


def matrix(rows: list[Row]) -> dict:
    """Roles down, groups across, of what was selected; None where a role has no such group."""
    parts = {(g["role"], g["group"]): g for g in groups(rows)}
    names = [g for g in ORDER if any(g == k[1] for k in parts)]
    names += sorted({k[1] for k in parts} - set(ORDER))
    out = []
    for role in [r for r in ("A", "MB", "B", "KMS", "PC") if any(r == k[0] for k in parts)]:
        mine = [r for k, g in parts.items() if k[0] == role for r in g["rows"]]
        out.append((role, [*(parts.get((role, g)) for g in names), {"n": counts(mine), "total": len(mine)}]))
    return {"groups": names, "rows": out}


def environment() -> jinja2.Environment:
    return _environment(root() / "reports")


def markdown(text: object) -> Markup:
    """One line of Markdown text in which nothing is markup."""
    flat = " ".join(str(text).split())
    return Markup("".join("\\" + c if c in "\\`*_{}[]<>#|!~" else c for c in flat))


def html(run: Run) -> str:
    kind, sentence = headline(run)
    shown = [purpose(run, r) for r in run.rows if r.verdict != NOT_SELECTED]
    rank = {v: i for i, v in enumerate((FAIL, ERROR, INCONC, PASS, NOT_RUN, NA))}
    failing = [p for p in shown if p.row.verdict in (FAIL, ERROR, INCONC)]
    failing.sort(key=lambda p: (p.row.expected, rank[p.row.verdict], p.row.tp))
    return environment().get_template("report.html.j2").render(
        info=run.info, kind=kind, sentence=sentence, n=counts(run.rows), total=len(run.rows), purposes=shown,
        failing=failing, matrix=matrix(run.rows), exit_words=EXIT_WORDS,
        others=[r for r in run.rows if r.verdict == NOT_SELECTED])


def summary(run: Run) -> str:
    _, sentence = headline(run)
    return environment().get_template("summary.md.j2").render(
        info=run.info, sentence=sentence, n=counts(run.rows), total=len(run.rows), groups=groups(run.rows),
        problems=[r for r in run.rows if r.verdict in (FAIL, ERROR, INCONC)],
        skipped=[r for r in run.rows if r.verdict in (NA, NOT_RUN)])


def write_all(run: Run) -> None:
    """Writes the three reports; the same folder gives the same octets."""
    write_rows(run.folder / "verdicts.jsonl", run.rows)
    (run.folder / "junit.xml").write_bytes(junit.document(run.info, run.rows))
    (run.folder / "summary.md").write_text(summary(run), encoding="utf-8")
    (run.folder / "report.html").write_text(html(run), encoding="utf-8")

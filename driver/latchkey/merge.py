# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Several run folders (shards) as one."""
from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from . import runinfo
from .outcome import JUDGED, NA, NOT_RUN, NOT_SELECTED, Row, counts, exit_code, write_rows
from .render import NotARun, Run, load

RANK = {v: i for i, v in enumerate((NOT_SELECTED, NOT_RUN, NA, *JUDGED))}


def _carry(row: Row, source: Path, out: Path) -> Row:
    """The row with the paths of its bundles as seen from the merged folder."""
    def moved(bundle: str) -> str:
        return os.path.relpath(source / bundle, out) if bundle else ""
    return replace(row, bundle=moved(row.bundle),
                   attempts=[{**a, "bundle": moved(a["bundle"])} for a in row.attempts])


def merge(folders: list[Path], out: Path) -> Run:
    """Reads shards of one catalogue; where several tried a purpose, the worst verdict wins. Raises NotARun."""
    runs = [load(f) for f in folders]
    sizes = {r.info.get("catalogue", {}).get("sha256") for r in runs}
    if len(sizes) > 1:
        raise NotARun(f"{folders[0]} and others were run with different catalogues; run the shards with one version")
    best: dict[str, Row] = {}
    for run in runs:
        for row in run.rows:
            old = best.get(row.tp)
            if old is None or RANK[row.verdict] > RANK[old.verdict]:
                best[row.tp] = _carry(row, run.folder, out)
    rows = sorted(best.values(), key=lambda r: r.tp)
    first = runs[0].info
    partial = any(r.info.get("partial") for r in runs)
    stale = sorted({s for r in runs for s in r.info.get("stale", [])})
    info = {**first, "kind": "merged", "started": min(str(r.info.get("started")) for r in runs),
            "ended": max(str(r.info.get("ended")) for r in runs),
            "partial": partial, "counts": counts(rows),
            "exit": exit_code(rows, stale, False, partial), "stale": stale,
            "shards": [{"folder": os.path.relpath(r.folder, out), "command": r.info.get("command"),
                        "host": r.info.get("host"), "seed": r.info.get("seed")} for r in runs]}
    out.mkdir(parents=True, exist_ok=True)
    runinfo.write(out / "run.json", info)
    write_rows(out / "verdicts.jsonl", rows)
    return Run(out, info, rows)

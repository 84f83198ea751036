# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The fault zoo: a check that cannot fail is worth nothing, so every fault must be noticed."""
from __future__ import annotations

import shutil
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Callable

from .catalogue import Purpose
from .common import Fault
from .outcome import ERROR, FAIL, INCONC, NOT_RUN, PASS, Attempt
from .runner import Settings, Stage, play

PEER_STEP_TIMEOUT_MS = 1500  # a worthless peer answers nothing; it need not be waited for long
PEER_ROLES = ("A", "MB", "B", "KMS")


@dataclass
class Cell:
    """One fault (or none) against one purpose."""

    tp: str
    verdict: str = NOT_RUN
    reason: str = ""
    seconds: float = 0.0
    bundle: str = ""
    noticed: bool = False


@dataclass
class Line:
    """One fault with its cells. fault None is the control: correct agents."""

    fault: Fault | None
    cells: list[Cell] = field(default_factory=list)
    why: str = ""  # why nothing could be tried

    @property
    def name(self) -> str:
        return self.fault.name if self.fault else "control"

    @property
    def killed(self) -> bool:
        return bool(self.cells) and all(c.noticed for c in self.cells)

    def to_json(self) -> dict:
        f = self.fault
        return {"fault": self.name, "role": f.role if f else "", "sentence": f.sentence if f else "",
                "requirement": f.requirement if f else "", "killed": self.killed, "why": self.why,
                "cells": [c.__dict__ for c in self.cells]}


def noticed(fault: Fault | None, a: Attempt, tp: str = "") -> bool:
    """Whether the verdict is the one it has to be. A play without a verdict notices nothing. Where the criterion
    of the purpose calls the fault inconclusive, a duty must be what is open, not a preamble or control."""
    if fault is None:
        return a.verdict == PASS
    if fault.everywhere:
        return a.judged and a.verdict in (FAIL, INCONC, ERROR)
    return a.verdict == FAIL or (tp in fault.inconc and a.open_duty)


def sample(faults: list[Fault], n: int) -> list[Fault]:
    """n faults, evenly spread over the table."""
    if n >= len(faults):
        return faults
    return [faults[i * len(faults) // n] for i in range(n)]


def lines_for(faults: list[Fault], catalogue: list[Purpose], selected: set[str], control: bool) -> list[Line]:
    """What has to be tried: the control first, then each fault with the purposes it names."""
    known = {p.id: p for p in catalogue}
    lines = []
    for f in faults:
        line = Line(f)
        if f.everywhere:
            ids = [p.id for p in catalogue if p.id in selected and p.role in PEER_ROLES and not p.not_run]
        else:
            ids = list(f.tps)
        line.cells = [Cell(i) for i in ids]
        for c in line.cells:
            if c.tp not in known:
                c.reason = "there is no such test purpose"
            elif known[c.tp].not_run:
                c.reason = f"cannot be played: {known[c.tp].not_run}"
        if not line.cells:
            line.why = "names no test purpose"
        lines.append(line)
    if control:
        ids = sorted({c.tp for line in lines for c in line.cells if not c.reason})
        lines.insert(0, Line(None, [Cell(i) for i in ids]))
    return lines


@dataclass
class Zoo:
    """Plays lines; keeps the bundles of what went wrong."""

    settings: Settings
    jobs: int
    keep: bool = False
    stage: Stage = field(default_factory=Stage)
    on_cell: Callable[[Line, Cell], None] = lambda line, cell: None
    interrupted: bool = False

    def run(self, lines: list[Line], catalogue: list[Purpose]) -> None:
        known = {p.id: p for p in catalogue}
        work = [(line, c) for line in lines for c in line.cells if not c.reason]
        with ThreadPoolExecutor(self.jobs) as pool:
            running = {}
            try:
                while work or running:
                    while work and len(running) < self.jobs:
                        line, cell = work.pop(0)
                        running[pool.submit(self.one, line, cell, known[cell.tp])] = (line, cell)
                    done, _ = wait(running, 0.2, FIRST_COMPLETED)
                    for f in done:
                        line, cell = running.pop(f)
                        if f.exception() is not None:
                            cell.verdict, cell.reason = ERROR, f"the driver failed: {f.exception()}"
                        self.on_cell(line, cell)
            except KeyboardInterrupt:
                self.interrupted = True
                self.stage.processes.stop_all()

    def one(self, line: Line, cell: Cell, p: Purpose) -> None:
        s, fault = self.settings, line.fault
        if fault is not None:
            s = replace(s, fault=fault.name)
            if fault.everywhere:
                s = replace(s, step_timeout_ms=PEER_STEP_TIMEOUT_MS)
        bundle = s.out / line.name / p.id
        a = play(self.stage, p, s, bundle, [], f"latchkey run --select {p.id} --seed {s.seed}"
                 + (f" --fault {fault.name}" if fault else ""))
        if a.preamble and fault is None:  # once more, as in a run
            a = play(self.stage, p, s, bundle, [], "")
        cell.verdict, cell.reason, cell.seconds = a.verdict, a.reason, round(a.seconds, 2)
        cell.noticed = noticed(fault, a, p.id)
        if cell.noticed and not self.keep:
            shutil.rmtree(bundle, ignore_errors=True)
        else:
            cell.bundle = f"{line.name}/{p.id}"

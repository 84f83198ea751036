# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Runs a plan: many purposes side by side, one row each, whatever happens."""
from __future__ import annotations

import datetime
import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from typing import Callable

from . import baseline
from .campaign import Campaign
from .catalogue import Purpose
from .knowledge import Knowledge
from .outcome import ERROR, FAIL, NA, NOT_RUN, NOT_SELECTED, PASS, Attempt, Row, worst
from .runner import Settings, Stage, free_name, play_with_retry

ORDER = ("MS", "AU", "SB", "NP", "IB", "RP", "ME", "EH")  # test specification, 7.14


@dataclass(frozen=True)
class Plan:
    """What will happen to each purpose of the catalogue."""

    play: list[Purpose]
    rows: list[Row]  # of those that are not played
    reproduce: dict[str, str] = field(default_factory=dict)


def in_order(purposes: list[Purpose]) -> list[Purpose]:
    def rank(p: Purpose) -> tuple:
        group = ORDER.index(p.group) if p.group in ORDER else len(ORDER)
        return p.type == "TI", group, p.id
    return sorted(purposes, key=rank)


def make_plan(catalogue: list[Purpose], chosen: list[Purpose], campaign: Campaign, known: Knowledge) -> Plan:
    """Sorts the catalogue into played, N/A, NOT RUN and not selected."""
    ids = {p.id for p in chosen}
    todo, rows = [], []
    for p in catalogue:
        item = campaign.denied(p)
        if p.id not in ids:
            why = "" if p.role in campaign.iuts or p.role == "PC" else f"no {p.role} is under test"
            rows.append(Row.of(p, NOT_SELECTED, why))
        elif item is not None:
            word = ", an item that is mandatory" if known.mandatory(item) else ""
            text = known.pics.get(item, {}).get("text", "")
            rows.append(Row.of(p, NA, f"{item} is N{word}{f' ({text})' if text else ''}"))
        elif p.not_run:
            rows.append(Row.of(p, NOT_RUN, p.not_run))
        else:
            todo.append(p)
    return Plan(in_order(todo), rows)


def default_jobs() -> int:
    return len(os.sched_getaffinity(0))


@dataclass
class Engine:
    """Plays a plan. on_row is called in the main thread for each purpose that is finished."""

    campaign: Campaign
    settings: Settings
    jobs: int
    repeat: int = 1
    fail_fast: bool = False
    today: datetime.date = field(default_factory=datetime.date.today)
    on_row: Callable[[Row], None] = lambda row: None
    on_tick: Callable[[list[str]], None] = lambda running: None
    stage: Stage = field(default_factory=Stage)
    interrupted: bool = False

    def run(self, plan: Plan) -> list[Row]:
        """All rows in the order of ids. An interruption leaves the rest NOT RUN."""
        rows = list(plan.rows)
        waiting = list(reversed(plan.play))
        running: dict[Future, Purpose] = {}
        stop = ""
        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                while running or (waiting and not stop):
                    while waiting and not stop and len(running) < self.jobs:
                        p = waiting.pop()
                        running[pool.submit(self.one, p, plan.reproduce.get(p.id, ""))] = p
                    done, _ = wait(running, 0.2, FIRST_COMPLETED)
                    for f in done:
                        row = self.finish(running.pop(f), f)
                        rows.append(row)
                        self.on_row(row)
                        if self.fail_fast and row.unexpected and row.verdict in (FAIL, ERROR):
                            stop = f"stopped by --fail-fast after {row.tp}"
                    self.on_tick([p.id for p in running.values()])
            except KeyboardInterrupt:
                self.interrupted, stop = True, "the run was interrupted"
                self.stage.processes.stop_all()
            except BaseException:
                self.stage.processes.stop_all()
                raise
        rows += [Row.of(p, NOT_RUN, stop) for p in [*running.values(), *waiting]]
        return sorted(rows, key=lambda r: r.tp)

    def finish(self, p: Purpose, f: Future) -> Row:
        """The row of a finished purpose; a defect of the driver itself is an ERROR of that purpose."""
        e = f.exception()
        if e is None:
            return f.result()
        return Row.of(p, ERROR, f"the driver failed: {type(e).__name__}: {e}")

    def one(self, p: Purpose, reproduce: str) -> Row:
        adapters = self.campaign.adapters(p.role)
        attempts: list[Attempt] = []
        decisive: list[Attempt] = []
        bundle = self.settings.out / p.id
        for i in range(self.repeat):
            if self.stage.processes.stopping:
                break
            if attempts:  # keep what lies there under a name of its own
                kept = free_name(bundle)
                bundle.rename(kept)
                attempts = [replace(a, bundle=kept.name) if a.bundle == p.id else a for a in attempts]
                decisive = [replace(a, bundle=kept.name) if a.bundle == p.id else a for a in decisive]
            s = replace(self.settings, seed=self.settings.seed + i)
            tries = play_with_retry(self.stage, p, s, bundle, adapters, reproduce)
            attempts += tries
            decisive.append(tries[-1])
        return self.row(p, attempts, worst(decisive), reproduce)

    def row(self, p: Purpose, attempts: list[Attempt], a: Attempt, reproduce: str) -> Row:
        row = Row.of(p, a.verdict, a.reason)
        row.key, row.seconds, row.bundle, row.output = a.key, round(a.seconds, 2), a.bundle, a.output
        row.reproduce = reproduce
        iut = self.campaign.iuts.get(p.role)
        row.iut = iut.label if iut else ", ".join(dict.fromkeys(i.label for i in self.campaign.iuts.values()))
        row.retried = any(x.preamble for x in attempts[:-1]) and self.repeat == 1
        if len(attempts) > 1:
            keys = ("bundle", "verdict", "reason", "key", "seconds")
            row.attempts = [{k: asdict(x)[k] for k in keys} for x in attempts]
        if row.retried:
            row.reason += " (second try; in the first a preamble failed)"
        elif self.repeat > 1:
            passed = sum(x.verdict == PASS for x in attempts)
            row.reason += f" ({passed} of {len(attempts)} plays passed)"
        entry = next((e for e in self.campaign.baseline
                      if e.covers(p.id, row.verdict, row.key, self.today)), None)
        if entry is not None:
            row.expected, row.baseline = True, entry.to_json()
        return row


def stale_entries(campaign: Campaign, rows: list[Row], today: datetime.date) -> list[str]:
    tried = {r.tp: (r.verdict, r.key) for r in rows if r.verdict not in (NA, NOT_RUN, NOT_SELECTED)}
    return baseline.stale(campaign.baseline, tried, today)

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""What a run says on the terminal."""
from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

from .outcome import FAIL, NA, NOT_RUN, NOT_SELECTED, PASS, VERDICTS, Row, counts

COLOURS = {PASS: "32", "INCONC": "33", FAIL: "31", "ERROR": "35"}


@dataclass
class Terminal:
    """Progress and result. quiet leaves out the lines per purpose and the table."""

    total: int
    quiet: bool = False
    out: TextIO = field(default_factory=lambda: sys.stdout)
    done: int = 0
    _start: float = field(default_factory=time.monotonic)
    _live: int = 0

    @property
    def tty(self) -> bool:
        return self.out.isatty()

    def line(self, text: str = "") -> None:
        self.clear()
        print(clean(text), file=self.out, flush=True)

    def verdict(self, word: str, width: int = 7) -> str:
        padded = f"{word:<{width}}"
        return f"\x1b[{COLOURS[word]}m{padded}\x1b[0m" if self.tty and word in COLOURS else padded

    def clear(self) -> None:
        if self._live:
            self.out.write("\r" + " " * self._live + "\r")
            self._live = 0

    def on_row(self, row: Row) -> None:
        self.done += 1
        if self.quiet:
            return
        self.clear()
        width = len(str(self.total))
        note = "" if row.verdict == PASS and not row.retried else f"  {clean(row.reason)}"
        if row.expected:
            note += " [expected]"
        room = shutil.get_terminal_size((160, 24)).columns - 40 - 2 * width if self.tty else 400
        print(f"[{self.done:>{width}}/{self.total}] {row.tp:<16} {self.verdict(row.verdict)} "
              f"{row.seconds:6.1f} s{note[:max(room, 20)]}", file=self.out, flush=True)

    def on_tick(self, running: list[str]) -> None:
        if not self.tty:
            return
        text = f"{self.done}/{self.total} done, {time.monotonic() - self._start:.0f} s, now {' '.join(running)}"
        text = text[:shutil.get_terminal_size().columns - 1]
        self.clear()
        self.out.write(text)
        self.out.flush()
        self._live = len(text)

    def table(self, rows: list[Row]) -> None:
        """Counts by role and group."""
        if self.quiet:
            return
        heads = list(VERDICTS)
        self.line()
        self.line(f"{'role':<5}{'group':<6}" + "".join(f"{_head(h):>9}" for h in heads) + f"{'of':>6}")
        for role, group in sorted({(r.role, r.group) for r in rows}):
            part = [r for r in rows if (r.role, r.group) == (role, group)]
            n = counts(part)
            if n[NOT_SELECTED] < len(part):
                cells = "".join(f"{n[h] or '-':>9}" for h in heads)
                self.line(f"{role:<5}{group:<6}{cells}{len(part):>6}")

    def problems(self, rows: list[Row]) -> None:
        """Everything that was selected and is not PASS, each with its reason and how to see it again."""
        for row in rows:
            if row.verdict in (PASS, NOT_SELECTED) or (self.quiet and row.verdict in (NA, NOT_RUN)):
                continue
            self.line()
            known = f"  [expected until {row.baseline['expires']}: {row.baseline['reason']}]" if row.baseline else ""
            self.line(f"{row.tp} {self.verdict(row.verdict, 0)}{known}")
            self.line(f"    {row.title}")
            self.line(f"    {row.reason}")
            for text in row.output.splitlines():
                self.line(f"    | {text}")
            if row.reproduce and row.verdict not in (NA, NOT_RUN):
                self.line(f"    again: {row.reproduce}")

    def summary(self, rows: list[Row]) -> None:
        self.line()
        self.line(counts_line(rows))


def _head(verdict: str) -> str:
    return "not sel." if verdict == NOT_SELECTED else verdict


def counts_line(rows: list[Row]) -> str:
    n = counts(rows)
    return ", ".join(f"{n[v]} {v if v != NOT_SELECTED else 'not selected'}" for v in VERDICTS) + f" = {len(rows)}"


def clean(text: str) -> str:
    """What comes from a bundle may be hostile: no control characters but our own colours."""
    return "".join(c if c.isprintable() or c == "\x1b" and text[i:i + 2] == "\x1b[" and _colour(text[i:]) else " "
                   for i, c in enumerate(text))


def _colour(text: str) -> bool:
    return text.startswith(tuple(f"\x1b[{c}m" for c in (*COLOURS.values(), "0")))

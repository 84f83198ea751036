# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""latchkey zoo: every fault against the purposes that must notice it: the kill matrix."""
from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from . import campaign as campaigns
from . import common, runinfo
from .catalogue import select
from .engine import default_jobs
from .program import EXIT_FAIL, EXIT_INTERRUPTED, EXIT_OK
from .render import environment
from .runner import Settings
from .terminal import Terminal, clean
from .zoo import Cell, Line, Zoo, lines_for, sample


def parser() -> argparse.ArgumentParser:
    ap = common.Parser(prog="latchkey zoo", description="Every fault of the reference agents against the test "
                       "purposes that must notice it. Exit 0 if all were noticed, else 1.")
    a = ap.add_argument
    a("--faults", action="append", default=[], metavar="GLOB", help="only these faults; repeatable")
    a("--sample", type=int, metavar="N", help="N faults, evenly spread over the table")
    a("--select", action="append", default=[], metavar="PATTERN", help="purposes for the worthless peers (peer-*)")
    a("--control", action=argparse.BooleanOptionalAction, default=True,
      help="first hold correct agents against the same purposes: all must pass")
    a("--with-control", dest="control", action="store_true", help=argparse.SUPPRESS)
    a("--jobs", type=int, metavar="N", help="how many at a time (default: the number of cores)")
    a("--out", metavar="DIR", help="folder of the result (default: out/zoo-<time>)")
    a("--seed", type=int, default=1, metavar="N")
    a("--timeout", type=int, default=120, metavar="S", help="seconds for one play")
    a("--keep", action="store_true", help="keep the bundles of noticed faults too")
    a("--quiet", action="store_true", help="only survivors and the counts")
    a("--list", action="store_true", help="list the faults that are selected")
    return ap


def write_csv(path: Path, lines: list[Line]) -> None:
    """The matrix: a row for each fault, a column for each purpose, a verdict where it was tried."""
    tps = sorted({c.tp for line in lines for c in line.cells})
    with path.open("w", newline="", encoding="utf-8") as f:
        w = csv.writer(f)
        w.writerow(["fault", "role", "requirement", "killed", *tps])
        for line in lines:
            got = {c.tp: c.verdict for c in line.cells}
            role, req = (line.fault.role, line.fault.requirement) if line.fault else ("", "")
            w.writerow([line.name, role, req, "yes" if line.killed else "no", *(got.get(tp, "") for tp in tps)])


def write_results(out: Path, lines: list[Line], info: dict) -> None:
    runinfo.write(out / "zoo.json", {**info, "lines": [line.to_json() for line in lines]})
    write_csv(out / "zoo.csv", lines)
    html = environment().get_template("zoo.html.j2").render(
        info=info, control=next((x for x in lines if x.fault is None), None),
        lines=[x for x in lines if x.fault is not None])
    (out / "zoo.html").write_text(html, encoding="utf-8")


def survivors(screen: Terminal, line: Line) -> None:
    sentence = line.fault.sentence if line.fault else "correct agents must pass what the faults are held against"
    screen.line()
    screen.line(f"{line.name}: {sentence}{f' ({line.why})' if line.why else ''}")
    for c in line.cells:
        if not c.noticed:
            screen.line(f"    {c.tp} {screen.verdict(c.verdict)} {c.reason}")
            fault = f" --fault {line.name}" if line.fault else ""
            if c.bundle:
                screen.line(f"        again: latchkey run --select {c.tp}{fault}")


def table(screen: Terminal, lines: list[Line]) -> None:
    """Faults by role."""
    if screen.quiet:
        return
    screen.line()
    screen.line(f"{'role':<6}{'faults':>8}{'killed':>8}{'survived':>10}{'plays':>8}")
    for role in sorted({x.fault.role for x in lines if x.fault}):
        part = [x for x in lines if x.fault and x.fault.role == role]
        dead = sum(x.killed for x in part)
        plays = sum(len(x.cells) for x in part)
        screen.line(f"{role:<6}{len(part):>8}{dead:>8}{len(part) - dead:>10}{plays:>8}")


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    for name in ("sample", "jobs", "timeout"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise common.Usage(f"--{name} must be at least 1")
    common.need_program()
    purposes, known = common.catalogue()
    faults = common.match_faults(common.load_faults(), args.faults)
    faults = sample(faults, args.sample) if args.sample else faults
    if args.list:
        for f in faults:
            print(f"{f.name:<28} {f.role:<4} {f.sentence}")
        return EXIT_OK
    lines = lines_for(faults, purposes, {p.id for p in select(purposes, args.select)}, args.control)
    out = common.out_folder(args.out, "zoo.json", "zoo-")
    info = {"latchkey": 1, "kind": "zoo", "command": ["latchkey", "zoo", *argv], "started": runinfo.now(),
            "seed": args.seed, "versions": runinfo.versions(), "host": runinfo.host()}
    runinfo.write(out / "zoo.json", info)
    total = sum(not c.reason for x in lines for c in x.cells)
    screen = Terminal(total, args.quiet)

    def on_cell(line: Line, cell: Cell) -> None:
        screen.done += 1
        screen.on_tick([line.name])
        if not args.quiet:
            word = "" if cell.noticed else f"  NOT AS IT MUST BE: {cell.reason}"
            screen.line(f"[{screen.done}/{total}] {line.name:<28} {cell.tp:<16} {cell.verdict:<7} "
                        f"{cell.seconds:5.1f} s{word}")

    c = campaigns.load(campaigns.builtin(), purposes, known)
    zoo = Zoo(Settings(out=out, seed=args.seed, timeout_s=args.timeout, pixit=c.pixit), args.jobs or default_jobs(), args.keep,
              on_cell=on_cell)
    zoo.run(lines, purposes)
    return conclude(zoo, lines, info, screen, args.out or runinfo.short(out))


def conclude(zoo: Zoo, lines: list[Line], info: dict, screen: Terminal, folder: str) -> int:
    """Writes the matrix and says what survived."""
    tried = [x for x in lines if x.fault is not None]
    killed = sum(x.killed for x in tried)
    bad = [x for x in lines if not x.killed]
    info |= {"ended": runinfo.now(), "partial": zoo.interrupted, "killed": killed, "survived": len(tried) - killed}
    write_results(zoo.settings.out, lines, info)
    table(screen, lines)
    for line in bad:
        survivors(screen, line)
    screen.line()
    for line in lines:
        if line.fault is None:
            good = sum(c.noticed for c in line.cells)
            screen.line(f"correct agents: {good} passed, {len(line.cells) - good} did not")
    screen.line(f"matrix: {clean(folder)}/zoo.html")
    screen.line(f"{killed} killed, {len(tried) - killed} survived")
    if zoo.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_FAIL if bad or not tried else EXIT_OK


def main() -> int:
    return common.main(run)


if __name__ == "__main__":
    sys.exit(main())

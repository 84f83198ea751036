# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""latchkey run: a campaign from the first packet to the reports."""
from __future__ import annotations

import argparse
import datetime
import shlex
import sys
from dataclasses import replace
from pathlib import Path

from . import baseline, campaign as campaigns, common, doctor, marks, render, runinfo
from .campaign import Campaign
from .catalogue import Purpose, select
from .engine import Engine, Plan, default_jobs, make_plan, stale_entries
from .knowledge import Knowledge
from .outcome import ERROR, FAIL, INCONC, Row, counts, exit_code, read_rows, write_rows
from .program import EXIT_OK
from .runner import Settings, play_command
from .terminal import Terminal, clean

EPILOG = """exit codes: 0 as expected; 1 unexpected FAIL; 2 unexpected INCONC or ERROR; 3 stale
baseline; 4 campaign, PICS or adapter invalid; 5 nothing was verified; 64 usage;
70 internal error; 130 interrupted"""
USAGE = "latchkey run [CAMPAIGN] [options]"


def parser() -> argparse.ArgumentParser:
    ap = common.Parser(prog="latchkey run", usage=USAGE, epilog=EPILOG, add_help=False,
                       formatter_class=argparse.RawDescriptionHelpFormatter)
    a = ap.add_argument
    a("-h", "--help", action="help", help=argparse.SUPPRESS)
    a("campaign", nargs="?", metavar="CAMPAIGN", help="campaign file (default: the reference agents)")
    a("--select", action="append", default=[], metavar="PATTERN",
      help="glob over id, role, group, level, clause; repeatable")
    a("--jobs", type=int, metavar="N", help="how many at a time (default: cores)")
    a("--out", metavar="DIR", help="run folder (default: out/<time>)")
    a("--seed", type=int, metavar="N", help="seed of the harness's randomness")
    a("--fault", metavar="NAME", help="fault of the reference agent under test")
    a("--px", action="append", default=[], metavar="ITEM=VALUE", help="a PIXIT value; repeatable")
    a("--repeat", type=int, default=1, metavar="N", help="play each N times; the worst verdict counts")
    a("--shard", metavar="I/N", help="every N-th purpose, from the I-th")
    a("--quick", action="store_true", help="one purpose of each role and group")
    a("--rerun-failed", metavar="DIR", help="what did not pass in that run")
    a("--baseline", metavar="FILE", help="known failures, instead of those of the campaign")
    a("--strict-baseline", action="store_true", help="exit 3 if the baseline is stale")
    a("--fail-fast", action="store_true", help="stop after the first unexpected FAIL or ERROR")
    a("--timeout", type=int, metavar="S", help="seconds for one play (default: 120)")
    a("--taps", action="store_true", help="record the agents' own octets")
    a("--dry-run", action="store_true", help="say what would be played")
    a("--list", action="store_true", help="list what is selected")
    a("--quiet", action="store_true", help="only what did not pass, and the counts")
    return ap


def pixit(pairs: list[str], known: Knowledge) -> dict[str, str]:
    out = {}
    for pair in pairs:
        item, eq, value = pair.partition("=")
        if not eq or not item.startswith("PX_"):
            raise common.Usage(f"--px {pair}: write it as PX_ITEM=VALUE")
        if known.pixit and not known.knows(item):
            near = known.near(item)
            raise common.Usage(f"--px {item} is not known" + (f"; did you mean {near}?" if near else ""))
        out[item] = value
    return out


def failed_before(folder: Path) -> set[str]:
    """What did not pass in an earlier run. Raises render.NotARun."""
    try:
        rows = read_rows(folder / "verdicts.jsonl")
    except (OSError, ValueError, TypeError) as e:
        raise render.NotARun(f"{folder}: no verdicts of an earlier run ({e}); name its folder") from e
    return {r.tp for r in rows if r.verdict in (FAIL, INCONC, ERROR)}


def shard(text: str, purposes: list[Purpose]) -> list[Purpose]:
    i, slash, n = text.partition("/")
    if not (slash and i.isdigit() and n.isdigit() and 1 <= int(i) <= int(n)):
        raise common.Usage(f"--shard {text}: write it as I/N, such as 1/4")
    return purposes[int(i) - 1::int(n)]


def first_of_each_group(purposes: list[Purpose]) -> list[Purpose]:
    seen: dict[tuple[str, str], Purpose] = {}
    for p in purposes:
        if not p.not_run:
            seen.setdefault((p.role, p.group), p)
    return list(seen.values())


def choose(args: argparse.Namespace, all_purposes: list[Purpose], c: Campaign) -> list[Purpose]:
    """What the campaign and the options select. Raises Usage for a pattern that matches nothing at all."""
    for pattern in args.select:
        if not select(all_purposes, [pattern]):
            raise common.Usage(f"--select '{pattern}' matches no test purpose; `latchkey list tp` shows all ids")
    chosen = select(c.purposes(all_purposes), args.select)
    if args.fault:
        fault = common.match_faults(common.load_faults(), [args.fault])[0]
        chosen = [p for p in chosen if p.role == fault.role or fault.role == "any" and p.role != "PC"]
        foreign = sorted({p.role for p in chosen if c.iuts[p.role].adapter != "reference"})
        if foreign:
            raise common.Usage(f"--fault is for reference agents, but {', '.join(foreign)} is played by another")
    if args.rerun_failed:
        again = failed_before(Path(args.rerun_failed))
        chosen = [p for p in chosen if p.id in again]
    if args.quick:
        chosen = first_of_each_group(chosen)
    return shard(args.shard, chosen) if args.shard else chosen


def reproduce_line(p: Purpose, args: argparse.Namespace, seed: int) -> str:
    words = ["latchkey", "run", *([args.campaign] if args.campaign else []), "--select", p.id, "--seed", str(seed)]
    if args.fault:
        words += ["--fault", args.fault]
    for pair in args.px:
        words += ["--px", pair]
    return shlex.join(words)


def check_numbers(args: argparse.Namespace) -> None:
    for name, low in (("jobs", 1), ("repeat", 1), ("timeout", 1), ("seed", 0)):
        value = getattr(args, name)
        if value is not None and value < low:
            raise common.Usage(f"--{name} {value}: must be at least {low}")


def check_adapters(c: Campaign, plan: Plan) -> None:
    """Raises InputError if a command that will be needed is not there; `latchkey doctor` looks closer."""
    needed = {role for p in plan.play for role, _ in c.adapters(p.role)}
    lacking = [doctor.missing_command(i) for i in c.iuts.values() if i.role in needed and i.adapter.startswith("exec:")]
    texts = [f"{c.path}:1: {x.what}; {x.remedy}" for x in lacking if x is not None]
    if texts:
        raise marks.InputError("\n".join(texts))


def show_list(chosen: list[Purpose]) -> int:
    for p in chosen:
        print(f"{p.id:<18} {p.role:<4} {p.level:<9} {clean(p.title)}")
    return EXIT_OK


def show_plan(plan: Plan, c: Campaign, s: Settings) -> int:
    """--dry-run: nothing is played."""
    for p in plan.play:
        cmd = play_command(p, s, Path(p.id), "127.x.y.0", c.adapters(p.role), "")
        print(f"play {p.id}: {shlex.join(['latchkey', *cmd[1:2], runinfo.short(p.path), *cmd[3:]])}")
    for row in plan.rows:
        if row.verdict in ("N/A", "NOT RUN"):
            print(f"{row.verdict} {row.tp}: {clean(row.reason)}")
    rest = len(plan.rows) + len(plan.play)
    print(f"{len(plan.play)} would be played, of {rest} in the catalogue")
    return EXIT_OK


def finish(info: dict, rows: list[Row], engine: Engine, args: argparse.Namespace, screen: Terminal) -> int:
    """Writes the reports and says what came out."""
    stale = stale_entries(engine.campaign, rows, engine.today)
    code = exit_code(rows, stale, args.strict_baseline, engine.interrupted)
    info |= {"ended": runinfo.now(), "partial": engine.interrupted, "counts": counts(rows), "stale": stale,
             "exit": code}
    out = engine.settings.out
    runinfo.write(out / "run.json", info)
    write_rows(out / "verdicts.jsonl", rows)
    render.write_all(render.Run(out, info, rows))
    screen.table(rows)
    screen.problems(rows)
    for text in stale:
        screen.line(f"stale baseline: {text}")
    screen.summary(rows)
    if engine.interrupted:
        screen.line("interrupted: the report is partial")
    if code == 5:
        screen.line("nothing was verified: no selected purpose ended with PASS or FAIL")
    folder = args.out or runinfo.short(out)
    if any(r.verdict in (FAIL, INCONC, ERROR) for r in rows) and not engine.interrupted:
        words = ["latchkey", "run", *([args.campaign] if args.campaign else []), "--rerun-failed", folder]
        screen.line(f"those again: {shlex.join(words)}")
    screen.line(f"report: {folder}/report.html")
    return code


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    check_numbers(args)
    all_purposes, known = common.catalogue()
    path = Path(args.campaign) if args.campaign else campaigns.builtin()
    c = campaigns.load(path, all_purposes, known)
    if args.baseline:
        c = replace(c, baseline=baseline.load(Path(args.baseline)))
    c = replace(c, pixit={**c.pixit, **pixit(args.px, known)})
    seed = c.seed if args.seed is None else args.seed
    if args.fault or not (args.list or args.dry_run):
        common.need_program()
    chosen = choose(args, all_purposes, c)
    if args.list:
        return show_list(chosen)
    plan = make_plan(all_purposes, chosen, c, known)
    plan = replace(plan, reproduce={p.id: reproduce_line(p, args, seed) for p in plan.play})
    s = Settings(out=Path("."), seed=seed, fault=args.fault, pixit=c.pixit, ibe=c.ibe, keys=c.keys,
                 timeout_s=args.timeout or c.timeout_s, step_timeout_ms=c.step_timeout_ms, taps=args.taps or c.taps)
    if args.dry_run:
        return show_plan(plan, c, s)
    check_adapters(c, plan)
    out = common.out_folder(args.out, "run.json")
    info = runinfo.describe(c, all_purposes, seed, ["latchkey", "run", *argv])
    info |= {"fault": args.fault, "partial": True, "ended": info["started"]}
    runinfo.write(out / "run.json", info)
    screen = Terminal(len(plan.play), args.quiet)
    jobs = min(args.jobs or c.jobs or default_jobs(), max(1, len(plan.play)))
    info["jobs"] = jobs
    engine = Engine(c, replace(s, out=out), jobs, args.repeat, args.fail_fast,
                    today=datetime.datetime.now(datetime.timezone.utc).date(),
                    on_row=screen.on_row, on_tick=screen.on_tick)
    if not args.quiet:
        screen.line(f"{c.name}: {len(plan.play)} test purposes to play, {jobs} at a time")
    rows = engine.run(plan)
    assert len(rows) == len(all_purposes), "every purpose has one row"
    return finish(info, rows, engine, args, screen)


def main() -> int:
    return common.main(run)


if __name__ == "__main__":
    sys.exit(main())

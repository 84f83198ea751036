# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""latchkey report: the reports of finished runs, again or merged."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import common, merge, render
from .program import EXIT_OK
from .terminal import Terminal, clean


def parser() -> argparse.ArgumentParser:
    ap = common.Parser(prog="latchkey report",
                       description="Render the reports of a finished run again from its bundles, or merge several.")
    ap.add_argument("dir", nargs="+", metavar="DIR", help="run folder; several are shards of one run")
    ap.add_argument("--out", metavar="DIR", help="folder of the merged report (default: out/merged-<time>)")
    return ap


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    folders = [Path(d) for d in args.dir]
    if len(folders) == 1 and not args.out:
        merged = render.load(folders[0])
    else:
        for f in folders:
            render.load(f)  # before anything is written
        out = common.out_folder(args.out, "run.json", "merged-")
        merged = merge.merge([f.resolve() for f in folders], out)
    render.write_all(merged)
    screen = Terminal(len(merged.rows))
    screen.table(merged.rows)
    screen.summary(merged.rows)
    print(clean(render.headline(merged)[1]))
    print(f"report: {merged.folder}/report.html")
    return EXIT_OK


def main() -> int:
    return common.main(run)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""latchkey doctor: configuration mistakes before a run, with the remedy in words."""
from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from . import campaign as campaigns, common, doctor
from .program import EXIT_INVALID, EXIT_OK, program
from .terminal import clean


def parser() -> argparse.ArgumentParser:
    ap = common.Parser(prog="latchkey doctor", description="Find configuration mistakes before a run. Exit 0 if a run "
                       "makes sense, 4 if not.")
    ap.add_argument("campaign", nargs="?", metavar="CAMPAIGN", help="campaign file (default: the built-in one)")
    ap.add_argument("--json", action="store_true", help="one JSON array of {error, what, remedy}")
    return ap


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    purposes, known = common.catalogue()
    c = campaigns.load(Path(args.campaign) if args.campaign else campaigns.builtin(), purposes, known)
    path = shutil.which(program())
    if path is not None:
        os.environ["LATCHKEY"] = str(Path(path).resolve())
    found = doctor.examine(c, known, purposes)
    errors = sum(p.error for p in found)
    if args.json:
        print(json.dumps([p.__dict__ for p in found], indent=1))
    else:
        for p in found:
            print(f"{'error' if p.error else 'warning'}: {clean(p.what)}\n    {clean(p.remedy)}")
        print(f"{c.name}: {errors} errors, {len(found) - errors} warnings"
              + ("" if found else "; ready to run"))
    return EXIT_INVALID if errors else EXIT_OK


def main() -> int:
    return common.main(run)


if __name__ == "__main__":
    sys.exit(main())

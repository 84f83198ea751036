# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""What the verbs of the driver share: set-up, errors, facts asked of the program."""
from __future__ import annotations

import argparse
import difflib
import fnmatch
import json
import os
import shutil
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NoReturn

from . import knowledge, marks
from .catalogue import CatalogueError, Purpose, load_catalogue
from .program import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_INVALID, EXIT_USAGE, call, program, root
from .render import NotARun


class Usage(Exception):
    """The command line is wrong (exit 64)."""


class Broken(Exception):
    """This installation cannot work (exit 70)."""


class Parser(argparse.ArgumentParser):
    """argparse with the exit code of the design for a wrong command line."""

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message}\n{self.format_usage().rstrip()}")


@dataclass(frozen=True)
class Fault:
    """A row of the fault table of the reference agents."""

    name: str
    role: str  # "any" for the worthless peers
    sentence: str
    requirement: str
    tps: tuple[str, ...]
    inconc: frozenset[str] = frozenset()  # purposes whose criterion calls this very behaviour inconclusive

    @property
    def everywhere(self) -> bool:
        return self.tps == ("*",)

    @classmethod
    def of(cls, row: dict) -> Fault:
        """A row of `latchkey list faults --json`; "ID:INCONC" marks the purposes that cannot say FAIL."""
        words = [w.partition(":") for w in (row["tps"].split() if isinstance(row["tps"], str) else row["tps"])]
        if any(mark not in ("", "INCONC") for _, _, mark in words):
            raise ValueError(f"{row['name']}: a purpose may be marked INCONC, nothing else")
        return cls(row["name"], row["role"], row["sentence"], row["requirement"], tuple(tp for tp, _, _ in words),
                   frozenset(tp for tp, _, mark in words if mark))


def load_faults() -> list[Fault]:
    """The table as `latchkey list faults --json` prints it. Raises Broken."""
    r = call(["list", "faults", "--json"], 30)
    try:
        rows = json.loads(r.out)
        return [Fault.of(f) for f in rows]
    except (ValueError, TypeError, KeyError) as e:
        last = (r.err or r.out).strip().splitlines()[-1:] or [f"exit {r.code}"]
        raise Broken(f"`latchkey list faults --json` gave no table ({last[0]}); build the program again") from e


def match_faults(faults: list[Fault], patterns: list[str]) -> list[Fault]:
    """Faults whose name matches one of the globs. Raises Usage for a glob that matches none."""
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(f.name, pattern) for f in faults):
            near = difflib.get_close_matches(pattern, [f.name for f in faults], 3)
            raise Usage(f"no fault matches '{pattern}'"
                        + (f"; did you mean {', '.join(near)}?" if near else "; see `latchkey list faults`"))
    return [f for f in faults if not patterns or any(fnmatch.fnmatchcase(f.name, p) for p in patterns)]


def catalogue() -> tuple[list[Purpose], knowledge.Knowledge]:
    """The catalogue and what is known about its items. Raises CatalogueError, Broken."""
    purposes = load_catalogue(root() / "scenarios")
    if not purposes:
        raise Broken(f"{root() / 'scenarios'} holds no scenarios; set LATCHKEY_HOME")
    return purposes, knowledge.load(root() / "scenarios" / "requirements.yaml")


def need_program() -> None:
    """Raises Broken if the C program is not there; else children find it in $LATCHKEY."""
    path = shutil.which(program())
    if path is None:
        raise Broken(f"the program '{program()}' is not there; build it, or set LATCHKEY to its path")
    os.environ["LATCHKEY"] = str(Path(path).resolve())


def out_folder(asked: str | None, marker: str, stem: str = "") -> Path:
    """The folder to write into; an earlier result in it is replaced, anything else is left alone."""
    if asked is None:
        base = Path("out") / (stem + time.strftime("%Y%m%d-%H%M%S"))
        folder = base
        for n in range(2, 1000):
            if not folder.exists():
                break
            folder = Path(f"{base}-{n}")
    else:
        folder = Path(asked)
    if folder.exists() and not folder.is_dir():
        raise Usage(f"{folder} is not a folder; choose another --out")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / marker).exists():
            raise Usage(f"{folder} holds something else than an earlier result; choose another --out")
        for old in folder.iterdir():
            if old.is_dir() and (old.name.startswith("TP_") or marker == "zoo.json"):
                shutil.rmtree(old)
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def say(text: object) -> None:
    print(f"latchkey: {text}", file=sys.stderr)


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def main(verb: Callable[[list[str]], int]) -> int:
    """Runs a verb; every error becomes a message with its exit code."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return verb(sys.argv[1:])
    except Usage as e:
        say(e)
        return EXIT_USAGE
    except (marks.InputError, CatalogueError) as e:
        print(e, file=sys.stderr)
        return EXIT_INVALID
    except NotARun as e:
        say(e)
        return EXIT_USAGE
    except (Broken, FileNotFoundError) as e:
        say(e)
        return EXIT_INTERNAL
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_INTERNAL
    except KeyboardInterrupt:
        say("interrupted")
        return EXIT_INTERRUPTED
    except Exception:  # a defect of the driver must not look like a verdict (exit 1)
        traceback.print_exc()
        return EXIT_INTERNAL

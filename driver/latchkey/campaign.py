# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Campaign files: who is under test, how it is driven, what it declares (docs/CAMPAIGN.md)."""
from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from . import baseline, marks
from .catalogue import Purpose, select
from .knowledge import Knowledge
from .program import root

ROLES = ("A", "MB", "B", "KMS")


@dataclass(frozen=True)
class Iut:
    """One implementation under test."""

    role: str
    adapter: str  # reference, exec:COMMAND, listen:ADDRESS:PORT
    name: str = ""
    version: str = ""

    @property
    def label(self) -> str:
        words = " ".join(w for w in (self.name, self.version) if w)
        return words or ("reference agent" if self.adapter == "reference" else self.adapter)


@dataclass(frozen=True)
class Campaign:
    """A campaign file, checked, with its paths made absolute."""

    path: Path
    name: str
    iuts: dict[str, Iut]
    together: bool = False
    pics: dict[str, bool] = field(default_factory=dict)
    pixit: dict[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: tuple[baseline.Entry, ...] = ()
    ibe: Path | None = None
    keys: Path | None = None
    jobs: int | None = None
    seed: int = 1
    timeout_s: int = 120
    step_timeout_ms: int | None = None
    taps: bool = False

    def denied(self, purpose: Purpose) -> str | None:
        """The first PICS item that deselects the purpose. An item without an answer counts as Y."""
        return next((item for item in purpose.pics if not self.pics.get(item, True)), None)

    def adapters(self, role: str) -> list[tuple[str, str]]:
        """Who is not a reference agent when role is under test: the IUT alone, or all of them together."""
        whole = self.together or role == "PC"
        return [(i.role, i.adapter) for i in self.iuts.values()
                if i.adapter != "reference" and (whole or i.role == role)]

    def purposes(self, catalogue: list[Purpose]) -> list[Purpose]:
        """What the file itself selects: purposes of a role under test, and the passive ones."""
        chosen = {p.id for p in select(catalogue, list(self.select))}
        if self.exclude:
            chosen -= {p.id for p in select(catalogue, list(self.exclude))}
        return [p for p in catalogue if p.id in chosen and (p.role in self.iuts or p.role == "PC")]


def builtin() -> Path:
    return root() / "scenarios" / "campaigns" / "builtin.campaign.yaml"


def schema() -> Path:
    return root() / "scenarios" / "campaigns" / "schema.json"


def _absolute(adapter: str, folder: Path) -> str:
    """A command that lies beside the campaign file is named by its whole path."""
    if not adapter.startswith("exec:"):
        return adapter
    first, blank, rest = adapter[5:].partition(" ")
    candidate = folder / first
    if "/" in first and not first.startswith("/") and candidate.exists():
        return f"exec:{shlex.quote(str(candidate.resolve()))}{blank}{rest}"
    return adapter


def _file(doc: marks.Document, key: str) -> Path | None:
    name = doc.data.get(key)
    if name is None:
        return None
    for base in (doc.path.resolve().parent, root() / "scenarios" / "ibe"):
        if (base / name).is_file():
            return (base / name).resolve()
    raise marks.InputError(doc.error((key,), f"there is no file '{name}'",
                                     "paths count from the folder of the campaign file"))


def _iut(role: str, value: object, folder: Path) -> Iut:
    row = value if isinstance(value, dict) else {"adapter": value}
    return Iut(role, _absolute(str(row["adapter"]), folder), str(row.get("name", "")), str(row.get("version", "")))


def _check_names(doc: marks.Document, known: Knowledge, catalogue: list[Purpose]) -> None:
    errors = []
    for key, items in (("pics", known.pics), ("pixit", known.pixit)):
        for item in doc.data.get(key, {}):
            if items and not known.knows(item):
                near = known.near(item)
                errors.append(doc.error((key, item), f"{item} is not known",
                                        f"did you mean {near}?" if near else f"`latchkey list {key}` shows all"))
    for key in ("select", "exclude"):
        for i, pattern in enumerate(doc.data.get(key, [])):
            if catalogue and not select(catalogue, [pattern]):
                errors.append(doc.error((key, i), f"'{pattern}' matches no test purpose",
                                        "`latchkey list tp` shows all ids"))
    if errors:
        raise marks.InputError("\n".join(errors))


def load(path: Path, catalogue: list[Purpose], known: Knowledge) -> Campaign:
    """Reads and checks a campaign file. Raises marks.InputError."""
    doc = marks.load(path)
    marks.check(doc, schema())
    _check_names(doc, known, catalogue)
    d, folder = doc.data, path.resolve().parent
    entries: tuple[baseline.Entry, ...] = ()
    if isinstance(d.get("baseline"), list):
        entries = baseline.from_document(doc, ("baseline",))
    elif (file := _file(doc, "baseline")) is not None:
        entries = baseline.load(file)
    return Campaign(
        path=path, name=d["name"], iuts={r: _iut(r, d["iuts"][r], folder) for r in ROLES if r in d["iuts"]},
        together=d.get("together", False),
        pics={k: v in ("Y", True) for k, v in d.get("pics", {}).items()},
        pixit={k: pixit_text(v) for k, v in d.get("pixit", {}).items()},
        select=tuple(d.get("select", ())), exclude=tuple(d.get("exclude", ())), baseline=entries,
        ibe=_file(doc, "ibe"), keys=_file(doc, "keys"), jobs=d.get("jobs"), seed=d.get("seed", 1),
        timeout_s=d.get("timeout_s", 120), step_timeout_ms=d.get("step_timeout_ms"),
        taps=d.get("capture") == "taps")


def pixit_text(value: object) -> str:
    """A PIXIT value as the program takes it: Y and N for what YAML reads as true and false."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    return str(value)

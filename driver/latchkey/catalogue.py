# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The catalogue: scenario files by test purpose id."""
from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from pathlib import Path

import yaml


class CatalogueError(Exception):
    """A scenario file that cannot be used; the text names file and line."""


@dataclass(frozen=True)
class Purpose:
    """The head of one scenario file."""

    id: str
    title: str
    role: str
    type: str
    level: str
    clauses: tuple[str, ...]
    requirements: tuple[str, ...]
    pics: tuple[str, ...]
    faults: tuple[str, ...]
    not_run: str | None
    path: Path

    @property
    def group(self) -> str:
        """MS, IB, RP, ... out of TP_DD_<role>_<group>_<nnn>."""
        parts = self.id.split("_")
        return parts[3] if len(parts) == 5 else ""


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def load_purpose(path: Path) -> Purpose:
    """Reads one scenario's head. Raises CatalogueError with file and line."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise CatalogueError(f"{path}:{line}: {getattr(e, 'problem', e)}") from e
    if not isinstance(data, dict) or "id" not in data:
        raise CatalogueError(f"{path}:1: a scenario is a map with an 'id'")
    return Purpose(
        id=str(data["id"]), title=str(data.get("title", "")), role=str(data.get("role", "")),
        type=str(data.get("type", "")), level=str(data.get("level", "MUST")),
        clauses=_strings(data.get("clauses")), requirements=_strings(data.get("requirements")),
        pics=_strings(data.get("pics")), faults=_strings(data.get("faults")),
        not_run=data.get("not_run"), path=path)


def load_catalogue(scenarios: Path) -> list[Purpose]:
    """All purposes under scenarios/<role>/<group>/, sorted by id; ids are unique."""
    purposes: dict[str, Purpose] = {}
    for path in sorted(scenarios.glob("*/*/tp_*.yaml")):
        p = load_purpose(path)
        if p.id in purposes:
            raise CatalogueError(f"{path}:1: {p.id} is already in {purposes[p.id].path}")
        purposes[p.id] = p
    return sorted(purposes.values(), key=lambda p: p.id)


def select(purposes: list[Purpose], patterns: list[str]) -> list[Purpose]:
    """The purposes whose id, role, group, type, clause or requirement matches one of
    the patterns (shell globs); all of them without patterns."""
    if not patterns:
        return list(purposes)

    def hit(p: Purpose) -> bool:
        names = (p.id, p.role, p.group, p.type, p.level, *p.clauses, *p.requirements)
        return any(fnmatch.fnmatchcase(n, pat) for n in names for pat in patterns)

    return [p for p in purposes if hit(p)]

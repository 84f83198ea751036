# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""What scenarios/requirements.yaml knows: requirements, PICS and PIXIT items."""
from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass, field
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Knowledge:
    """Items by id. Empty where the file does not exist."""

    requirements: dict[str, dict] = field(default_factory=dict)
    pics: dict[str, dict] = field(default_factory=dict)
    pixit: dict[str, dict] = field(default_factory=dict)

    def knows(self, item: str) -> bool:
        """Whether it is a PICS or PIXIT item; PX_ADDR_<role> stands for one of each role."""
        if item in self.pics or item in self.pixit:
            return True
        stem, _, role = item.rpartition("_")
        return role in ("A", "MB", "B", "KMS", "CORE") and f"{stem}_<role>" in self.pixit

    def near(self, item: str) -> str | None:
        found = difflib.get_close_matches(item, [*self.pics, *self.pixit], 1)
        return found[0] if found else None

    def mandatory(self, item: str) -> bool:
        return str(self.pics.get(item, {}).get("status", "")).startswith("M")


@functools.lru_cache(maxsize=4)
def load(path: Path) -> Knowledge:
    if not path.exists():
        return Knowledge()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}

    def by_id(key: str) -> dict[str, dict]:
        return {str(row["id"]): row for row in data.get(key, []) if isinstance(row, dict) and "id" in row}

    return Knowledge(by_id("requirements"), by_id("pics"), by_id("pixit"))

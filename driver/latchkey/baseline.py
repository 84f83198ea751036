# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Baselines: failures that are known, with a reason and a day on which the excuse ends."""
from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from pathlib import Path

from . import marks
from .program import root


@dataclass(frozen=True)
class Entry:
    """One known failure. key, if given, must be the failure key of the report."""

    tp: str
    verdict: str
    key: str | None
    reason: str
    expires: datetime.date

    def expired(self, today: datetime.date) -> bool:
        return today > self.expires

    def covers(self, tp: str, verdict: str, key: str, today: datetime.date) -> bool:
        """Whether this entry expects that outcome; after its last day it expects nothing."""
        return (self.tp == tp and self.verdict == verdict and not self.expired(today)
                and (self.key is None or self.key == key))

    def to_json(self) -> dict:
        return {**asdict(self), "expires": self.expires.isoformat()}


def from_document(doc: marks.Document, place: marks.Place = ()) -> tuple[Entry, ...]:
    """The entries that stand at a place of a document. Raises marks.InputError."""
    rows = doc.data
    for step in place:
        rows = rows[step]
    lines = {p[len(place):]: line for p, line in doc.lines.items() if p[:len(place)] == place}
    part = marks.Document(doc.path, rows, lines)
    marks.check(part, root() / "scenarios" / "campaigns" / "baseline.schema.json")
    out = []
    for i, row in enumerate(rows):
        try:
            day = datetime.date.fromisoformat(row["expires"])
        except ValueError as e:
            raise marks.InputError(part.error((i, "expires"), f"'{row['expires']}' is no day of the calendar",
                                              "write a date such as 2027-06-30")) from e
        out.append(Entry(row["tp"], row["verdict"], row.get("key"), row["reason"], day))
    return tuple(out)


def load(path: Path) -> tuple[Entry, ...]:
    """Reads a baseline file: a list of entries, or a map with the key 'baseline'."""
    doc = marks.load(path)
    inside = isinstance(doc.data, dict) and set(doc.data) == {"baseline"}
    return from_document(doc, ("baseline",) if inside else ())


def stale(known: tuple[Entry, ...], outcomes: dict[str, tuple[str, str]], today: datetime.date) -> list[str]:
    """Entries that no longer say the truth, one sentence each. outcomes: id -> (verdict, key) of what was tried."""
    out = []
    for e in known:
        if e.expired(today):
            out.append(f"{e.tp}: the entry expired on {e.expires.isoformat()}")
        elif e.tp in outcomes and not e.covers(e.tp, *outcomes[e.tp], today):
            verdict, key = outcomes[e.tp]
            want = f"{e.verdict} ({e.key})" if e.key else e.verdict
            out.append(f"{e.tp}: the entry expects {want}, it was {verdict}{f' ({key})' if key else ''}")
    return out

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Fault table and scenarios name each other: a fault without a purpose, or a purpose that does not know its fault,
would be a check that nobody holds to anything."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
STRING = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(r'\{\s*"((?:a|b|mb|kms|peer)-[a-z0-9-]+)",\s*"(A|B|MB|KMS|any)",')


def strings(text: str) -> list[str]:
    """The C string constants of a text, neighbours joined, in order; NULL counts as one."""
    out: list[str] = []
    joined = False
    for m in re.finditer(STRING + r"|NULL|,|\b[A-Z_]{2,}\b", text):
        if m.group(1) is not None:
            if joined:
                out[-1] += m.group(1)
            else:
                out.append(m.group(1))
            joined = True
        elif m.group(0) == ",":
            joined = False
        elif m.group(0) == "NULL":
            out.append("")
            joined = False
    return out


def fault_rows() -> dict[str, tuple[str, list[str]]]:
    """name: (role, words of tps), read from the table itself."""
    text = (ROOT / "harness/agent/fault.c").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text[text.index("const struct fault faults[]"):], flags=re.S)
    starts = list(ROW.finditer(text))
    rows = {}
    for m, following in zip(starts, [*starts[1:], None]):
        name, role, _sentence, _requirement, tps = strings(text[m.start():following.start() if following else None])[:5]
        assert name not in rows, f"{name} stands in the table twice"
        rows[name] = role, tps.split()
    return rows


ROWS = fault_rows()
SCENARIOS = {s["id"]: s for s in (yaml.safe_load(p.read_text(encoding="utf-8"))
                                  for p in sorted((ROOT / "scenarios").glob("*/*/tp_*.yaml")))}


def test_the_table_was_read():
    assert len(ROWS) > 100
    assert ROWS["mb-accept-no-esk"] == ("MB", ["TP_DD_MB_MS_006"])
    assert ROWS["mb-no-skew-check"] == ("MB", ["TP_DD_MB_RP_003:INCONC"])
    assert all(r[0] != "any" or r[1] == ["*"] for r in ROWS.values())


@pytest.mark.parametrize("name", [n for n, r in ROWS.items() if r[1] != ["*"]])
def test_every_fault_names_purposes_of_its_role_that_name_it(name):
    role, tps = ROWS[name]
    assert tps, f"{name} names no purpose"
    for word in tps:
        tp, _, mark = word.partition(":")
        assert mark in ("", "INCONC"), f"{name}: {word}"
        assert tp in SCENARIOS, f"{name}: there is no {tp}"
        assert SCENARIOS[tp]["role"] == role, f"{name}: {tp} does not test {role}"
        assert name in SCENARIOS[tp].get("faults", []), f"{tp} does not name {name}"
    assert len({w.partition(":")[0] for w in tps}) == len(tps), f"{name} names a purpose twice"


@pytest.mark.parametrize("tp", sorted(SCENARIOS))
def test_every_fault_of_a_scenario_names_the_scenario(tp):
    for name in SCENARIOS[tp].get("faults", []):
        assert name in ROWS, f"{tp}: there is no fault {name}"
        assert tp in [w.partition(":")[0] for w in ROWS[name][1]], f"{name} does not name {tp}"

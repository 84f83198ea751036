# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""list and explain."""
from __future__ import annotations

import json

import pytest
import yaml

from conftest import ROOT, latchkey, one_line

LISTS = {"tp": "id", "faults": "name", "laws": "name", "requirements": "id", "ambiguities": "id", "profiles": None, "pics": "id", "pixit": "id"}


def rows(name: str) -> list[dict]:
    r = latchkey("list", name, "--json")
    assert r.code == 0
    return json.loads(r.out)


@pytest.mark.parametrize("name", LISTS)
def test_list_has_one_id_per_line_first_and_unique(name: str) -> None:
    r = latchkey("list", name)
    assert r.code == 0 and r.err == ""
    ids = [line.split()[0] for line in r.out.splitlines()]
    assert len(ids) > 10 and len(set(ids)) == len(ids)
    data = rows(name)
    want = [f"{d['item']}={d['value']}" for d in data] if LISTS[name] is None else [d[LISTS[name]] for d in data]
    assert ids == want


def test_list_is_tp_by_default() -> None:
    assert latchkey("list").out == latchkey("list", "tp").out


def test_unknown_list_names_those_there_are() -> None:
    assert "requirements" in one_line(latchkey("list", "tps"), 64)


def test_purposes_are_those_of_the_files() -> None:
    files = {p.stem.upper(): p for p in (ROOT / "scenarios").glob("*/*/tp_*.yaml")}
    data = {d["id"]: d for d in rows("tp")}
    assert set(data) == set(files)
    for ident, path in files.items():
        head, row = yaml.safe_load(path.read_text(encoding="utf-8")), data[ident]
        assert row["path"] == str(path.relative_to(ROOT))
        for key in ("title", "role", "type", "requirements", "clauses"):
            assert row[key] == head[key], (ident, key)
        assert row["level"] == head.get("level", "MUST")
        assert row["not_run"] == head.get("not_run")
        assert row["faults"] == head.get("faults", []) and row["pics"] == head.get("pics", [])


def test_faults_have_their_five_members() -> None:
    for f in rows("faults"):
        assert set(f) == {"name", "role", "sentence", "requirement", "tps"}
        assert f["role"] in ("A", "B", "MB", "KMS", "any") and isinstance(f["tps"], list)


def test_laws_cite_requirements_that_can_be_explained() -> None:
    known = {r["id"] for r in rows("requirements")}
    for law in rows("laws"):
        assert set(law["requirements"]) <= known, law
        assert law["family"] in ("structure", "identity", "replay", "secrecy")


def test_purposes_and_faults_cite_requirements_that_can_be_explained() -> None:
    known = {r["id"] for r in rows("requirements")}
    for tp in rows("tp"):
        assert set(tp["requirements"]) <= known, tp["id"]
    for f in rows("faults"):
        assert set(f["requirement"].split()) <= known | {a["id"] for a in rows("ambiguities")} | {"-"}, f["name"]


def test_each_profile_has_one_default() -> None:
    items: dict[str, int] = {}
    for p in rows("profiles"):
        items[p["item"]] = items.get(p["item"], 0) + p["default"]
    assert set(items.values()) == {1}


def test_every_profile_item_is_a_pixit_item() -> None:
    assert {p["item"] for p in rows("profiles")} <= {p["id"] for p in rows("pixit")}


def test_requirements_are_complete() -> None:
    ids = [r["id"] for r in rows("requirements")]
    for n in range(1, 179):
        assert f"R6267-{n:03}" in ids
    for n in range(1, 55):
        assert f"DD-{n:03}" in ids
    ambiguities = [a["id"] for a in rows("ambiguities")]
    for n in range(1, 48):
        assert f"AMB-{n:02}" in ambiguities
    for n in range(1, 22):
        assert f"OI-{n:02}" in ambiguities


# ---- explain ----

def test_a_purpose_shows_all_that_hangs_together_with_it() -> None:
    r = latchkey("explain", "tp_dd_mb_ib_004")
    assert r.code == 0
    for word in ("TP_DD_MB_IB_004", "purpose", "stimulus", "duty", "clauses", "R6539-007", "mb-refuses-foreign-yp",
                 "mb-accept-foreign-yp", "scenarios/mb/ib/tp_dd_mb_ib_004.yaml", "latchkey run --select TP_DD_MB_IB_004"):
        assert word in r.out, word
    assert max(len(x) for x in r.out.splitlines()) <= 90


@pytest.mark.parametrize(("ident", "words"), [
    ("mb-accept-foreign-yp", ["fault of role MB", "DD-025", "TP_DD_MB_IB_004", "--fault mb-accept-foreign-yp"]),
    ("mb-refuses-foreign-yp", ["law", "RFC 6539", "TP_DD_MB_IB_004"]),
    ("DD-025", ["requirement", "TR 33.828", "mb-refuses-foreign-yp", "TP_DD_MB_IB_004"]),
    ("r6267-098", ["R6267-098", "requirement", "clause"]),
    ("R3830-001", ["RFC 3830"]),
    ("R4567-013", ["RFC 4567", "abort"]),
    ("AMB-18", ["MAC input tail", "decision"]),
    ("A-3", ["ambiguity", "auth_key"]),
    ("OI-12", ["open issue", "ESK"]),
    ("PX_SK_PROFILE", ["PIXIT item", "SKP-CR", "default"]),
    ("PX_SK_PROFILE=SKP-CR", ["aP"]),
    ("skp-srtp", ["PX_SK_PROFILE=SKP-SRTP"]),
    ("PIC_M_01", ["PICS item", "TP_DD_MB_"]),
    ("5", ["nothing was verified"]),
    ("exit-130", ["interrupted"]),
])
def test_explain_knows_every_kind(ident: str, words: list[str]) -> None:
    r = latchkey("explain", ident)
    assert r.code == 0 and r.err == ""
    for word in words:
        assert word in r.out, word


def test_everything_listed_can_be_explained() -> None:
    ids = [line.split()[0] for name in LISTS for line in latchkey("list", name).out.splitlines()]
    r = latchkey("explain", *ids)
    assert r.code == 0, r.err
    for ident in ids:
        assert ident in r.out


@pytest.mark.parametrize(("wrong", "near"), [("TP_DD_MB_IB_04", "TP_DD_MB_IB_004"), ("mb-acept-foreign-yp", "mb-accept-foreign-yp"),
                                             ("PX_SKPROFILE", "PX_SK_PROFILE")])
def test_unknown_id_names_the_nearest(wrong: str, near: str) -> None:
    assert near in one_line(latchkey("explain", wrong), 64)


def test_ids_without_end_do_no_harm() -> None:
    one_line(latchkey("explain", "x" * 100000), 64)

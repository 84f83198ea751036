# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""vectors: what is true passes, whatever is changed fails."""
from __future__ import annotations

import copy
import json
import random
import subprocess
from pathlib import Path

import jsonschema
import pytest

from conftest import ROOT, latchkey

FILES = ["bf_ibe.json", "annex_c.json", "rfc3830.json"]


def load(name: str) -> dict:
    return json.loads((ROOT / "vectors" / name).read_text(encoding="utf-8"))


def run(tmp_path: Path, doc: object, *args: str) -> tuple[int, str, str]:
    path = tmp_path / "v.json"
    path.write_text(json.dumps(doc), encoding="utf-8")
    r = latchkey("vectors", *args, str(path))
    return r.code, r.out, r.err


def small(doc: dict) -> list[dict]:
    """Groups of at most 1024 bits, so that a test takes no time."""
    return [g for g in doc["testGroups"] if g.get("params", {}).get("pBits", 0) <= 1024]


def document(groups: list[dict]) -> dict:
    return {"algorithm": "x", "testGroups": groups}


def test_all_known_answers_come_out_for_the_reasons_stated() -> None:
    r = latchkey("vectors", "--strict-reasons")
    total = sum(len(g["tests"]) for name in FILES for g in load(name)["testGroups"])
    assert r.code == 0
    assert r.out.splitlines()[-1] == f"{total} passed, 0 failed"


def test_json_counts() -> None:
    r = latchkey("vectors", "--json", str(ROOT / "vectors/rfc3830.json"))
    d = json.loads(r.out)
    assert r.code == 0 and d["failed"] == 0 and d["failures"] == []
    assert d["passed"] == sum(len(g["tests"]) for g in load("rfc3830.json")["testGroups"])


@pytest.mark.parametrize("name", FILES)
def test_files_follow_the_schema(name: str) -> None:
    jsonschema.validate(load(name), load("schema.json"))
    doc = load(name)
    tests = [t for g in doc["testGroups"] for t in g["tests"]]
    assert len(tests) == doc["numberOfTests"]
    assert len({t["tcId"] for t in tests}) == len(tests)
    assert {f for t in tests for f in t["flags"]} <= set(doc["notes"])


def test_generated_files_are_up_to_date() -> None:
    r = subprocess.run(["/usr/bin/python3", "-B", str(ROOT / "vectors/gen/make.py"), "--check"], capture_output=True, text=True,
                       timeout=300, check=False)
    assert r.returncode == 0, r.stdout + r.stderr


def outputs(group: dict, test: dict) -> list[str]:
    """Fields whose change must be noticed, one by one."""
    return {"HashToRange": ["s", "v"], "HashBytes": ["seed", "out"], "Canonical": ["out"], "MikeyPrf": ["inkey", "label", "out"],
            "MikeyKey": ["inkey", "constant", "csId", "csbId", "rand", "out"], "MikeyMac": ["key", "mac"],
            "MikeyCipher": ["key", "salt", "csbId", "t", "plain", "cipher"], "MikeyMessage": ["message"], "MikeyChain": ["chain"],
            "Ecdh": ["scalar", "public", "shared"], "BfParams": ["paramsDer"], "BfExtract": ["identity", "y", "privateKeyDer"],
            "BfIbe": ["identity", "msg", "rho", "V", "W", "ciphertextDer"], "IbeStructures": ["der"]}.get(group["type"], [])


def flipped(hexa: str, rnd: random.Random) -> str:
    at = rnd.randrange(len(hexa))
    return hexa[:at] + rnd.choice([c for c in "0123456789abcdef" if c != hexa[at]]) + hexa[at + 1:]


@pytest.mark.parametrize("name", FILES)
def test_a_changed_digit_in_any_field_is_noticed(name: str, tmp_path: Path) -> None:
    rnd = random.Random(1)
    changed = []
    for group in small(load(name)):
        tests = []
        for test in group["tests"]:
            if test["result"] != "valid":
                continue
            for field in outputs(group, test):
                if test.get(field) and test.get("out") != "":
                    t = copy.deepcopy(test)
                    t[field] = flipped(t[field], rnd)
                    tests.append(t | {"comment": f"{t['tcId']} {field}"})
        if tests:
            changed.append({**group, "tests": rnd.sample(tests, min(len(tests), 60))})
    code, out, _ = run(tmp_path, document(changed), "-v")
    missed = [x for x in out.splitlines() if x.startswith("passed")]
    # V, RAND and Encr data of a message are not for the decoder to doubt
    missed = [x for x in missed if "MikeyMessage" not in x and "MikeyChain" not in x]
    assert code == 1 and not missed, missed


@pytest.mark.parametrize("name", FILES)
def test_what_works_is_not_invalid_and_what_is_refused_not_valid(name: str, tmp_path: Path) -> None:
    groups = [{**g, "tests": [t | {"result": {"valid": "invalid", "invalid": "valid"}[t["result"]]} for t in g["tests"]
                              if t["result"] != "acceptable"]} for g in small(load(name))]
    code, out, _ = run(tmp_path, document([g for g in groups if g["tests"]]))
    assert code == 1 and out.splitlines()[-1].startswith("0 passed, "), out.splitlines()[-1]


def test_order_of_groups_tests_and_fields_does_not_matter(tmp_path: Path) -> None:
    doc = load("annex_c.json")
    rnd = random.Random(2)
    rnd.shuffle(doc["testGroups"])
    for g in doc["testGroups"]:
        rnd.shuffle(g["tests"])
        g["tests"] = [dict(sorted(t.items(), reverse=True)) for t in g["tests"]]
    code, out, _ = run(tmp_path, dict(sorted(doc.items(), reverse=True)))
    assert code == 0, out


def test_params_may_be_given_by_fields_alone_or_der_alone(tmp_path: Path) -> None:
    for drop in (["paramsDer"], ["p", "q", "P", "Ppub", "hashOid"]):
        doc = load("annex_c.json")
        groups = [g for g in doc["testGroups"] if "params" in g]
        for g in groups:
            for key in drop:
                del g["params"][key]
        code, out, _ = run(tmp_path, document(groups))
        assert code == 0, out


def test_wrong_reason_is_told_and_fails_when_strict(tmp_path: Path) -> None:
    doc = load("bf_ibe.json")
    group = next(g for g in doc["testGroups"] if g["type"] == "BfParams")
    test = next(t for t in group["tests"] if t.get("reason") == "bad_p") | {"reason": "version"}
    code, out, _ = run(tmp_path, document([{**group, "tests": [test]}]))
    assert code == 0 and "another reason" in out
    code, out, _ = run(tmp_path, document([{**group, "tests": [test]}]), "--strict-reasons")
    assert code == 1 and "bad_p" in out


@pytest.mark.parametrize("group", [
    {"type": "NoSuchType", "tests": [{"tcId": 7, "result": "valid"}]},
    {"type": "NoSuchType", "tests": [{"tcId": 7, "result": "invalid"}]},
    {"type": "IbeStructures", "tests": [{"tcId": 7, "structure": "X", "der": "3000", "fields": {}, "result": "invalid"}]},
    {"type": "HashBytes", "tests": [{"tcId": 7, "result": "invalid"}]},
    {"type": "HashBytes", "tests": [{"tcId": 7, "hashOid": "1.3.14.3.2.26", "seed": "0", "b": 1, "out": "00", "result": "valid"}]},
    {"type": "HashBytes", "tests": [{"tcId": 7, "hashOid": "1.3.14.3.2.26", "seed": "00", "b": -1, "out": "00", "result": "valid"}]},
    {"type": "HashBytes", "tests": [{"tcId": 7, "hashOid": "1.2.3", "seed": "00", "b": 1, "out": "00", "result": "valid"}]},
    {"type": "BfIbe", "tests": [{"tcId": 7, "identity": "00", "msg": "", "result": "invalid"}]},
    {"type": "BfIbe", "params": {"paramsDer": "3000"}, "tests": [{"tcId": 7, "identity": "00", "msg": "", "result": "invalid"}]},
    {"type": "MikeyMac", "tests": [{"tcId": 7, "macAlg": 1, "key": "00", "parts": ["zz"], "mac": "00", "result": "invalid"}]},
    {"type": "MikeyKey", "tests": [{"tcId": 7, "prf": 0, "inkey": "00", "constant": "00", "csId": "01", "csbId": "00000000",
                                    "rand": "00", "out": "00", "result": "invalid"}]},
    {"type": "MikeyMessage", "tests": [{"tcId": 7, "message": "xx", "payloads": [], "result": "invalid"}]},
], ids=lambda g: g["type"])
def test_what_cannot_be_read_fails_and_is_named(group: dict, tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, document([group]))
    assert code == 1
    assert out.startswith("FAILED ") and f"{group['type']} 7" in out and out.endswith("0 passed, 1 failed\n")


@pytest.mark.parametrize("doc", [
    [], {}, "x", 3, {"testGroups": {}}, {"testGroups": []}, {"testGroups": [{}]}, {"testGroups": [{"type": "HashBytes"}]},
    {"testGroups": [{"type": "HashBytes", "tests": []}]}, {"testGroups": [{"type": "HashBytes", "tests": [3]}]},
    {"testGroups": [{"type": "HashBytes", "tests": [{"tcId": 1}]}]},
    {"testGroups": [{"type": "HashBytes", "tests": [{"tcId": 1, "result": "maybe"}]}]},
    {"testGroups": [{"type": "HashBytes", "tests": [{"tcId": "1", "result": "valid"}]}]},
    {"numberOfTests": 2, "testGroups": [{"type": "HashBytes", "tests": [{"tcId": 1, "result": "valid"}]}]},
])
def test_malformed_file_is_refused(doc: object, tmp_path: Path) -> None:
    code, out, err = run(tmp_path, doc)
    assert code == 4 and err.count("\n") == 1 and out == "0 passed, 0 failed\n"


def test_json_cut_at_any_place_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "vectors/rfc3830.json").read_bytes()
    for at in range(1, len(text) - 2, len(text) // 25):
        (tmp_path / "cut.json").write_bytes(text[:at])
        r = latchkey("vectors", str(tmp_path / "cut.json"))
        assert r.code == 4 and r.err.count("\n") == 1


def test_a_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    r = latchkey("vectors", str(tmp_path / "bad.json"), str(ROOT / "vectors/rfc3830.json"))
    assert r.code == 4 and not r.out.startswith("0 passed")


def test_standard_input_is_read() -> None:
    r = latchkey("vectors", "-", stdin=(ROOT / "vectors/rfc3830.json").read_bytes())
    assert r.code == 0


def structure(name: str) -> dict:
    group = next(g for g in load("bf_ibe.json")["testGroups"] if g["type"] == "IbeStructures")
    return copy.deepcopy(next(t for t in group["tests"] if t["structure"] == name))


@pytest.mark.parametrize("name,old,new,field", [
    ("EmailIdentityData", b"bob@", b"b\xf6b@", None),
    ("EmailIdentityData", b"20020328", b"20021328", ("time", "20021328000000Z")),
    ("IBERecipientInfo", b"\x02\x01\x03", b"\x02\x01\x02", ("cmsVersion", 2)),
])
def test_structures_with_a_wrong_value_are_refused(tmp_path: Path, name: str, old: bytes, new: bytes,
                                                   field: tuple[str, object] | None) -> None:
    t = structure(name)
    t["der"] = bytes.fromhex(t["der"]).replace(old, new, 1).hex()
    t["result"] = "invalid"
    if field is not None:
        t["fields"][field[0]] = field[1]
    code, out, _ = run(tmp_path, document([{"type": "IbeStructures", "tests": [t]}]))
    assert code == 0 and out.splitlines()[-1] == "1 passed, 0 failed"


def test_the_pairing_of_infinity_is_one(tmp_path: Path) -> None:
    t = copy.deepcopy(next(g for g in load("bf_ibe.json")["testGroups"] if g["type"] == "Pairing")["tests"][0])
    t["A"], t["e"] = "infinity", {"a": "01", "b": "00"}
    wrong = dict(t, e={"a": "00", "b": "01"})
    code, out, _ = run(tmp_path, document([{"type": "Pairing", "tests": [t, wrong]}]))
    assert code == 1 and out.splitlines()[-1] == "1 passed, 1 failed"

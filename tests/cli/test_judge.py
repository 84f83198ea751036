# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""judge: exit codes, verdict.json, the same octets each time."""
from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import pytest

from conftest import ROOT, latchkey, one_line

CODES = {"PASS": 0, "FAIL": 1, "INCONC": 2, "ERROR": 2, "NONE": 5}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("play") / "bundle"
    r = latchkey("play", str(ROOT / "scenarios/mb/ms/tp_dd_mb_ms_001.yaml"), "--out", str(out), "--taps", "--quiet", "--net", "127.78.5.0",
                 "--ibe", str(ROOT / "scenarios/ibe/p512.yaml"))
    assert r.code == 0, r.err
    return out


def copied(bundle: Path, tmp_path: Path) -> Path:
    shutil.copytree(bundle, tmp_path / "b")
    return tmp_path / "b"


def test_a_correct_mailbox_passes(bundle: Path, tmp_path: Path) -> None:
    b = copied(bundle, tmp_path)
    r = latchkey("judge", str(b))
    assert r.code == 0 and r.err == "", r.out
    verdict = json.loads((b / "verdict.json").read_text())
    assert verdict["verdict"] == "PASS" and verdict["tp"] == "TP_DD_MB_MS_001"


def test_exit_code_is_that_of_the_verdict(bundle: Path, tmp_path: Path) -> None:
    b = copied(bundle, tmp_path)
    (b / "keys.log").write_text("")
    r = latchkey("judge", str(b), "--json")
    verdict = json.loads(r.out)
    assert r.code == CODES[verdict["verdict"]]
    # The purpose reads the clear part only; what is encrypted cannot be judged without keys.
    inside = [f for f in verdict["findings"] if f["law"] == "r1-deferred-content"]
    assert [f["verdict"] for f in inside] == ["INCONC"] and "IBE_" in inside[0]["actual"]


def test_judging_again_gives_the_same_octets(bundle: Path, tmp_path: Path) -> None:
    b = copied(bundle, tmp_path)
    latchkey("judge", str(b))
    first = (b / "verdict.json").read_bytes()
    r = latchkey("judge", str(b), "--json")
    assert (b / "verdict.json").read_bytes() == first == r.out.encode()


def test_no_write_leaves_the_bundle_alone(bundle: Path, tmp_path: Path) -> None:
    b = copied(bundle, tmp_path)
    (b / "verdict.json").unlink(missing_ok=True)
    before = sorted(p.name for p in b.iterdir())
    assert latchkey("judge", str(b), "--no-write").code == 0
    assert sorted(p.name for p in b.iterdir()) == before


def test_verbose_says_more(bundle: Path) -> None:
    assert len(latchkey("judge", "--no-write", str(bundle), "-v").out) > len(latchkey("judge", "--no-write", str(bundle)).out)


@pytest.mark.parametrize("keys", [True, False])
def test_a_capture_alone_gives_findings_with_verdicts(bundle: Path, keys: bool) -> None:
    args = ["--keys", str(bundle / "keys.log")] if keys else []
    r = latchkey("judge", str(bundle / "capture.pcap"), "--json", *args)
    doc = json.loads(r.out)
    assert r.code == CODES[doc["verdict"]] and doc["findings"]
    assert {f["verdict"] for f in doc["findings"]} <= {"PASS", "INCONC", "FAIL"}


@pytest.mark.parametrize("name", ["capture.pcap", "plan.yaml"])
@pytest.mark.parametrize("how", ["missing", "garbage", "directory"])
def test_a_bundle_without_a_sound_file_is_refused(bundle: Path, tmp_path: Path, name: str, how: str) -> None:
    b = copied(bundle, tmp_path)
    (b / name).unlink()
    if how == "garbage":
        (b / name).write_bytes(bytes(range(256)))
    elif how == "directory":
        (b / name).mkdir()
    assert name in one_line(latchkey("judge", str(b)), 4)


def test_a_malformed_key_log_is_refused_with_its_line(bundle: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.log"
    keys.write_text("# a comment\nSK 00 01\n")
    assert "2" in one_line(latchkey("judge", str(bundle), "--no-write", "--keys", str(keys)), 4)


def test_a_capture_without_packets_verifies_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    r = latchkey("judge", str(empty))
    assert r.code == 5, r.out


def test_a_capture_cut_anywhere_does_no_harm(bundle: Path, tmp_path: Path) -> None:
    octets = (bundle / "capture.pcap").read_bytes()
    for at in range(24, len(octets), len(octets) // 40):
        (tmp_path / "cut.pcap").write_bytes(octets[:at])
        r = latchkey("judge", str(tmp_path / "cut.pcap"), "--keys", str(bundle / "keys.log"))
        assert r.code in (0, 1, 2, 4, 5)


def test_a_bundle_that_cannot_be_written_to(bundle: Path, tmp_path: Path) -> None:
    b = copied(bundle, tmp_path)
    (b / "verdict.json").unlink(missing_ok=True)
    (b / "verdict.json").mkdir()
    r = latchkey("judge", str(b))
    assert r.code == 4 and "verdict.json" in r.err

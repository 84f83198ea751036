# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""latchkey run: an exit code for each outcome, counts that add up, nothing that blocks."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import pytest
from conftest import ROOT, SIZE, rows

ONE = "TP_DD_MB_IB_001"


def check_counts(folder) -> dict[str, int]:
    info = json.loads((folder / "run.json").read_text())
    assert sum(info["counts"].values()) == SIZE == len(rows(folder)) == info["catalogue"]["size"]
    return info["counts"]


def test_all_pass_is_0(latchkey, tmp_path):
    code, out, _ = latchkey("run", "--out", "r")
    assert code == 0
    n = check_counts(tmp_path / "r")
    assert (n["PASS"], n["NOT RUN"]) == (7, 1)
    assert "7 PASS, 0 INCONC, 0 FAIL, 0 ERROR, 0 N/A, 1 NOT RUN, 0 not selected = 8" in out
    assert "there is no way to look inside" in out and "report: r/report.html" in out
    for name in ("run.json", "verdicts.jsonl", "junit.xml", "report.html", "summary.md"):
        assert (tmp_path / "r" / name).stat().st_size > 100
    assert (tmp_path / "r" / ONE / "verdict.json").exists()


@pytest.mark.parametrize("outcome, code, verdict, words", [
    ("FAIL", 1, "FAIL", "because of FAIL"),
    ("INCONC", 2, "INCONC", "because of INCONC"),
    ("ERROR", 2, "ERROR", "because of ERROR"),
    ("crash", 2, "ERROR", "the harness failed (exit 70): latchkey play: out of rope"),
    ("no-verdict", 2, "ERROR", "the judge gave no verdict (exit 70): judge: the capture is torn"),
    ("noisy", 0, "PASS", "all as expected"),
])
def test_each_outcome_has_its_exit_code(latchkey, fake, tmp_path, outcome, code, verdict, words):
    fake(**{ONE: outcome})
    got, out, _ = latchkey("run", "--select", "TP_DD_MB_IB_*", "--out", "r", processes=True)
    row = rows(tmp_path / "r")[ONE]
    assert (got, row["verdict"]) == (code, verdict) and words in row["reason"]
    assert check_counts(tmp_path / "r")["NOT SELECTED"] == 6
    if code:
        assert f"again: latchkey run --select {ONE} --seed 1" in out
        assert "those again: latchkey run --rerun-failed r" in out


def test_a_hang_is_an_error_and_leaves_nothing_behind(latchkey, fake, tmp_path):
    fake(**{ONE: "hang-children"})
    start = time.monotonic()
    code, _, _ = latchkey("run", "--select", ONE, "--timeout", "1", "--out", "r", processes=True)
    assert code == 2 and time.monotonic() - start < 20
    assert "did not end within 1 s" in rows(tmp_path / "r")[ONE]["reason"]
    marked = subprocess.run(["pgrep", "-f", "^sleep 601$"], capture_output=True, text=True).stdout
    assert marked == ""


def test_nothing_verified_is_5(latchkey, tmp_path):
    code, out, _ = latchkey("run", "--select", "TP_DD_MB_RP_002", "--out", "r")
    assert code == 5 and "nothing was verified" in out
    check_counts(tmp_path / "r")


def test_pics_make_not_applicable_and_name_the_item(latchkey, tmp_path):
    (tmp_path / "c.yaml").write_text("campaign: 1\nname: x\niuts: {MB: reference}\npics: {PIC_M_02: N, PIC_M_01: N}\n")
    code, out, _ = latchkey("run", "c.yaml", "--out", "r")
    got = rows(tmp_path / "r")
    assert got["TP_DD_MB_IB_002"]["verdict"] == "N/A" and "PIC_M_02 is N" in got["TP_DD_MB_IB_002"]["reason"]
    assert "PIC_M_01 is N, an item that is mandatory" in got[ONE]["reason"]
    assert got["TP_DD_B_MS_001"]["verdict"] == "NOT SELECTED" and got["TP_DD_PC_MS_001"]["verdict"] == "PASS"
    assert code == 0 and check_counts(tmp_path / "r")["N/A"] == 3


def test_a_preamble_is_tried_once_more(latchkey, fake, tmp_path):
    fake(TP_DD_MB_IB_001="preamble-once", TP_DD_MB_RP_001="preamble")
    code, _, _ = latchkey("run", "--select", "MB", "--out", "r")
    got = rows(tmp_path / "r")
    assert code == 2
    assert got[ONE]["verdict"] == "PASS" and got[ONE]["retried"] and "second try" in got[ONE]["reason"]
    assert [a["bundle"] for a in got[ONE]["attempts"]] == [f"{ONE}.attempt-1", ONE]
    assert (tmp_path / "r" / f"{ONE}.attempt-1" / "verdict.json").exists()
    assert got["TP_DD_MB_RP_001"]["verdict"] == "INCONC" and len(got["TP_DD_MB_RP_001"]["attempts"]) == 2


def test_repeat_takes_the_worst_and_keeps_every_play(latchkey, fake, tmp_path):
    fake(**{ONE: "flaky"})
    code, _, _ = latchkey("run", "--select", ONE, "--repeat", "3", "--out", "r")
    row = rows(tmp_path / "r")[ONE]
    assert code == 1 and row["verdict"] == "FAIL" and "2 of 3 plays passed" in row["reason"]
    assert row["bundle"] == f"{ONE}.attempt-2" and len(row["attempts"]) == 3
    seeds = [json.loads((tmp_path / "r" / a["bundle"] / "plan.yaml").read_text())["args"] for a in row["attempts"]]
    assert [s[s.index("--seed") + 1] for s in seeds] == ["1", "2", "3"]


def test_fail_fast_stops(latchkey, fake, tmp_path):
    fake(TP_DD_A_MS_001="FAIL")
    code, _, _ = latchkey("run", "--fail-fast", "--jobs", "1", "--out", "r")
    got = rows(tmp_path / "r")
    assert code == 1 and got[ONE]["verdict"] == "NOT RUN" and "--fail-fast" in got[ONE]["reason"]
    check_counts(tmp_path / "r")


def baseline_file(tmp_path, expires, verdict="FAIL", key=None):
    entry = {"tp": ONE, "verdict": verdict, "reason": "known bug 12", "expires": expires}
    (tmp_path / "base.yaml").write_text(json.dumps([entry | ({"key": key} if key else {})]))
    return ("--baseline", "base.yaml", "--select", ONE, "--out", "r")


def test_a_baseline_excuses_until_its_day(latchkey, fake, tmp_path):
    fake(**{ONE: "FAIL"})
    code, out, _ = latchkey("run", *baseline_file(tmp_path, "2999-01-01", key="mb-refuses-foreign-yp"))
    assert code == 0 and "expected until 2999-01-01: known bug 12" in out
    assert rows(tmp_path / "r")[ONE]["expected"] is True
    skipped = ET.parse(tmp_path / "r/junit.xml").find(f".//testcase[@name='{ONE}']/skipped")
    assert skipped is not None and "known bug 12" in skipped.get("message")
    assert latchkey("run", *baseline_file(tmp_path, "2020-01-01"))[0] == 1
    assert latchkey("run", *baseline_file(tmp_path, "2999-01-01", key="another-law"))[0] == 1
    assert latchkey("run", *baseline_file(tmp_path, "2999-01-01", verdict="INCONC"))[0] == 1


def test_a_stale_baseline_is_3_only_if_strict(latchkey, tmp_path):
    args = baseline_file(tmp_path, "2999-01-01")
    code, out, _ = latchkey("run", *args)
    assert code == 0 and f"stale baseline: {ONE}: the entry expects FAIL, it was PASS" in out
    assert latchkey("run", *args, "--strict-baseline")[0] == 3
    assert latchkey("run", *baseline_file(tmp_path, "2020-01-01"), "--strict-baseline")[0] == 3


def test_rerun_failed_takes_what_did_not_pass(latchkey, fake, tmp_path):
    fake(TP_DD_MB_IB_001="FAIL", TP_DD_B_MS_001="crash")
    latchkey("run", "--select", ONE, "--select", "[AB]", "--out", "r")
    code, out, _ = latchkey("run", "--rerun-failed", "r", "--list")
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == ["TP_DD_B_MS_001", ONE]
    assert latchkey("run", "--rerun-failed", "nowhere")[0] == 64


def test_selections(latchkey):
    def ids(*args: str) -> list[str]:
        code, out, _ = latchkey("run", "--list", *args)
        assert code == 0
        return [line.split()[0] for line in out.splitlines()]
    assert len(ids()) == SIZE
    assert ids("--quick") == ["TP_DD_A_MS_001", "TP_DD_B_MS_001", "TP_DD_KM_AU_001", "TP_DD_MB_IB_001",
                              "TP_DD_MB_RP_001", "TP_DD_PC_MS_001"]
    assert sorted(ids("--shard", "1/2") + ids("--shard", "2/2")) == ids()
    assert ids("--fault", "mb-bad") == ids("--select", "MB")


def test_dry_run_plays_nothing(latchkey, tmp_path):
    code, out, _ = latchkey("run", "--dry-run")
    assert code == 0 and "7 would be played, of 8 in the catalogue" in out
    assert "NOT RUN TP_DD_MB_RP_002" in out and not (tmp_path / "out").exists()


@pytest.mark.parametrize("args, words", [
    (("--select", "TP_NONE"), "matches no test purpose"), (("--nonsense",), "unrecognized"),
    (("--px", "SKEW"), "write it as PX_ITEM=VALUE"), (("--px", "PX_SKWE=1"), "did you mean PX_SKEW?"),
    (("--fault", "mb-bat"), "did you mean mb-bad"), (("--jobs", "0"), "at least 1"), (("--shard", "3/2"), "I/N"),
    (("--out", "full"), "holds something else"),
])
def test_a_wrong_command_line_is_64(latchkey, tmp_path, args, words):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    code, _, err = latchkey("run", *args)
    assert code == 64 and words in err
    assert (tmp_path / "full" / "precious").exists()


def test_an_installation_without_program_is_70(latchkey, monkeypatch):
    monkeypatch.setenv("LATCHKEY", "/nowhere/latchkey")
    code, _, err = latchkey("run")
    assert code == 70 and "set LATCHKEY to its path" in err


def test_the_options_reach_the_program(latchkey, tmp_path):
    (tmp_path / "keys").write_text("SK 00 11\n")
    (tmp_path / "c.yaml").write_text("campaign: 1\nname: x\niuts: {MB: 'exec:true', B: 'exec:false'}\nkeys: keys\n"
                                     "pixit: {PX_SKEW: 9}\nibe: p512.yaml\nstep_timeout_ms: 700\ncapture: taps\n")
    latchkey("run", "c.yaml", "--select", "TP_DD_MB_IB_001", "--select", "PC", "--px", "PX_LOSS=2", "--seed", "5",
             "--out", "r")
    args = json.loads((tmp_path / "r" / ONE / "plan.yaml").read_text())["args"]
    text = " ".join(args)
    assert "--iut MB=exec:true" in text and "B=exec:false" not in text
    assert "--px PX_SKEW=9" in text and "--px PX_LOSS=2" in text and "--seed 5" in text and "p512.yaml" in text
    assert "--step-timeout 700" in text and "--taps" in text
    assert "--command latchkey run c.yaml --select TP_DD_MB_IB_001 --seed 5 --px PX_LOSS=2" in text
    passive = " ".join(json.loads((tmp_path / "r/TP_DD_PC_MS_001/plan.yaml").read_text())["args"])
    assert "--iut MB=exec:true" in passive and "--iut B=exec:false" in passive
    assert "SK 00 11" in (tmp_path / "r" / ONE / "keys.log").read_text()


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_gives_a_partial_report(home, fake, tmp_path, sig):
    fake(TP_DD_A_MS_001="PASS", TP_DD_MB_IB_001="hang", TP_DD_B_MS_001="hang")
    p = subprocess.Popen([sys.executable, str(ROOT / "driver/latchkey-run"), "--out", "r", "--jobs", "2", "--select",
                          "[AB]", "--select", ONE], stdout=subprocess.PIPE, text=True)
    assert p.stdout is not None
    for line in p.stdout:
        if "TP_DD_A_MS_001" in line:
            break
    time.sleep(0.3)
    p.send_signal(sig)
    rest = p.stdout.read()
    assert p.wait(10) == 130 and "partial" in rest
    got, info = rows(tmp_path / "r"), json.loads((tmp_path / "r/run.json").read_text())
    assert got["TP_DD_A_MS_001"]["verdict"] == "PASS"
    assert got[ONE]["verdict"] == "NOT RUN" and "interrupted" in got[ONE]["reason"]
    assert info["partial"] is True and "Interrupted: this report is partial" in (tmp_path / "r/report.html").read_text()
    check_counts(tmp_path / "r")


def test_quiet_says_only_what_matters(latchkey, fake, tmp_path):
    fake(**{ONE: "FAIL"})
    _, out, _ = latchkey("run", "--quiet", "--select", ONE, "--select", "A", "--out", "r")
    assert "[1/2]" not in out and ONE in out and "1 FAIL" in out and len(out.splitlines()) < 12


def test_run_json_says_what_the_run_was_made_of(latchkey, tmp_path):
    latchkey("run", "--select", ONE, "--seed", "9", "--out", "r")
    info = json.loads((tmp_path / "r/run.json").read_text())
    assert info["command"][:2] == ["latchkey", "run"] and info["seed"] == 9 and info["exit"] == 0
    assert info["versions"]["program"] == "latchkey 0.0.fake" and len(info["versions"]["program_sha256"]) == 64
    assert info["campaign"]["file"] == "scenarios/campaigns/builtin.campaign.yaml"
    assert info["host"]["system"] == os.uname().sysname and info["started"] <= info["ended"]


@pytest.mark.parametrize("verb", ["run", "zoo", "doctor", "report"])
def test_help_fits_a_screen(verb):
    r = subprocess.run([str(ROOT / f"driver/latchkey-{verb}"), "--help"], capture_output=True, text=True, timeout=20,
                       env={**os.environ, "COLUMNS": "80"})
    lines = r.stdout.splitlines()
    assert r.returncode == 0 and lines[0].startswith(f"usage: latchkey {verb}")
    assert len(lines) <= 34 and max(map(len, lines)) <= 90

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""latchkey zoo: what counts as noticed, and what survives."""
from __future__ import annotations

import csv
import json

import pytest

ONE, TWO = "TP_DD_MB_IB_001", "TP_DD_MB_RP_001"


def lines(folder) -> dict[str, dict]:
    return {x["fault"]: x for x in json.loads((folder / "zoo.json").read_text())["lines"]}


def test_a_fault_that_every_purpose_notices_is_killed(latchkey, tmp_path):
    code, out, _ = latchkey("zoo", "--faults", "mb-[bs]*", "--out", "z")
    got = lines(tmp_path / "z")
    assert code == 0 and out.splitlines()[-1] == "2 killed, 0 survived"
    assert "correct agents: 2 passed, 0 did not" in out
    assert [c["verdict"] for c in got["mb-sly"]["cells"]] == ["FAIL", "FAIL"]
    table = list(csv.DictReader((tmp_path / "z/zoo.csv").open()))
    assert [(r["fault"], r["killed"], r[ONE], r[TWO]) for r in table] == [
        ("control", "yes", "PASS", "PASS"), ("mb-bad", "yes", "FAIL", ""), ("mb-sly", "yes", "FAIL", "FAIL")]
    assert "2 killed, 0 survived" in (tmp_path / "z/zoo.html").read_text()
    assert not (tmp_path / "z/mb-bad" / ONE).exists()


@pytest.mark.parametrize("outcome", ["PASS", "INCONC", "ERROR", "crash"])
def test_anything_but_fail_is_a_survivor(latchkey, fake, tmp_path, outcome):
    fake(**{f"{TWO}__mb-sly": outcome})
    code, out, _ = latchkey("zoo", "--faults", "mb-sly", "--no-control", "--out", "z")
    assert code == 1 and out.splitlines()[-1] == "0 killed, 1 survived"
    assert f"again: latchkey run --select {TWO} --fault mb-sly" in out and "hides it" in out
    assert (tmp_path / "z/mb-sly" / TWO).is_dir()


@pytest.mark.parametrize("outcome, killed", [("INCONC", 1), ("FAIL", 1), ("PASS", 0), ("lacking", 0), ("preamble", 0),
                                             ("ERROR", 0), ("crash", 0)])
def test_what_the_criterion_leaves_open_is_noticed_by_a_finding_of_a_duty(latchkey, fake, tmp_path, outcome, killed):
    fake(**{f"{ONE}__mb-may": outcome})
    code, out, _ = latchkey("zoo", "--faults", "mb-may", "--no-control", "--out", "z")
    assert out.splitlines()[-1] == f"{killed} killed, {1 - killed} survived" and code == 1 - killed
    assert [c["tp"] for c in lines(tmp_path / "z")["mb-may"]["cells"]] == [ONE]


def test_a_purpose_that_does_not_exist_notices_nothing(latchkey):
    code, out, _ = latchkey("zoo", "--faults", "mb-lost", "--out", "z")
    assert code == 1 and "there is no such test purpose" in out and "0 killed, 1 survived" in out


def test_correct_agents_must_pass(latchkey, fake):
    fake(**{ONE: "FAIL"})
    code, out, _ = latchkey("zoo", "--faults", "mb-bad", "--out", "z")
    assert code == 1 and "1 killed, 0 survived" in out and "correct agents: 0 passed, 1 did not" in out


@pytest.mark.parametrize("outcome, code", [("INCONC", 0), ("FAIL", 0), ("PASS", 1), ("crash", 1)])
def test_a_worthless_peer_earns_no_pass_in_any_role(latchkey, fake, tmp_path, outcome, code):
    fake(**{f"{ONE}__peer-silent": outcome})
    got, _, _ = latchkey("zoo", "--faults", "peer-silent", "--no-control", "--out", "z", "--keep")
    cells = lines(tmp_path / "z")["peer-silent"]["cells"]
    assert got == code
    assert [c["tp"] for c in cells] == ["TP_DD_A_MS_001", "TP_DD_B_MS_001", "TP_DD_KM_AU_001", ONE, "TP_DD_MB_IB_002",
                                       TWO]
    args = " ".join(json.loads((tmp_path / "z/peer-silent" / TWO / "plan.yaml").read_text())["args"])
    assert "--fault peer-silent" in args and "--step-timeout 1500" in args


def test_samples_are_spread_and_patterns_are_checked(latchkey):
    from latchkey.common import Fault
    from latchkey.zoo import sample
    many = [Fault(f"f{i}", "MB", "", "", ("x",)) for i in range(10)]
    assert [f.name for f in sample(many, 3)] == ["f0", "f3", "f6"] and sample(many, 20) == many
    assert latchkey("zoo", "--faults", "nothing-*")[0] == 64 and latchkey("zoo", "--sample", "0")[0] == 64


def test_a_purpose_without_faults_in_the_table_is_no_kill(latchkey):
    from latchkey.common import Fault
    from latchkey.zoo import lines_for
    (line,) = lines_for([Fault("f", "MB", "", "", ())], [], set(), False)
    assert not line.killed and line.why == "names no test purpose"

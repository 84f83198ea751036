# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""SIPp, which knows nothing of this project, plays A, B and a mailbox; the judge decides, not SIPp."""
from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import HERE, SCENARIOS, evidence, findings, judge, play, reds

SIPP = SCENARIOS / "sipp"
pytestmark = pytest.mark.skipif(shutil.which("sipp") is None, reason="no sipp")


def sipp(role: str, script: Path | None = None) -> tuple[str, str]:
    """The arguments with which SIPp plays a role."""
    return "--iut", f"{role}=exec:{SIPP / 'sipp-adapter'} {role}" + (f" {script}" if script else "")


def sipp_exit(bundle: Path, role: str) -> int:
    """How SIPp itself ended; -1 if it had to be stopped."""
    said = [e["event"] for e in evidence(bundle) if e["kind"] == "event" and e["event"].get("event") == "sipp"]
    assert len(said) == 1, evidence(bundle)
    return said[0]["status"] if said[0]["ended_itself"] else -1


def labels(doc: dict[str, Any], source: str, target: str) -> list[str]:
    return [row["label"] for row in doc["ladder"] if (row["from"], row["to"]) == (source, target)]


@pytest.mark.parametrize("tp", ["TP_DD_MB_MS_001", "TP_DD_MB_MS_002", "TP_DD_MB_MS_003"])
def test_sipp_as_a_gets_r_message_1_of_our_mailbox(tp: str, tmp_path: Path) -> None:
    b = play(tp, tmp_path / "b", *sipp("A"))
    doc = judge(b)
    assert doc["verdict"] == "PASS", doc["reason"]
    assert sipp_exit(b, "A") == 0
    assert "487 INVITE" in labels(doc, "CORE", "A")
    assert not findings(doc, "FAIL", party="MB"), reds(doc)
    # SIPp gives up after R_MESSAGE_1 with a CANCEL, as a caller may: no fault of A's, and no deposit
    assert not findings(doc, "FAIL", party="A"), reds(doc)
    assert not findings(doc, "PASS", law="deposit-complete", party="A")


def test_sipp_as_b_rings_and_the_deposit_is_made(tmp_path: Path) -> None:
    b = play(HERE / "no_reply.yaml", tmp_path / "b", *sipp("B"))
    doc = judge(b)
    assert doc["verdict"] == "PASS", doc["reason"]
    assert sipp_exit(b, "B") == 0
    assert labels(doc, "B", "CORE") == ["180 INVITE", "200 CANCEL", "487 INVITE"]
    assert [x for x in labels(doc, "CORE", "B") if x != "INVITE"] == ["CANCEL", "ACK"]
    assert not reds(doc)


def test_our_a_refuses_the_scripted_r_message_1(tmp_path: Path) -> None:
    b = play("TP_DD_A_MS_001", tmp_path / "b", *sipp("MB"))
    doc = judge(b)
    assert doc["verdict"] == "PASS", doc["reason"]
    assert sipp_exit(b, "MB") == 0
    assert findings(doc, "PASS", law="a-refuses-other-csb", party="A", place="deposit 1")
    assert not findings(doc, "FAIL", party="A"), reds(doc)
    assert findings(doc, "FAIL", law="r1-structure", party="MB")  # the blob is from another exchange


def test_sipp_is_content_and_the_judge_says_fail(tmp_path: Path) -> None:
    b = play("TP_DD_MB_MS_001", tmp_path / "b", *sipp("A"), "--fault", "mb-r1-idrr-is-b")
    doc = judge(b)
    assert sipp_exit(b, "A") == 0
    assert doc["verdict"] == "FAIL"
    assert findings(doc, "FAIL", law="r1-own-identity", party="MB")


def test_sipp_fails_and_the_judge_gives_what_was_recorded(tmp_path: Path) -> None:
    script = tmp_path / "a-wrong-branch.xml"
    text = (SIPP / "a-until-r1.xml").read_text(encoding="utf-8")
    assert "[branch-7]" in text
    script.write_text(text.replace("[branch-7]", "[branch-6]"), encoding="utf-8")
    b = play("TP_DD_MB_MS_001", tmp_path / "b", *sipp("A", script))
    doc = judge(b)
    assert sipp_exit(b, "A") not in (0, -1)
    assert doc["verdict"] == "PASS", doc["reason"]
    assert findings(doc, "FAIL", law="cancel-form", party="A")  # why SIPp failed

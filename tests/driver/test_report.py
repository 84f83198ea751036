# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The reports: golden files, hostile bundles, rendering again, merging."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import HERE, SIZE, rows

GOLDEN = HERE / "golden"
MB1, MB2, KMS = "TP_DD_MB_IB_001", "TP_DD_MB_RP_001", "TP_DD_KM_AU_001"
BUILTIN = "scenarios/campaigns/builtin.campaign.yaml"


def fixed_run(folder: Path) -> Path:
    """A run folder made by hand, in which nothing depends on machine or time."""
    from latchkey import outcome, runinfo
    from latchkey.outcome import Row

    def row(tp: str, verdict: str, reason: str = "", **more) -> Row:
        _, _, role, group, _ = tp.split("_")
        role = {"KM": "KMS"}.get(role, role)
        r = Row(tp, f"Ensure that the IUT does {tp[-3:]}", role, group, "BV", "MUST", ["RFC 6539, 3.2"], ["DD-025"],
                verdict, reason)
        for k, v in more.items():
            setattr(r, k, v)
        return r

    known = {"tp": MB2, "verdict": "FAIL", "key": None, "reason": "known bug 12 <b>", "expires": "2999-01-01"}
    found = [
        row("TP_DD_A_MS_001", "PASS", "all as expected", seconds=1.25, iut="reference agent"),
        row("TP_DD_B_MS_001", "ERROR", "the harness failed (exit 70): no | rope", seconds=0.5, output="line 1\nline 2",
            reproduce="latchkey run --select TP_DD_B_MS_001 --seed 1"),
        row(KMS, "N/A", "PIC_K_01 is N"),
        row(MB1, "FAIL", "mb-refuses-foreign-yp at deposit 2: <refused> expected & got `200`", seconds=2.0,
            key="mb-refuses-foreign-yp", reproduce=f"latchkey run --select {MB1} --seed 1"),
        row(MB2, "FAIL", "as we know", seconds=1.0, expected=True, baseline=known),
        row("TP_DD_MB_RP_002", "NOT RUN", "there is no way to look inside"),
        row("TP_DD_PC_MS_001", "INCONC", "frame 7 has no key", seconds=0.25),
        row("TP_DD_PC_MS_002", "NOT SELECTED"),
    ]
    folder.mkdir()
    runinfo.write(folder / "run.json", {
        "latchkey": 1, "kind": "run", "name": "Golden *run*", "command": ["latchkey", "run"], "seed": 1, "exit": 1,
        "started": "2026-11-24T10:00:00Z", "ended": "2026-11-24T10:00:09Z", "partial": False, "stale": [],
        "versions": {"program": "latchkey 0.1.0", "program_sha256": "ab" * 32}, "counts": outcome.counts(found),
        "campaign": {"file": BUILTIN, "sha256": "cd" * 32}, "catalogue": {"size": len(found), "sha256": "ef" * 32},
        "iuts": {"MB": {"adapter": "reference", "name": "reference agent"}}, "pics": {}, "pixit": {}, "fault": None,
        "ibe": {"file": "scenarios/ibe/p1536.yaml", "sha256": "01" * 32},
        "host": {"system": "Linux", "release": "6", "machine": "x86_64", "cpus": 2, "python": "3.11.2"}})
    outcome.write_rows(folder / "verdicts.jsonl", found)
    return folder


@pytest.mark.parametrize("name", ["summary.md", "junit.xml"])
def test_golden_files(latchkey, tmp_path, name):
    folder = fixed_run(tmp_path / "g")
    assert latchkey("report", "g")[0] == 0
    got = (folder / name).read_text()
    if os.environ.get("LATCHKEY_UPDATE_GOLDEN"):
        (GOLDEN / name).write_text(got)
    assert got == (GOLDEN / name).read_text()


def test_junit_counts_agree_with_its_cases(latchkey, tmp_path):
    folder = fixed_run(tmp_path / "g")
    latchkey("report", "g")
    top = ET.parse(folder / "junit.xml").getroot()
    for element in (top, *top.findall("testsuite")):
        cases = list(element.iter("testcase"))
        for tag, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(element.get(attribute)) == sum(c.find(tag) is not None for c in cases)
        assert int(element.get("tests")) == len(cases)
    assert len(list(top.iter("testcase"))) == 7
    kind = {c.get("name"): [(x.tag, x.get("type")) for x in c] for c in top.iter("testcase")}
    assert kind[MB1] == [("failure", "FAIL")] and kind[MB2] == [("skipped", None)] == kind[KMS]
    assert kind["TP_DD_PC_MS_001"] == [("error", "inconclusive")] and kind["TP_DD_B_MS_001"] == [("error", "error")]
    assert kind["TP_DD_A_MS_001"] == []


class Page(HTMLParser):
    """Tags and resources of a page, and whether it is nested well."""

    VOID = {"meta", "input", "br", "link", "img"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}>"
        self.open.pop()


def test_the_page_is_well_nested_and_loads_nothing(latchkey, fake, tmp_path):
    fake(TP_DD_MB_IB_001="FAIL", TP_DD_MB_RP_001="INCONC")
    latchkey("run", "--select", "MB", "--out", "r")
    text = (tmp_path / "r/report.html").read_text()
    page = Page(text)
    assert page.open == [] and len(page.ids) == len(set(page.ids))
    assert page.tags.count("script") == 1 and not {"link", "img", "iframe", "object"} & set(page.tags)
    assert all(k not in ("src", "srcset", "action") for k, _ in page.attributes)
    assert all(v.startswith("#") for k, v in page.attributes if k == "href")
    assert not re.search(r"url\(|@import|https?://", text.replace("http-equiv", ""))
    assert "default-src 'none'" in text and "prefers-color-scheme" in text


def test_the_page_shows_finding_octets_and_ladder(latchkey, fake, tmp_path):
    fake(TP_DD_MB_IB_001="FAIL")
    latchkey("run", "--select", MB1, "--out", "r")
    text = (tmp_path / "r/report.html").read_text()
    assert "1 of 1 verified test purposes failed" in text
    for words in ("DD-025, R6539-007 (RFC 6539, 3.2)", "frame 3, octets 21 to 53 of the decrypted IBAKE payload",
                  "<dt>expected</dt>", "<dt>actual</dt>", f"latchkey run --select {MB1} --seed 1",
                  f"latchkey judge {MB1}", "R_MESSAGE_1"):
        assert words in text, words
    assert '<td>000010</td><td>··</td>' in text and '<td class="m">41</td>' in text and "ABCDEFGHIJK" in text
    svg = text[text.index("<svg"):text.index("</svg>")]
    assert re.findall(r'class="party"[^>]*>([^<]*)<', svg) == ["A", "core", "mailbox"]
    assert svg.count('<g class="arrow fail">') == 1 and svg.count('<g class="arrow">') == 2


def test_hostile_bundles_are_only_text(latchkey, fake, tmp_path):
    fake(TP_DD_MB_IB_001="hostile")
    code, out, _ = latchkey("run", "--select", MB1, "--out", "r")
    assert code == 1 and "\x1b[2J" not in out and "\x00" not in out
    text = (tmp_path / "r/report.html").read_text()
    page = Page(text)
    assert page.tags.count("script") == 1 and "img" not in page.tags
    assert "&lt;script&gt;alert(1)" in text and not any(k.startswith("on") for k, _ in page.attributes)
    ET.parse(tmp_path / "r/junit.xml")
    markdown = (tmp_path / "r/summary.md").read_text()
    assert not re.search(r"(?<!\\)<", markdown) and "\\<script\\>" in markdown


@pytest.mark.parametrize("torn", [
    "[]", "{", '{"verdict": "FAIL"}', '{"verdict": "MAYBE", "findings": 3}',
    '{"verdict": "FAIL", "reason": 7, "findings": [4, {"frame": "x", "octets": ["a"], "hex": "zz", "requirements": 1}'
    '], "expect": [{}], "ladder": [{}, 5, {"frame": null, "t": "x", "from": 1}]}'])
def test_a_verdict_that_is_not_ours_does_not_break_the_report(latchkey, tmp_path, torn):
    latchkey("run", "--select", MB1, "--out", "r")
    (tmp_path / "r" / MB1 / "verdict.json").write_text(torn)
    assert latchkey("report", "r")[0] == 0
    assert Page((tmp_path / "r/report.html").read_text()).open == []


def files(folder: Path) -> dict[str, bytes]:
    names = ("report.html", "summary.md", "junit.xml", "verdicts.jsonl", "run.json")
    return {n: (folder / n).read_bytes() for n in names}


def test_report_gives_the_same_octets_again(latchkey, fake, tmp_path):
    fake(TP_DD_MB_IB_001="FAIL", TP_DD_B_MS_001="crash")
    latchkey("run", "--select", "MB", "--select", "B", "--out", "r")
    before = files(tmp_path / "r")
    (tmp_path / "r/report.html").unlink()
    code, out, _ = latchkey("report", "r")
    assert code == 0 and files(tmp_path / "r") == before and "report: r/report.html" in out


def test_a_bundle_that_was_judged_again_wins(latchkey, tmp_path):
    latchkey("run", "--select", MB1, "--out", "r")
    path = tmp_path / "r" / MB1 / "verdict.json"
    v = json.loads(path.read_text())
    path.write_text(json.dumps(v | {"verdict": "FAIL", "reason": "a newer judge sees more"}))
    latchkey("report", "r")
    assert rows(tmp_path / "r")[MB1]["verdict"] == "FAIL"
    assert "a newer judge sees more" in (tmp_path / "r/report.html").read_text()


def test_shards_are_merged(latchkey, fake, tmp_path):
    fake(TP_DD_MB_IB_001="FAIL")
    latchkey("run", "--select", "MB", "--shard", "1/2", "--out", "s1")
    latchkey("run", "--select", "MB", "--shard", "2/2", "--out", "s2")
    code, out, _ = latchkey("report", "s1", "s2", "--out", "m")
    got = rows(tmp_path / "m")
    assert code == 0 and len(got) == SIZE and "1 FAIL" in out
    assert [got[i]["verdict"] for i in (MB1, "TP_DD_MB_IB_002", MB2, "TP_DD_MB_RP_002", KMS)] == \
        ["FAIL", "PASS", "PASS", "NOT RUN", "NOT SELECTED"]
    assert (tmp_path / "m" / got[MB1]["bundle"] / "verdict.json").exists()
    info = json.loads((tmp_path / "m/run.json").read_text())
    assert sum(info["counts"].values()) == SIZE and len(info["shards"]) == 2 and info["exit"] == 1
    assert latchkey("report", "m")[0] == 0


def test_what_is_no_run_is_said(latchkey, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = latchkey("report", "empty")
    assert code == 64 and "name the folder that `latchkey run --out` made" in err


def test_like_packets_become_one_row_of_the_ladder():
    from latchkey import ladder
    steps = [{"frame": i, "t": i / 50, "from": a, "to": b, "label": "SRTP"} for i in range(1, 41)
             for a, b in [("A", "MB") if i % 2 else ("MB", "A")]]
    steps += [{"frame": 50, "t": 2, "from": "A", "to": "MB", "label": "BYE"}, {**steps[0], "frame": 51}]
    got = ladder.arrows(steps, {})
    assert [(a.label, a.count, a.frame, a.last) for a in got] == [("SRTP", 20, 1, 39), ("SRTP", 20, 2, 40),
                                                                   ("BYE", 1, 50, 50), ("SRTP", 1, 51, 51)]
    assert [a.frame for a in ladder.arrows(steps, {5: "FAIL"}) if a.mark] == [5]
    assert ladder.columns(got) == ["A", "MB"] and "no message" in ladder.svg([], {}, "x")


def test_the_matrix_adds_up_and_laws_are_told_once():
    from latchkey import render
    from latchkey.outcome import Row

    def row(tp: str, role: str, group: str, verdict: str) -> Row:
        return Row(tp, "", role, group, "BV", "MUST", [], [], verdict)
    m = render.matrix([row("1", "MB", "RP", "PASS"), row("2", "MB", "RP", "FAIL"), row("3", "A", "MS", "PASS"),
                       row("4", "MB", "ZZ", "N/A"), row("5", "B", "MS", "NOT SELECTED")])
    assert m["groups"] == ["MS", "RP", "ZZ"] and [role for role, _ in m["rows"]] == ["A", "MB"]
    assert [c and c["total"] for c in m["rows"][1][1]] == [None, 2, 1, 3]
    assert m["rows"][1][1][1]["n"]["FAIL"] == 1
    found = [{"law": "x", "verdict": "PASS", "party": "MB", "place": f"deposit {i % 8}", "frame": i % 2, "actual": i,
              "requirements": ["DD-025"]} for i in range(16)]
    (x,) = render.by_law(found)
    assert x["actual"] == 0 and x["where"].startswith("MB deposit 0, MB deposit 1 (1)") and "2 more" in x["where"]


def test_hexdump_shows_octets_at_their_offset():
    from latchkey.ladder import hexdump
    (line,) = hexdump("4142", 3)
    assert line.offset == "000000" and [c for c, marked in line.cells if marked] == ["41", "42"]
    assert line.cells[3] == ("41", True) and line.text == "   AB"
    assert len(hexdump("00" * 1000, 0)) == 16 and hexdump("xyz", 0) == []


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed")
def test_junit_is_well_formed_for_another_parser(latchkey, fake, tmp_path):
    fake(TP_DD_MB_IB_001="hostile")
    latchkey("run", "--select", MB1, "--out", "r")
    subprocess.run(["xmllint", "--noout", str(tmp_path / "r/junit.xml")], check=True, timeout=10)

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""A recording judged again: elsewhere, with less, spoilt, in other containers."""
from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pcapfile
from conftest import PROGRAM, findings, judge, latchkey, reds, shape, two_at_a_time
from pcapfile import Frame

LABEL = re.compile(r"IBE_MASTER|IBE_PARAMS|IBE_PRIVATE|ECDH_PRIVATE|MPK|TGK|SK|PSK|CANARY")


def copy(bundle: Path, to: Path) -> Path:
    shutil.copytree(bundle, to)
    (to / "verdict.json").unlink(missing_ok=True)
    return to


def bare(bundle: Path, capture: Path, *args: str | Path) -> dict[str, Any]:
    """A capture with key log and plan: no evidence helps."""
    return judge(capture, "--keys", bundle / "keys.log", "--plan", bundle / "plan.yaml", *args)


# ---- the same verdict ----

def test_the_same_octets_in_a_fresh_process(pair: Path, tmp_path: Path) -> None:
    b = copy(pair, tmp_path / "b")
    assert latchkey("judge", b).code == 0
    first = (b / "verdict.json").read_bytes()
    (b / "verdict.json").unlink()
    assert latchkey("judge", b).code == 0
    assert (b / "verdict.json").read_bytes() == first


def test_the_same_octets_elsewhere_without_the_agents(pair: Path, tmp_path: Path) -> None:
    b = copy(pair, tmp_path / "b")
    latchkey("judge", b)
    first = (b / "verdict.json").read_bytes()
    other = tmp_path / "far" / "away"
    moved = copy(pair, other / "moved")
    for name in ("store", "A.log", "B.log", "MB.log", "KMS.log", "CORE.log"):
        path = moved / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    program = shutil.copy(PROGRAM, other / "judge-only")
    env = {"HOME": "/nonexistent", "TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8",
           "PATH": "/nonexistent", "LATCHKEY_HOME": "/nonexistent", "LATCHKEY": "/nonexistent"}
    r = subprocess.run([program, "judge", "moved"], cwd=other, env=env, capture_output=True, text=True, timeout=60,
                       check=False)
    assert r.returncode == 0, r.stderr
    assert (moved / "verdict.json").read_bytes() == first


def test_a_bundle_that_cannot_be_written_to_is_judged(pair: Path, tmp_path: Path) -> None:
    b = copy(pair, tmp_path / "b")
    r = latchkey("judge", b, "--json")
    (b / "verdict.json").unlink()
    assert latchkey("judge", b, "--json", "--no-write").out == r.out
    assert not (b / "verdict.json").exists()


# ---- keys ----

def key_lines(bundle: Path) -> list[str]:
    return [x for x in (bundle / "keys.log").read_text(encoding="ascii").splitlines() if x and not x.startswith("#")]


def with_keys(bundle: Path, tmp: Path, name: str, lines: list[str], *args: str | Path) -> dict[str, Any]:
    path = tmp / f"{name}.keys"
    path.write_text("".join(x + "\n" for x in lines), encoding="ascii")
    return judge(bundle, "--keys", path, *args)


def unmet(doc: dict[str, Any]) -> set[str]:
    return {row["law"] for row in doc["expect"] if not row["met"]}


def test_each_key_taken_away_in_turn(deposit: Path, tmp_path: Path) -> None:
    lines = key_lines(deposit)
    whole = shape(judge(deposit))

    def without(n: int) -> tuple[str, dict[str, Any]]:
        return lines[n].split()[0], with_keys(deposit, tmp_path, f"k{n}", lines[:n] + lines[n + 1:])

    for label, doc in two_at_a_time(without, range(len(lines))):
        assert not reds(doc), (label, reds(doc))
        assert doc["verdict"] in ("PASS", "INCONC"), label
        lost = whole - shape(doc)
        if any(key[3] == "PASS" for key in lost):  # what was shown and is not any more, is open, and says why
            assert any(LABEL.search(f["actual"]) for f in findings(doc, "INCONC")), label


@pytest.mark.parametrize("gone, laws, named", [
    ({"ECDH_PRIVATE", "MPK", "TGK"}, {"r2-mac"}, "ECDH_PRIVATE"),
    ({"IBE_MASTER", "IBE_PRIVATE"}, {"r2-content"}, "IBE_PRIVATE"),
    ({"IBE_MASTER", "IBE_PRIVATE", "IBE_PARAMS"}, {"r2-content"}, "IBE_PRIVATE"),
])
def test_rows_that_need_a_key_name_it(deposit: Path, tmp_path: Path, gone: set[str], laws: set[str], named: str) -> None:
    lines = [x for x in key_lines(deposit) if x.split()[0] not in gone]
    doc = with_keys(deposit, tmp_path, "some", lines)
    assert not reds(doc)
    assert doc["verdict"] == "INCONC"
    assert laws <= unmet(doc)
    for law in laws:
        assert any(named in f["actual"] for f in findings(doc, "INCONC", law=law)), findings(doc, "INCONC", law=law)
    assert named in doc["reason"], doc["reason"]


def test_without_any_key_nothing_fails(pair: Path, tmp_path: Path) -> None:
    doc = with_keys(pair, tmp_path, "none", [])
    assert doc["verdict"] == "INCONC" and not reds(doc)


# ---- the capture cut ----

def frame_ends(path: Path) -> list[int]:
    ends, at = [], 24
    for f in pcapfile.read(path):
        at += 16 + len(f.data)
        ends.append(at)
    return ends


def cuts(path: Path, every: int) -> list[int]:
    """After a frame, in the record header of the next, or in its octets."""
    ends = frame_ends(path)
    return [end + (0, 0, 7, 40)[n % 4] for n, end in enumerate(ends[:-1])][::every]


def last_needed(bundle: Path) -> int:
    """The frame after which everything that the plan asks for is on record: MB confirmed the BYE."""
    rows = judge(bundle)["ladder"]
    return min(r["frame"] for r in rows if (r["from"], r["label"]) == ("MB", "200 BYE"))


@pytest.mark.parametrize("evidence", [True, False])
def test_a_capture_that_breaks_off_decides_nothing(deposit: Path, tmp_path: Path, evidence: bool) -> None:
    data = (deposit / "capture.pcap").read_bytes()
    ends = frame_ends(deposit / "capture.pcap")
    need = ends[last_needed(deposit) - 1]

    def cut(at: int) -> tuple[int, dict[str, Any]]:
        if evidence:
            b = copy(deposit, tmp_path / f"b{at}")
            (b / "capture.pcap").write_bytes(data[:at])
            return at, judge(b)
        part = tmp_path / f"{at}.pcap"
        part.write_bytes(data[:at])
        return at, judge(part, "--keys", deposit / "keys.log", "--plan", patient)

    # Longer than the recording: on a busy host a party may pause for longer than the 300 ms of the plan.
    patient = tmp_path / "patient.yaml"
    patient.write_text((deposit / "plan.yaml").read_text(encoding="utf-8")
                       .replace("pixit:\n", "pixit:\n  PX_T_QUIET: 60000\n"), encoding="utf-8")
    for at, doc in two_at_a_time(cut, cuts(deposit / "capture.pcap", 3 if evidence else 1)):
        assert not reds(doc), (at, reds(doc))
        assert doc["verdict"] != "FAIL"
        if at < need:
            assert doc["verdict"] == "INCONC", (at, doc["verdict"])
            assert doc["reason"], at


# ---- octets changed ----

def mikey_places(bundle: Path) -> dict[str, list[tuple[int, int, int]]]:
    """Each MIKEY message of the deposit on each hop: (frame index, where its base64 begins, its length)."""
    frames = pcapfile.read(bundle / "capture.pcap")
    lines = [re.search(rb"a=key-mgmt:mikey ([A-Za-z0-9+/=]+)", f.data) for f in frames]
    doc = judge(bundle)
    deposit = next(x for x in doc["exchanges"] if x["place"] == "deposit 1")
    out: dict[str, list[tuple[int, int, int]]] = {}
    for m in deposit["messages"]:
        first = lines[m["frame"] - 1]
        assert first, m
        out[m["name"]] = [(n, hit.start(1), len(hit.group(1).rstrip(b"="))) for n, hit in enumerate(lines)
                          if hit and hit.group(1) == first.group(1)]
    return out


def spoil(frames: list[Frame], places: list[tuple[int, int, int]], octet: int) -> list[Frame]:
    """Another octet in a message, the same on each hop; nothing is computed again."""
    out = list(frames)
    for n, at, length in places:
        data = bytearray(out[n].data)
        text = bytes(data[at:at + length])
        raw = bytearray(base64.b64decode(text + b"=" * (-length % 4)))
        raw[octet] ^= 0x41
        data[at:at + length] = base64.b64encode(bytes(raw)).rstrip(b"=")
        out[n] = replace(out[n], data=bytes(data))
    return out


ROWS = {
    "A": ["i1-structure", "i1-content", "i2-structure", "i2-header-copied", "i2-deferred-content", "i2-esk",
          "i2-to-answerer", "esk-to-called", "proceeds-after-r2"],
    "MB": ["r1-structure", "r1-deferred-content", "r1-under-initiator-key", "r1-own-identity", "r2-structure",
           "r2-content", "r2-mac"],
}


def plan_for(bundle: Path, path: Path, role: str, laws: list[str]) -> Path:
    """The plan of the bundle, with another party under test and other duties."""
    text = (bundle / "plan.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^role: .*$", f"role: {role}", text, flags=re.M)
    head = text[:text.index("\nexpect:\n")]
    rows = "".join(f'  - {{law: {law}, at: "deposit 1", as: duty}}\n' for law in laws)
    path.write_text(f"{head}\nexpect:\n{rows}", encoding="utf-8")
    return path


@pytest.mark.parametrize("message", ["I_MESSAGE_1", "R_MESSAGE_1", "I_MESSAGE_2", "R_MESSAGE_2"])
def test_an_octet_of_a_mikey_message_changed(deposit: Path, tmp_path: Path, message: str) -> None:
    plans = [plan_for(deposit, tmp_path / f"{role}.yaml", role, laws) for role, laws in ROWS.items()]
    assert [judge(deposit, "--plan", p)["verdict"] for p in plans] == ["PASS", "PASS"]
    frames = pcapfile.read(deposit / "capture.pcap")
    places = mikey_places(deposit)[message]
    assert len(places) == 2  # from A or MB to CORE, and from there
    size = places[0][2] * 3 // 4
    octets = sorted({*range(0, 12, 2), *range(12, size, size // 12), size - 1})

    def change(octet: int) -> tuple[int, bool]:
        b = copy(deposit, tmp_path / f"b{octet}")
        pcapfile.write(b / "capture.pcap", spoil(frames, places, octet))
        return octet, all(judge(b, "--plan", p)["verdict"] == "PASS" for p in plans)

    passed = [octet for octet, good in two_at_a_time(change, octets) if good]
    assert not passed, f"{message}: octets {passed} of {size} may be anything"


# ---- frames dropped, swapped, doubled ----

def test_a_frame_that_is_missing_blames_nobody(deposit: Path, tmp_path: Path) -> None:
    frames = pcapfile.read(deposit / "capture.pcap")

    def drop(n: int) -> tuple[int, list[str]]:
        cap = pcapfile.write(tmp_path / f"{n}.pcap", frames[:n] + frames[n + 1:])
        return n + 1, reds(bare(deposit, cap))

    red = {n: r for n, r in two_at_a_time(drop, range(len(frames))) if r}
    assert not red, red


def test_a_frame_that_is_missing_blames_nobody_with_evidence(deposit: Path, tmp_path: Path) -> None:
    frames = pcapfile.read(deposit / "capture.pcap")

    def drop(n: int) -> tuple[int, list[str], str]:
        b = copy(deposit, tmp_path / f"b{n}")
        pcapfile.write(b / "capture.pcap", frames[:n] + frames[n + 1:])
        doc = judge(b)
        return n + 1, reds(doc), doc["verdict"]

    seen = two_at_a_time(drop, range(0, len(frames), 3))
    assert not {n: r for n, r, _ in seen if r}
    assert {v for _, _, v in seen} <= {"PASS", "INCONC"}


def test_a_media_packet_far_out_of_its_order(pair: Path, tmp_path: Path) -> None:
    """UDP may swap neighbours; what comes twenty packets late was sent late."""
    frames = pcapfile.read(pair / "capture.pcap")
    last = [k for k, f in enumerate(frames) if f.is_rtp][-1]
    same = [k for k, f in enumerate(frames) if f.is_rtp and f.source == frames[last].source]
    chosen = same[-30:-9]  # of the delivery
    moved = [frames[k] for k in chosen[1:]] + [frames[chosen[0]]]
    for k, f in zip(chosen, moved):
        frames[k] = replace(f, time_us=frames[k].time_us)
    doc = bare(pair, pcapfile.write(tmp_path / "late.pcap", frames))
    assert [r for r in reds(doc) if r.startswith("delivery-octets MB")]


def test_media_frames_in_another_order(pair: Path, tmp_path: Path) -> None:
    frames = pcapfile.read(pair / "capture.pcap")
    n, swapped = 0, 0
    while n + 1 < len(frames):
        a, b = frames[n], frames[n + 1]
        if a.is_rtp and b.is_rtp and a.source == b.source:
            frames[n], frames[n + 1] = replace(b, time_us=a.time_us), replace(a, time_us=b.time_us)
            swapped += 1
            n += 1
        n += 1
    assert swapped > 50
    doc = bare(pair, pcapfile.write(tmp_path / "swapped.pcap", frames))
    assert not reds(doc)
    assert doc["verdict"] == "PASS", doc["reason"]


@pytest.mark.parametrize("what", ["all", "tcp", "udp"])
def test_frames_recorded_twice(pair: Path, tmp_path: Path, what: str) -> None:
    frames = pcapfile.read(pair / "capture.pcap")
    kinds = {"all": (6, 17), "tcp": (6,), "udp": (17,)}[what]
    doubled = [f for one in frames for f in ([one, one] if one.protocol in kinds else [one])]
    doc, once = bare(pair, pcapfile.write(tmp_path / "doubled.pcap", doubled)), bare(pair, pair / "capture.pcap")
    assert not reds(doc)
    assert (doc["verdict"], doc["expect"] and [r["met"] for r in doc["expect"]]) == \
        (once["verdict"], [r["met"] for r in once["expect"]])
    # whether the mailbox sent a datagram twice, or the recorder saw it twice, cannot be told: open, not failed
    assert set(shape(doc) - shape(once)) <= {("media-once", "MB", "retrieval 1", "INCONC")}


# ---- other containers ----

LINKS = {"raw": pcapfile.RAW, "sll": pcapfile.SLL, "sll2": pcapfile.SLL2, "null": pcapfile.NULL}


@pytest.mark.parametrize("link", list(LINKS))
def test_other_link_layers(pair: Path, tmp_path: Path, link: str) -> None:
    cap = pcapfile.write(tmp_path / "c.pcap", pcapfile.read(pair / "capture.pcap"), LINKS[link])
    assert shape(bare(pair, cap)) == shape(bare(pair, pair / "capture.pcap"))


@pytest.mark.parametrize("order, nanoseconds", [("<", True), (">", False), (">", True)])
def test_other_byte_order_and_resolution(pair: Path, tmp_path: Path, order: str, nanoseconds: bool) -> None:
    cap = pcapfile.write(tmp_path / "c.pcap", pcapfile.read(pair / "capture.pcap"), order=order, nanoseconds=nanoseconds)
    assert shape(bare(pair, cap)) == shape(bare(pair, pair / "capture.pcap"))


@pytest.mark.skipif(shutil.which("editcap") is None, reason="no editcap")
@pytest.mark.parametrize("link", [None, "raw"])
def test_pcapng_of_editcap(pair: Path, tmp_path: Path, link: str | None) -> None:
    source = pair / "capture.pcap"
    if link:
        source = pcapfile.write(tmp_path / "c.pcap", pcapfile.read(source), LINKS[link])
    subprocess.run(["editcap", "-F", "pcapng", source, tmp_path / "c.pcapng"], check=True, capture_output=True,
                   timeout=60, env={**os.environ, "HOME": str(tmp_path)})
    assert (tmp_path / "c.pcapng").read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    doc = bare(pair, tmp_path / "c.pcapng")
    assert doc["verdict"] == "PASS", doc["reason"]
    assert shape(doc) == shape(bare(pair, pair / "capture.pcap"))

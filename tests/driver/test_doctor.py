# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""latchkey doctor: every mistake is found and comes with its remedy."""
from __future__ import annotations

import datetime
import json
import socket
import sys
from pathlib import Path

import pytest

NOON = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)
TOMORROW = datetime.datetime.now(datetime.timezone.utc).replace(hour=12) + datetime.timedelta(days=1)


def examine(text: str, folder: Path, now=NOON) -> list[tuple[bool, str, str]]:
    from latchkey import campaign, common, doctor
    path = folder / "c.yaml"
    path.write_text("campaign: 1\nname: x\n" + text)
    catalogue, known = common.catalogue()
    c = campaign.load(path, catalogue, known)
    found = [*doctor.check_selection(c, c.purposes(catalogue)), *doctor.check_pics(c, known, c.purposes(catalogue)),
             *doctor.check_pixit(c), *doctor.check_keys(c, known, now), *doctor.check_adapters(c)]
    assert all(p.remedy for p in found)
    return [(p.error, p.what, p.remedy) for p in found]


def adapter(folder: Path, body: str) -> str:
    """A campaign line for an adapter whose answers are body's (q = the request)."""
    path = folder / "adapter"
    path.write_text(f"#!{sys.executable} -IS\nimport json, sys, time\ndef say(x): print(json.dumps(x), flush=True)\n"
                    f"for line in sys.stdin:\n    q = json.loads(line)\n"
                    + "".join(f"    {x}\n" for x in body.split("\n")))
    path.chmod(0o755)
    return f"iuts: {{KMS: 'exec:{path}'}}\npics: {{PIC_K_01: Y}}\n"


HELLO = "h = {'id': q['id'], 'ok': True, 'role': 'KMS', 'verbs': ['provision', 'quit']}\n"
REFUSE = "no = {'id': q['id'], 'ok': False, 'unsupported': True}\n"


def test_a_good_campaign_has_no_errors(home, tmp_path):
    body = HELLO + REFUSE + "say(h if q['verb'] in ('hello', 'quit') else no)\nif q['verb'] == 'quit': break"
    assert examine(adapter(tmp_path, body), tmp_path) == []


@pytest.mark.parametrize("body, words", [
    (HELLO + "say(h)", "which does not exist"),
    (HELLO + "say(h if q['verb'] == 'hello' else {'id': q['id'], 'ok': False})",
     "without saying that it is unsupported"),
    ("say({'id': q['id'], 'ok': True, 'role': 'B', 'verbs': ['provision']})", "it says that it plays B"),
    ("say({'id': q['id'], 'ok': True, 'role': 'KMS'})", "does not list the verb 'provision'"),
    ("print('Hello yourself', flush=True)\nbreak", "does not answer 'hello' within 5 s (it says: Hello yourself)"),
    ("sys.exit('no licence')", "(it says: no licence)"),
    ("say({'id': q['id'], 'ok': False, 'why': 'tired'})", "answers 'hello' with"),
])
def test_adapters_that_answer_nonsense(home, tmp_path, body, words):
    found = examine(adapter(tmp_path, body), tmp_path)
    assert found and any(words in what for _, what, _ in found), found


def test_an_adapter_that_does_not_stop_is_stopped(home, tmp_path):
    from latchkey.probe import probe
    path = tmp_path / "deaf"
    path.write_text("#!/bin/sh\nsleep 600 & sleep 600\n")
    path.chmod(0o755)
    (what, _), = probe([str(path)], "MB", limit=0.3).complaints
    assert "within 0.3 s" in what


@pytest.mark.parametrize("text, words, error", [
    ("iuts: {A: reference}\npics: {PIC_A_03: N}\n", "PIC_A_03 is N while PX_R2_MAP is UPDATE", True),
    ("iuts: {A: reference}\npics: {PIC_A_03: N, PIC_A_04: N, PIC_A_07: N}\n", "no way to send I_MESSAGE_2", True),
    ("iuts: {MB: reference}\npics: {PIC_M_09: Y}\n", "no place is given", True),
    ("iuts: {MB: reference}\npics: {PIC_M_19: N}\npixit: {PX_HOP_MAP: SPLIT}\n", "PIC_M_19 is N while", True),
    ("iuts: {MB: reference}\npics: {PIC_M_20: Y, PIC_M_21: N}\n", "who pushes messages", True),
    ("iuts: {MB: reference}\npics: {PIC_M_01: N}\n", "PIC_M_01 is N but mandatory for MB", False),
    ("iuts: {MB: 'exec:true'}\n", "no answer to PIC_M_01, PIC_M_02", False),
    ("iuts: {MB: reference}\npixit: {PX_TRANSPORT: sctp}\n", "PX_TRANSPORT is 'sctp'", True),
    ("iuts: {MB: reference}\npixit: {PX_SKEW: soon}\n", "PX_SKEW is 'soon'", True),
    ("iuts: {A: reference}\npixit: {PX_A_IMPU: alice}\n", "no SIP or tel URI", True),
    ("iuts: {MB: reference}\nselect: [TP_DD_MB_RP_002]\n", "no test purpose would be played", True),
    ("iuts: {MB: reference}\nbaseline: [{tp: TP_X, verdict: FAIL, reason: known, expires: 2020-01-01}]\n",
     "expired on 2020-01-01", False),
    ("iuts: {MB: 'exec:/no/such/box'}\n", "is not there", True),
    ("iuts: {MB: 'listen:127.0.0.1:1'}\n", "nobody answers on 127.0.0.1:1", False),
    ("iuts: {MB: reference}\nibe: params.yaml\n", "holds no master secret", True),
])
def test_contradictions_and_gaps(home, tmp_path, text, words, error):
    (tmp_path / "params.yaml").write_text("params: '3082'\n")
    found = examine(text, tmp_path)
    assert (error, True) in [(e, words in what) for e, what, _ in found], found


def test_an_adapter_without_x_permission(home, tmp_path):
    (tmp_path / "box").write_text("#!/bin/sh\n")
    found = examine("iuts: {MB: 'exec:./box'}\npics: {PIC_M_01: Y, PIC_M_02: Y}\n", tmp_path)
    assert [what for _, what, _ in found] == [f"MB: the adapter '{tmp_path}/box' is not executable"]
    assert found[0][2].startswith("chmod +x")


def test_identities_without_keys_and_keys_of_another_day(home, tmp_path):
    def private(identity: str, day: str) -> str:
        return f"IBE_PRIVATE {(identity + day).encode().hex()} 00\n"
    (tmp_path / "params.yaml").write_text("params: '3082'\n")
    (tmp_path / "k").write_text(private("sip:alice@home-a.example", "20261124")
                                + private("sip:bob@home-b.example", "20261123") + "SK zz 00\n")
    found = [w for _, w, _ in examine("iuts: {KMS: reference}\nibe: params.yaml\nkeys: k\n", tmp_path)]
    text = "\n".join(found)
    assert "the keys for sip:bob@home-b.example (PX_B_IMPU) are for 20261123, today is 20261124" in text
    assert "there is no key for sip:bob-mbx@vm.home-b.example (PX_MB_ID)" in text
    assert "alice" not in text and "k:3: not LABEL LOOKUP SECRET" in text


def test_a_clock_that_cannot_be_right():
    from latchkey.doctor import check_clock
    assert list(check_clock(TOMORROW)) == []
    assert "cannot be" in next(iter(check_clock(NOON.replace(year=1999)))).what
    assert "midnight" in next(iter(check_clock(TOMORROW.replace(hour=23, minute=50)))).what


def test_a_port_in_use_is_named():
    from latchkey.doctor import check_network
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("0.0.0.0", 5060))
            s.listen()
        except OSError:
            pytest.skip("somebody else has port 5060")
        found = list(check_network())
    assert [p.what.split(" cannot")[0] for p in found] == ["port 5060/tcp"] and "ss -lnp" in found[0].remedy


def test_doctor_ends_with_0_or_4(latchkey, tmp_path):
    code, out, _ = latchkey("doctor")
    assert code == 0 and ": 0 errors" in out
    (tmp_path / "c.yaml").write_text("campaign: 1\nname: x\niuts: {MB: reference}\npixit: {PX_SKEW: soon}\n")
    code, out, _ = latchkey("doctor", "c.yaml", "--json")
    assert code == 4 and any("PX_SKEW" in p["what"] for p in json.loads(out))

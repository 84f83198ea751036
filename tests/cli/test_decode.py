# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""decode: what a hostile or an odd file must not get away with."""
from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from conftest import latchkey

BOB = "sip:bob@example.com"
EVIL = "sip:\x1b]0;x\x07\u00ff@example.com"


def blob(tmp_path: Path, *args: str, form: str = "bin") -> tuple[Path, Path]:
    """An I_MESSAGE_1 from Alice, and the key log that opens it."""
    out, keys = tmp_path / "i1", tmp_path / "keys.log"
    r = latchkey("blob", "I_MESSAGE_1", "--from", "sip:alice@example.com", "--to", BOB, "--seed", "7", "--time",
                 "2026-01-05T12:00:00Z", "--format", form, "--out", str(out), "--keys-out", str(keys), *args)
    assert r.code == 0, r.err
    return out, keys


def test_inner_fault_makes_the_message_malformed(tmp_path: Path) -> None:
    msg, keys = blob(tmp_path, "--edit", "set mikey.IBAKE.IDRr.next 99")
    r = latchkey("decode", str(msg), "--keys", str(keys))
    assert "malformed inside: " in r.out and r.code == 1
    d = json.loads(latchkey("decode", "--json", str(msg), "--keys", str(keys)).out)
    assert d["messages"][0]["ok"] is False


@pytest.mark.parametrize("args", [[], ["--json"]])
def test_identities_do_not_work_the_terminal(tmp_path: Path, args: list[str]) -> None:
    evil = EVIL.encode("latin-1").hex()
    msg, keys = blob(tmp_path, "--edit", f"set mikey.IDRr.data hex:{evil}", "--edit",
                     f"set mikey.IBAKE.key hex:{evil}")
    r = latchkey("decode", str(msg), "--keys", str(keys), *args)
    assert "opened with the private key of sip:?]0;x??@example.com" in r.out
    assert "\x1b" not in r.out and "\x07" not in r.out


def sdp(lines: str, name: str = "-") -> bytes:
    return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns={name}\r\nt=0 0\r\n{lines}m=audio 9 RTP/SAVP 0\r\n".encode()


def key_mgmt(tmp_path: Path) -> str:
    return "a=key-mgmt:mikey " + base64.b64encode(blob(tmp_path)[0].read_bytes()).decode() + "\r\n"


def decode(tmp_path: Path, octets: bytes) -> tuple[int, list[str]]:
    path = tmp_path / "in"
    path.write_bytes(octets)
    r = latchkey("decode", str(path))
    return r.code, [line for line in r.out.splitlines() if line.startswith(("# ", "malformed"))]


def test_sdp_may_be_utf8(tmp_path: Path) -> None:
    code, lines = decode(tmp_path, sdp(key_mgmt(tmp_path), "Anruf f\u00fcr B"))
    assert code == 0 and len(lines) == 1 and "a=key-mgmt at session level" in lines[0]


@pytest.mark.parametrize("many", [300, 20000])
def test_what_is_not_looked_at_is_named(tmp_path: Path, many: int) -> None:
    line = key_mgmt(tmp_path)
    code, lines = decode(tmp_path, sdp(line * many))
    assert code == 1 and lines[-1] == "malformed: more than 256 lines or 16 media: the rest is not looked at"
    part = "--b\r\nContent-Type: application/mikey\r\nContent-Transfer-Encoding: base64\r\n\r\n" + line[17:]
    body = part * many + "--b--\r\n"
    sip = ("MESSAGE sip:b@example.com SIP/2.0\r\nCall-ID: 1\r\nContent-Type: multipart/mixed;boundary=b\r\n"
           f"Content-Length: {len(body)}\r\n\r\n{body}")
    code, lines = decode(tmp_path, sip.encode())
    assert code == 1 and lines[-1] == "malformed: more than 256 body parts: the rest is not looked at"

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""blob: messages that decode, that belong together, that have the defect asked for."""
from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from conftest import ROOT, latchkey, one_line

IBE = str(ROOT / "scenarios/ibe/p512.yaml")
EXCHANGE = ["I_MESSAGE_1", "R_MESSAGE_1", "I_MESSAGE_2", "R_MESSAGE_2"]
ALL = [*EXCHANGE, "REQUEST_KEY_PSK", "REQUEST_KEY_RESP", "Error"]
BOB = "sip:bob@home-b.example"


def blob(*args: str) -> str:
    r = latchkey("blob", "--ibe", IBE, *args)
    assert r.code == 0 and r.err == "", r.err
    return r.out


def decoded(text: str, *args: str) -> tuple[int, str]:
    r = latchkey("decode", "-", *args, stdin=text.encode())
    return r.code, r.out


@pytest.mark.parametrize("message", ALL)
def test_every_message_decodes_as_what_it_is(message: str) -> None:
    code, out = decoded(blob(message))
    assert code == 0 and message.upper() in out.upper()


@pytest.mark.parametrize("message", ALL)
def test_a_seed_gives_the_same_octets(message: str) -> None:
    args = [message, "--seed", "5", "--time", "20260105"]
    assert blob(*args) == blob(*args) != blob(message, "--seed", "6", "--time", "20260105")


@pytest.mark.parametrize("message", EXCHANGE)
def test_without_a_seed_no_two_are_alike(message: str) -> None:
    assert blob(message) != blob(message)


@pytest.mark.parametrize("to", [[], ["--to", BOB, "--called", BOB]], ids=["deferred", "normal"])
def test_messages_of_a_seed_are_one_exchange(to: list[str], tmp_path: Path) -> None:
    keys = str(tmp_path / "keys.log")
    files = []
    for m in EXCHANGE:
        files.append(str(tmp_path / m))
        Path(files[-1]).write_text(blob(m, "--seed", "9", "--time", "20260105", "--keys-out", keys, *to))
    r = latchkey("decode", "--keys", keys, "--for", BOB, "--json", *files)
    assert r.code == 0
    text = latchkey("decode", "--keys", keys, "--for", BOB, *files).out
    assert text.count("opened with") == (3 if to else 5)
    assert len({line.split()[-1] for line in text.splitlines() if "CSB ID" in line and "map" not in line}) == 1
    assert os.stat(keys).st_mode & 0o777 == 0o600


def test_an_exchange_can_be_taken_up_from_its_messages(tmp_path: Path) -> None:
    keys = str(tmp_path / "keys.log")
    paths = {m: str(tmp_path / m) for m in EXCHANGE}

    def make(m: str, *args: str) -> None:
        Path(paths[m]).write_text(blob(m, "--keys-out", keys, *args))

    make("I_MESSAGE_1")
    make("R_MESSAGE_1", "--in", paths["I_MESSAGE_1"])
    make("I_MESSAGE_2", "--i1", paths["I_MESSAGE_1"], "--in", paths["R_MESSAGE_1"], "--keys", keys)
    make("R_MESSAGE_2", "--i1", paths["I_MESSAGE_1"], "--in", paths["I_MESSAGE_2"], "--keys", keys)
    r = latchkey("decode", "--keys", keys, "--for", BOB, *paths.values())
    assert r.code == 0 and r.out.count("opened with") == 5


def test_without_the_scalar_an_exchange_cannot_be_taken_up(tmp_path: Path) -> None:
    i1, r1 = tmp_path / "i1", tmp_path / "r1"
    i1.write_text(blob("I_MESSAGE_1"))
    r1.write_text(blob("R_MESSAGE_1", "--in", str(i1)))
    r = latchkey("blob", "I_MESSAGE_2", "--ibe", IBE, "--i1", str(i1), "--in", str(r1))
    assert "--scalar" in one_line(r, 4)


def test_formats_hold_the_same_octets() -> None:
    args = ["I_MESSAGE_1", "--seed", "1", "--time", "20260105"]
    octets = base64.b64decode(blob(*args).strip(), validate=True)
    assert bytes.fromhex(blob(*args, "--format", "hex")) == octets
    assert blob(*args, "--format", "key-mgmt") == "a=key-mgmt:mikey " + blob(*args)
    r = latchkey("blob", "--ibe", IBE, *args, "--format", "bin", binary=True)
    assert r.out.encode("latin-1") == octets


@pytest.mark.parametrize(("edit", "message", "shows"), [
    ("set mikey.HDR.V 0", "I_MESSAGE_1", " V                        0"),
    ("I_MESSAGE_1 set mikey.HDR.CSB_ID 0x01020304", "I_MESSAGE_1", "0x01020304"),
    ("set mikey.IDRi.data id:sip:mallory@home-a.example", "I_MESSAGE_2", "sip:mallory@home-a.example"),
])
def test_an_edit_is_in_the_message(edit: str, message: str, shows: str) -> None:
    code, out = decoded(blob(message, "--edit", edit))
    assert code == 0 and shows in out


def test_a_payload_can_be_left_out() -> None:
    with_rand, without = decoded(blob("I_MESSAGE_1"))[1], decoded(blob("I_MESSAGE_1", "--edit", "drop mikey.RAND"))[1]
    assert "RAND len" in with_rand and "RAND len" not in without


def test_a_truncated_message_does_not_decode() -> None:
    assert decoded(blob("I_MESSAGE_1", "--edit", "truncate mikey -1"))[0] == 1


@pytest.mark.parametrize("edit", ["set mikey.SP.policy 0", "I_MESSAGE_1 drop mikey.V"])
def test_an_edit_that_finds_nothing_is_an_error(edit: str) -> None:
    assert "edit" in one_line(latchkey("blob", "I_MESSAGE_1", "--ibe", IBE, "--edit", edit), 4)


@pytest.mark.parametrize("edit", ["", "set", "melt mikey.T", "I_MESSAGE_1 set mikey.NOSUCH 1", "set mikey.HDR.V maybe"])
def test_an_edit_that_is_none_is_a_usage_error(edit: str) -> None:
    one_line(latchkey("blob", "I_MESSAGE_1", "--ibe", IBE, "--edit", edit), 64)


@pytest.mark.parametrize("args", [
    ["--seed", "x"], ["--seed", "-1"], ["--time", "yesterday"], ["--format", "xml"], ["--sipp", "0"], ["--scalar", "xyz"],
    ["--px", "PX_CURVE"], ["--px", "PX_CURVE=9"], ["--px", "PX_NOSUCH=1"], ["--error-no", "256"], ["--in"], ["--i1", "x"],
])
def test_bad_values_are_usage_errors(args: list[str]) -> None:
    one_line(latchkey("blob", "I_MESSAGE_1", "--ibe", IBE, *args), 64)


@pytest.mark.parametrize("value", ["8", "11", "14"])
def test_curves(value: str) -> None:
    for m in EXCHANGE:
        assert decoded(blob(m, "--px", f"PX_CURVE={value}"))[0] == 0


def test_public_parameters_alone_are_enough_for_what_needs_no_private_key(tmp_path: Path) -> None:
    line = next(x for x in Path(IBE).read_text().splitlines() if x.startswith("params"))
    params = tmp_path / "params.hex"
    params.write_text(line.split('"')[1] + "\n")
    for m in ("I_MESSAGE_1", "R_MESSAGE_1"):
        r = latchkey("blob", m, "--params", str(params))
        assert r.code == 0 and decoded(r.out)[0] == 0
    assert "no key" in one_line(latchkey("blob", "I_MESSAGE_2", "--params", str(params)), 4)


def test_sipp_injection_file(tmp_path: Path) -> None:
    out = tmp_path / "inject.csv"
    r = latchkey("blob", "I_MESSAGE_1", "--ibe", IBE, "--seed", "1", "--sipp", "5", "--out", str(out))
    assert r.code == 0 and r.out == ""
    lines = out.read_text().splitlines()
    assert lines[0] == "SEQUENTIAL" and len(lines) == 6
    blobs = [x.split(";")[0] for x in lines[1:]]
    assert len(set(blobs)) == 5
    for b in blobs:
        assert decoded(b)[0] == 0
    assert lines[1].split(";")[1:] == ["sip:alice@home-a.example", BOB]


def test_a_key_log_with_another_secret_is_not_written_to(tmp_path: Path) -> None:
    keys = tmp_path / "keys.log"
    blob("I_MESSAGE_1", "--seed", "1", "--keys-out", str(keys))
    before = keys.read_bytes()
    other = str(ROOT / "scenarios/ibe/p1024.yaml")
    r = latchkey("blob", "I_MESSAGE_1", "--ibe", other, "--keys-out", str(keys))
    one_line(r, 4)
    assert keys.read_bytes() == before


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    for option in ("--out", "--keys-out"):
        one_line(latchkey("blob", "I_MESSAGE_1", "--ibe", IBE, option, str(tmp_path / "no" / "file")), 4)


# ---- bench ----

def test_bench_gives_one_object_a_line() -> None:
    r = latchkey("bench", "--quick", "--json", "pairing-512", "product-512", "mikey", "sip", "trace")
    assert r.code == 0 and r.err == ""
    got = {d["name"]: d for d in map(json.loads, r.out.splitlines())}
    assert set(got) == {"pairing-512", "product-512", "mikey-decode", "mikey-encode", "sip-parse", "trace"}
    for d in got.values():
        assert d["median"] > 0 and d["unit"]
    assert got["pairing-512"]["muls"] > 100 and got["pairing-512"]["products_of_time"] > 100
    assert got["trace"]["packets"] == 1000 and got["trace"]["peak_rss_kb"] > 0


def test_unknown_benchmark_is_a_usage_error() -> None:
    assert "no benchmark" in one_line(latchkey("bench", "nosuch"), 64)

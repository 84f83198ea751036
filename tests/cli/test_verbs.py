# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Every verb: help, usage, inputs that are of no use."""
from __future__ import annotations

import os

import pytest

from conftest import ROOT, latchkey, one_line

VERBS = ["judge", "decode", "agent", "play", "vectors", "list", "explain", "blob", "bench"]
DRIVER = ["run", "zoo", "doctor", "report"]
KINDS = ["missing", "directory", "empty", "garbage"]


def test_version_is_one_line() -> None:
    r = latchkey("--version")
    assert r.code == 0 and r.out.startswith("latchkey ") and r.out.count("\n") == 1


def test_help_names_every_verb() -> None:
    r = latchkey("--help")
    assert r.code == 0
    for verb in VERBS + DRIVER:
        assert f"\n  {verb} " in r.out
    assert max(len(x) for x in r.out.splitlines()) <= 100


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_fits_a_screen(verb: str) -> None:
    r = latchkey(verb, "--help")
    assert r.code == 0 and r.err == ""
    assert r.out.startswith(f"usage: latchkey {verb} ")
    assert "Exit code:" in r.out
    assert r.out.count("\n") <= 32
    assert latchkey("help", verb).out == r.out


@pytest.mark.parametrize("verb", VERBS)
def test_man_page_describes_the_verb_and_its_options(verb: str) -> None:
    page = (ROOT / "docs/man/latchkey.1").read_text(encoding="utf-8").replace("\\fB", "").replace("\\fR", "").replace("\\-", "-")
    assert f"\n{verb} " in page
    for word in latchkey(verb, "--help").out.replace("[", " ").replace("]", " ").replace(",", " ").split():
        if word.startswith("--") and len(word) > 3:
            assert word.strip("().:;") in page, word


def test_no_verb_is_a_usage_error() -> None:
    r = latchkey()
    assert r.code == 64 and r.out == "" and "usage:" in r.err


@pytest.mark.parametrize("word", ["no-such-verb", "../judge", "", "JUDGE"])
def test_unknown_verb_is_a_usage_error(word: str) -> None:
    assert "verb" in one_line(latchkey(word), 64)
    assert "verb" in one_line(latchkey("help", word), 64)


@pytest.mark.parametrize("verb", VERBS)
def test_unknown_option_is_a_usage_error(verb: str) -> None:
    r = latchkey(verb, "--no-such-option")
    assert r.code == 64 and r.out == "" and r.err.count("\n") == 1, r.err


@pytest.mark.parametrize("verb", ["judge", "agent", "play", "explain", "blob"])
def test_missing_argument_is_a_usage_error(verb: str) -> None:
    r = latchkey(verb)
    assert r.code == 64 and r.out == "" and r.err.count("\n") == 1, r.err


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["judge", "vectors", "play"])
def test_unusable_input_is_one_clear_line(verb: str, kind: str, bad_files: dict[str, str]) -> None:
    r = latchkey(verb, bad_files[kind])
    if verb == "vectors":
        assert r.code == 4 and r.err.count("\n") == 1, (r.code, r.err)
        assert r.out == "0 passed, 0 failed\n"
    else:
        assert one_line(r, 4)
    assert bad_files[kind].rsplit("/", 1)[1] in r.err


@pytest.mark.parametrize("kind", KINDS)
def test_decode_of_unusable_input(kind: str, bad_files: dict[str, str]) -> None:
    r = latchkey("decode", bad_files[kind])
    if kind == "garbage":
        assert r.code == 1 and "malformed" in r.out
    else:
        assert one_line(r, 1 if kind == "empty" else 4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("option", ["--in", "--ibe", "--keys"])
def test_blob_of_unusable_input(option: str, kind: str, bad_files: dict[str, str]) -> None:
    r = latchkey("blob", "R_MESSAGE_1", option, bad_files[kind])
    if option == "--keys" and kind == "empty":
        assert r.code == 0  # a key log without lines is one
    else:
        one_line(r, 4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["judge", "decode"])
def test_key_log_of_no_use(verb: str, kind: str, bad_files: dict[str, str]) -> None:
    if kind != "empty":
        r = latchkey(verb, str(ROOT / "vectors/README.md"), "--keys", bad_files[kind])
        assert r.code in (1, 4) and r.err.count("\n") == 1, (r.code, r.err)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("verb", ["judge", "decode", "vectors", "play"])
def test_unreadable_input(verb: str, bad_files: dict[str, str]) -> None:
    os.chmod(bad_files["garbage"], 0)
    r = latchkey(verb, bad_files["garbage"])
    assert r.code == 4 and r.err.count("\n") == 1 and "ermission" in r.err


@pytest.mark.parametrize("role", ["X", "E", "--fault"])
def test_agent_refuses_an_unknown_role(role: str) -> None:
    one_line(latchkey("agent", role), 64)


def test_agent_refuses_an_unknown_fault() -> None:
    assert "list faults" in one_line(latchkey("agent", "A", "--fault", "no-such-fault"), 64)


def test_full_disk_is_said() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    import subprocess

    from conftest import program
    with open("/dev/full", "wb") as full:
        r = subprocess.run([program(), "list", "pixit"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert r.returncode == 70 and b"standard output" in r.stderr


def test_data_files_are_looked_up_in_latchkey_home() -> None:
    r = latchkey("list", "tp", env={"LATCHKEY_HOME": "/nonexistent"})
    assert "LATCHKEY_HOME" in one_line(r, 4)

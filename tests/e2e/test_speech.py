# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""What A says is what B hears, sample by sample."""
from __future__ import annotations

import wave
from pathlib import Path

import pytest

from conftest import HERE, SCENARIOS, answers, judge, play, scenario

HELLO = SCENARIOS / "media" / "hello.wav"


def sound(path: Path) -> tuple[int, int, int, bytes]:
    with wave.open(str(path)) as w:
        return w.getnchannels(), w.getsampwidth(), w.getframerate(), w.readframes(w.getnframes())


def restarted(tmp_path: Path, signal: str) -> Path:
    """The deposit and retrieval of TP_DD_MB_AU_002 with a restart of the mailbox between them."""
    text = scenario("TP_DD_MB_AU_002").read_text(encoding="utf-8")
    fetch = "  - B fetch account=MB\n"
    assert fetch in text
    path = tmp_path / "restarted.yaml"
    path.write_text(text.replace(fetch, f"  - MB restart signal={signal}\n{fetch}"), encoding="utf-8")
    return path


def test_the_speech_is_not_silence() -> None:
    channels, width, rate, data = sound(HELLO)
    assert (channels, width, rate) == (1, 2, 8000) and len(data) > 2 * rate and len(set(data)) > 100


def test_b_hears_what_a_said(pair: Path) -> None:
    assert sound(pair / "rendered-1.wav") == sound(HELLO)
    assert answers(pair, "B", "fetch")[0]["messages"][0]["status"] == "authenticated"


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_also_after_the_mailbox_came_again(tmp_path: Path, signal: str) -> None:
    b = play(restarted(tmp_path, signal), tmp_path / "b")
    assert judge(b)["verdict"] == "PASS"
    assert sound(b / "rendered-1.wav") == sound(HELLO)


def test_two_messages_stay_apart(tmp_path: Path) -> None:
    b = play(HERE / "two_messages.yaml", tmp_path / "b")
    assert judge(b)["verdict"] == "PASS"
    first, second = sound(b / "rendered-1.wav"), sound(b / "rendered-2.wav")
    assert first == sound(HELLO)
    assert second[3] == first[3][:len(second[3])] and len(second[3]) == 20 * 160 * 2

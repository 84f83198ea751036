# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The mailbox is killed in the middle of a deposit and started again with the same store."""
from __future__ import annotations

import itertools
import threading
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents import IDENTITY, Bench
from conftest import SCENARIOS

HELLO = SCENARIOS / "media" / "hello.wav"
PACKETS = 192


def nth(role: str, what: Callable[[bytes], bool], n: int = 1) -> Callable[[str, bytes], bool]:
    """The n-th message of a kind that a role sends."""
    count = itertools.count(1)
    return lambda who, octets: who == role and what(octets) and next(count) == n


def begins(text: str) -> Callable[[bytes], bool]:
    return lambda octets: octets.startswith(text.encode())


def answers(status: int, method: str) -> Callable[[bytes], bool]:
    return lambda o: o.startswith(f"SIP/2.0 {status}".encode()) and f" {method}\r\n".encode() in o.split(b"\r\n\r\n")[0]


def rtp(octets: bytes) -> bool:
    return len(octets) > 12 and octets[0] >> 6 == 2


MOMENTS = {
    "I_MESSAGE_1 sent": ("A", begins("INVITE"), 1),
    "R_MESSAGE_1 sent": ("MB", answers(183, "INVITE"), 1),
    "R_MESSAGE_1 acknowledged": ("A", begins("PRACK"), 1),
    "I_MESSAGE_2 sent": ("A", begins("UPDATE"), 1),
    "R_MESSAGE_2 sent": ("MB", answers(200, "UPDATE"), 1),
    "call answered": ("MB", answers(200, "INVITE"), 1),
    "first packet": ("A", rtp, 1),
    "in the middle": ("A", rtp, PACKETS // 2),
    "last packet": ("A", rtp, PACKETS),
    "BYE sent": ("A", begins("BYE"), 1),
    "BYE confirmed": ("MB", answers(200, "BYE"), 1),
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    b = Bench(tmp_path)
    yield b
    b.close()


def samples(path: Path) -> bytes:
    with wave.open(str(path)) as w:
        return w.readframes(w.getnframes())


def deposit_and_kill(b: Bench, moment: str) -> dict[str, object]:
    """One deposit; the mailbox gets SIGKILL as soon as the moment is seen. The answer of A."""
    role, what, n = MOMENTS[moment]
    hit, seen = nth(role, what, n), threading.Event()

    def watch(who: str, octets: bytes) -> None:
        if hit(who, octets):
            b.agents["MB"].process.kill()
            seen.set()

    b.watch = watch
    call = b.agents["A"].start("call", to=IDENTITY["B"], media=str(HELLO), timeout_ms=1500)
    assert seen.wait(30), f"never seen: {moment}"
    b.agents["MB"].kill()
    b.watch = lambda who, octets: None
    return b.agents["A"].answer(call)


def fetched(b: Bench) -> list[dict[str, object]]:
    """What B gets out of the mailbox; every message is whole."""
    got = b.agents["B"].ask("fetch", account=IDENTITY["MB"], out=str(b.folder), next=1, timeout_ms=10000)
    assert got["result"] == "fetched", got
    for m in got["messages"]:
        assert (m["status"], m["packets"], m["dropped"]) == ("authenticated", PACKETS, 0), m
        assert samples(b.folder / Path(str(m["file"])).name) == samples(HELLO)
    return got["messages"]


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_no_confirmed_deposit_is_lost_and_no_half_one_shown(bench: Bench, moment: str) -> None:
    bench.agents["CORE"].ask("divert", user=IDENTITY["B"], mode="unconditional")
    first = bench.agents["A"].ask("call", to=IDENTITY["B"], media=str(HELLO), timeout_ms=10000)
    assert first["result"] == "deposited", first
    broken = deposit_and_kill(bench, moment)
    confirmed = 1 + (broken.get("result") == "deposited")
    mailbox = bench.spawn("MB")
    assert confirmed <= mailbox.ask("messages", account=IDENTITY["B"])["messages"] <= 2, broken
    assert confirmed <= len(fetched(bench)) <= 2, broken


def test_the_mailbox_goes_on_after_the_restart(bench: Bench) -> None:
    bench.agents["CORE"].ask("divert", user=IDENTITY["B"], mode="unconditional")
    deposit_and_kill(bench, "in the middle")
    bench.spawn("MB")
    again = bench.agents["A"].ask("call", to=IDENTITY["B"], media=str(HELLO), timeout_ms=10000)
    assert again["result"] == "deposited", again
    assert len(fetched(bench)) == 1

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""A capture that dumpcap made of a run that a program of one's own drove: no plan, no evidence, no scenario."""
from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from agents import HOSTS, IDENTITY, Bench, wait_until
from conftest import SCENARIOS, findings, judge, new_net, reds

HELLO = SCENARIOS / "media" / "hello.wav"
MARK = b"end of the recording of this test"
pytestmark = pytest.mark.skipif(shutil.which("dumpcap") is None or os.geteuid() != 0, reason="no dumpcap, or no right")


class Dumpcap:
    """dumpcap writes pcapng to its standard output; a datagram of our own marks what it has seen."""

    def __init__(self, net: str) -> None:
        self.net, self.data = net, b""
        self.process = subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-f", f"net {net}/28", "-w", "-"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        assert self.saw(b"begin" + MARK), "dumpcap does not start"

    def read(self) -> None:
        assert self.process.stdout
        while chunk := os.read(self.process.stdout.fileno(), 1 << 16):
            self.data += chunk

    def saw(self, mark: bytes) -> bool:
        head, last = self.net.rsplit(".", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            def look() -> bool:
                s.sendto(mark, (f"{head}.{int(last) + 14}", 9))
                return mark in self.data
            return wait_until(look)

    def stop(self, path: Path) -> Path:
        assert self.saw(b"end" + MARK)
        self.process.terminate()
        self.process.wait(10)
        self.reader.join(10)
        path.write_bytes(self.data)
        return path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Path, Path]:
    folder = tmp_path_factory.mktemp("foreign")
    net = new_net()
    dump = Dumpcap(net)
    b = Bench(folder, net)
    b.agents["CORE"].ask("divert", user=IDENTITY["B"], mode="unconditional")
    a = b.agents["A"].ask("call", to=IDENTITY["B"], media=str(HELLO), timeout_ms=10000)
    f = b.agents["B"].ask("fetch", account=IDENTITY["MB"], out=str(folder), next=1, timeout_ms=10000)
    cap = dump.stop(folder / "cap.pcapng")
    b.close()
    assert (a["result"], f["result"]) == ("deposited", "fetched")
    return b, cap, b.write_keys(folder / "keys.log")


def parties(doc: dict[str, Any]) -> dict[str, str]:
    """Who is who; the datagram that marks the end is a stranger's ("?")."""
    return {p["role"]: p["address"] for p in doc["parties"] if not p["role"].startswith("?")}


def test_it_is_a_pcapng_of_dumpcap(recorded: tuple[Bench, Path, Path]) -> None:
    _, cap, _ = recorded
    assert cap.read_bytes()[:4] == b"\x0a\x0d\x0d\x0a" and b"Dumpcap" in cap.read_bytes()[:400]


def test_the_judge_finds_the_parties(recorded: tuple[Bench, Path, Path]) -> None:
    b, cap, keys = recorded
    assert parties(judge(cap, "--keys", keys)) == {role: b.address(role) for role in HOSTS}


def test_correct_parties_get_no_fail(recorded: tuple[Bench, Path, Path]) -> None:
    _, cap, keys = recorded
    doc = judge(cap, "--keys", keys)
    assert not reds(doc)
    for law in ("r2-mac", "i2-esk", "message-delivered", "delivery-octets", "deposit-complete", "retrieval-complete"):
        assert findings(doc, "PASS", law=law), law


def test_without_keys_nothing_fails_and_the_missing_is_named(recorded: tuple[Bench, Path, Path]) -> None:
    _, cap, _ = recorded
    doc = judge(cap)
    assert not reds(doc)
    text = " ".join(f["actual"] for f in findings(doc, "INCONC"))
    assert "IBE_PRIVATE" in text and "ECDH_PRIVATE" in text
    assert not findings(doc, "PASS", law="r2-mac")

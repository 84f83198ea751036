# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Addresses for runs side by side: one 127.x.y.0/28 each, out of 127.64.0.0/10."""
from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

BLOCKS = 64 * 256
CLAIM_HOST, CLAIM_PORT = 15, 47157  # play uses the hosts .1 to .14


class NoNetwork(Exception):
    """Every network is in use."""


def block_name(index: int) -> str:
    return f"127.{64 + index // 256 % 64}.{index % 256}.0"


def bound_addresses(proc: Path = Path("/proc/net")) -> set[str]:
    """The IPv4 addresses on which something is bound or connected on this host."""
    found = set()
    for name in ("tcp", "udp", "raw"):
        try:
            lines = (proc / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            local = line.split()[1].split(":")[0]
            state = line.split()[3]
            if not (name == "tcp" and state == "06"):  # TIME_WAIT holds nobody up
                found.add(socket.inet_ntoa(bytes.fromhex(local)[::-1]))
    return found


class Networks:
    """Hands out networks that nobody else uses: a bound socket on host 15 is the claim, visible to every
    process of the host and gone with its owner."""

    def __init__(self, start: int | None = None) -> None:
        self._lock = threading.Lock()
        self._next = (os.getpid() * 97 if start is None else start) % BLOCKS

    def _claim(self, net: str) -> socket.socket | None:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            s.bind((net[:-1] + str(CLAIM_HOST), CLAIM_PORT))
        except OSError:
            s.close()
            return None
        return s

    def take(self) -> tuple[str, socket.socket]:
        """A network and its claim; closing the claim gives it back."""
        with self._lock:
            bound = {a.rpartition(".")[0] for a in bound_addresses()}
            for _ in range(BLOCKS):
                net = block_name(self._next)
                self._next = (self._next + 1) % BLOCKS
                claim = None if net.rpartition(".")[0] in bound else self._claim(net)
                if claim is not None:
                    return net, claim
        raise NoNetwork("all networks of 127.64.0.0/10 are in use; end other runs on this host")

    @contextmanager
    def network(self) -> Iterator[str]:
        net, claim = self.take()
        try:
            yield net
        finally:
            claim.close()

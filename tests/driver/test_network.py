# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Networks for runs side by side never collide."""
from __future__ import annotations

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import ROOT
from latchkey import network
from latchkey.network import BLOCKS, Networks, NoNetwork, block_name, bound_addresses


def test_names_stay_in_127_64_slash_10_and_differ():
    names = {block_name(i) for i in range(BLOCKS)}
    assert len(names) == BLOCKS
    assert all(64 <= int(n.split(".")[1]) <= 127 and n.endswith(".0") for n in names)


def test_threads_with_one_pool_get_different_networks():
    pool = Networks()
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: pool.take(), range(40)))
    assert len({net for net, _ in taken}) == 40
    for _, claim in taken:
        claim.close()


def test_two_pools_with_the_same_start_do_not_collide():
    a, b = Networks(start=777), Networks(start=777)
    with a.network() as x, b.network() as y:
        assert x != y


def test_another_process_sees_the_claim():
    code = ("import sys; sys.path.insert(0, sys.argv[1]); from latchkey.network import Networks; "
            "print(Networks(start=4000).take()[0])")
    with Networks(start=4000).network() as mine:
        other = subprocess.run([sys.executable, "-c", code, str(ROOT / "driver")], capture_output=True, text=True,
                               timeout=10, check=True).stdout.strip()
    assert other and other != mine


def test_a_network_on_which_somebody_is_bound_is_passed_over():
    net = block_name(5000)
    with socket.socket() as s:
        s.bind((net[:-1] + "3", 0))
        s.listen()
        assert net[:-1] + "3" in bound_addresses()
        with Networks(start=5000).network() as got:
            assert got != net
    with Networks(start=5000).network() as got:
        assert got == net


def test_no_network_left_is_said(monkeypatch):
    monkeypatch.setattr(network, "BLOCKS", 1)
    pool = Networks(start=0)
    with pool.network(), pytest.raises(NoNetwork, match="in use"):
        pool.take()

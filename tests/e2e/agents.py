# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Reference agents driven over JSON Lines, as a vendor's own test bench would do it."""
from __future__ import annotations

import base64
import json
import queue
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import yaml

from conftest import PROGRAM, TOY, new_net

HOSTS = {"A": 1, "B": 2, "MB": 3, "KMS": 4, "CORE": 5}
IDENTITY = {"A": "sip:alice@home-a.example", "B": "sip:bob@home-b.example", "MB": "sip:bob-mbx@vm.home-b.example",
            "KMS": "sip:kms.home-b.example"}
VM_URI = "sip:vm@vm.home-b.example"
SECRET = "00112233445566778899aabbccddeeff"
SIP_PORT, KMS_PORT = 5060, 7557
Answer = dict[str, Any]


class Agent:
    """One process; its events go to whoever listens, its answers to whoever asked."""

    def __init__(self, role: str, log: Path, on_event: Callable[[str, Answer], None]) -> None:
        self.role, self.on_event, self.next_id = role, on_event, 0
        self.answers: dict[int, queue.Queue[Answer]] = {}
        with log.open("ab") as err:
            self.process = subprocess.Popen([PROGRAM, "agent", role], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=err, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        for line in self.process.stdout or ():
            m = json.loads(line)
            if "id" in m:
                self.answers[m["id"]].put(m)
            else:
                self.on_event(self.role, m)
        for q in self.answers.values():
            q.put({"ok": False, "why": "the process ended"})

    def start(self, verb: str, **members: Any) -> int:
        self.next_id += 1
        self.answers[self.next_id] = queue.Queue()
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"id": self.next_id, "verb": verb, **members}) + "\n")
        self.process.stdin.flush()
        return self.next_id

    def answer(self, number: int, timeout: float = 60) -> Answer:
        return self.answers[number].get(timeout=timeout)

    def ask(self, verb: str, **members: Any) -> Answer:
        a = self.answer(self.start(verb, **members))
        assert a["ok"], (self.role, verb, a)
        return a

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self.reader.join(10)

    def quit(self) -> None:
        if self.process.poll() is None:
            self.start("quit")
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self.reader.join(10)


class Bench:
    """KMS, CORE, MB, B and A in a network of their own."""

    def __init__(self, folder: Path, net: str | None = None, ibe: Path = TOY) -> None:
        self.folder, self.net = folder, net or new_net()
        self.store = folder / "store"
        self.secrets: set[tuple[str, str, str]] = set()
        self.watch: Callable[[str, bytes], None] = lambda role, octets: None
        self.ibe: dict[str, Any] = yaml.safe_load(ibe.read_text(encoding="utf-8"))
        self.agents: dict[str, Agent] = {}
        for role in ("KMS", "CORE", "MB", "B", "A"):
            self.spawn(role)

    def address(self, role: str) -> str:
        head, last = self.net.rsplit(".", 1)
        return f"{head}.{int(last) + HOSTS[role]}"

    def event(self, role: str, e: Answer) -> None:
        if e["event"] == "secret":
            self.secrets.add((e["label"], e["lookup"], e["secret"]))
        elif e["event"] == "octets":
            self.watch(role, base64.b64decode(e["data"]))

    def spawn(self, role: str) -> Agent:
        """Starts a role, or starts it again with the same provisioning and store."""
        agent = Agent(role, self.folder / f"{role}.log", self.event)
        self.agents[role] = agent
        agent.ask("provision", **self.provisioning(role))
        return agent

    def provisioning(self, role: str) -> Answer:
        identity = IDENTITY.get(role, "")
        user = identity.removeprefix("sip:").split("@")[0]
        m: Answer = {"role": role, "address": self.address(role), "sip_port": SIP_PORT, "transport": "tcp",
                     "identity": identity, "user": user, "password": SECRET, "tester": True, "tap": True, "pixit": {},
                     "params": [{"domain": "example", "der": self.ibe["params"]}]}
        if role != "KMS":
            m["kms"] = {"address": self.address("KMS"), "port": KMS_PORT, "identity": IDENTITY["KMS"],
                        "psk_id": identity, "psk": SECRET}
        if role not in ("KMS", "CORE"):
            m["outbound"] = f"{self.address('CORE')}:{SIP_PORT}"
        if role == "MB":
            m |= {"store": str(self.store), "account": IDENTITY["B"], "vm_uri": VM_URI}
        if role == "KMS":
            now = datetime.now(timezone.utc)
            m |= {"port": KMS_PORT, "master": self.ibe["master"],
                  "dates": sorted({now.strftime("%Y%m%d"), (now + timedelta(minutes=10)).strftime("%Y%m%d")}),
                  "users": [{"psk_id": IDENTITY[r], "psk": SECRET, "identities": [IDENTITY[r]]}
                            for r in ("A", "B", "MB")]}
        if role == "CORE":
            m |= {"users": [{"role": r, "identity": IDENTITY[r], "address": self.address(r), "port": SIP_PORT,
                             "password": SECRET} for r in ("A", "B", "MB")],
                  "mailbox": {"account": IDENTITY["B"], "uri": VM_URI, "address": self.address("MB"),
                              "port": SIP_PORT}, "no_reply_ms": 200}
        return m

    def write_keys(self, path: Path) -> Path:
        """What the agents told, and what the bench itself handed out, as a key log."""
        params, master = self.ibe["params"], self.ibe["master"]
        rows = self.secrets | {("IBE_MASTER", params, master), ("IBE_PARAMS", b"example".hex(), params)}
        rows |= {("PSK", IDENTITY[r].encode().hex(), SECRET) for r in ("A", "B", "MB")}
        path.write_text("".join(" ".join(row) + "\n" for row in sorted(rows)), encoding="ascii")
        return path

    def close(self) -> None:
        for role in ("A", "B", "MB", "CORE", "KMS"):
            self.agents[role].quit()


def wait_until(what: Callable[[], bool], seconds: float = 30) -> bool:
    """Looks often and briefly."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Talks to an adapter for a moment: does it start, does it speak the protocol, does it claim too much?"""
from __future__ import annotations

import json
import os
import secrets
import selectors
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

from .process import kill_session


@dataclass
class Adapter:
    """What an adapter said; complaints are sentences with the remedy."""

    name: str = ""
    version: str = ""
    role: str = ""
    verbs: tuple[str, ...] = ()
    complaints: list[tuple[str, str]] = field(default_factory=list)


class Talk:
    """JSON Lines with a child, with a time limit for each answer."""

    def __init__(self, command: list[str]) -> None:
        self.log = tempfile.TemporaryFile()
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                      start_new_session=True)
        self.waiting = b""
        self.rubbish: list[str] = []
        self.next_id = 0

    def ask(self, verb: str, limit: float, **members: object) -> dict | None:
        """The answer with our id, or None. Lines that are no JSON object are kept as rubbish."""
        self.next_id += 1
        line = json.dumps({"id": self.next_id, "verb": verb, **members}) + "\n"
        try:
            assert self.child.stdin is not None
            self.child.stdin.write(line.encode())
            self.child.stdin.flush()
        except OSError:
            return None
        end = time.monotonic() + limit
        while (text := self.line(end)) is not None:
            try:
                answer = json.loads(text)
            except ValueError:
                answer = None
            if not isinstance(answer, dict):
                self.rubbish.append(text[:80])
            elif answer.get("id") == self.next_id:
                return answer
        return None

    def line(self, end: float) -> str | None:
        assert self.child.stdout is not None
        with selectors.DefaultSelector() as sel:
            sel.register(self.child.stdout, selectors.EVENT_READ)
            while b"\n" not in self.waiting:
                left = end - time.monotonic()
                if left <= 0 or len(self.waiting) > 1 << 20 or not sel.select(left):
                    return None
                data = os.read(self.child.stdout.fileno(), 65536)
                if not data:
                    return None
                self.waiting += data
        text, _, self.waiting = self.waiting.partition(b"\n")
        return text.decode("utf-8", "replace")

    def stderr(self) -> str:
        self.log.seek(0)
        lines = self.log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else ""

    def close(self) -> bool:
        """Ends the child; whether it went by itself."""
        try:
            assert self.child.stdin is not None and self.child.stdout is not None
            self.child.stdin.close()
        except OSError:
            pass
        try:
            self.child.wait(2)
            by_itself = True
        except subprocess.TimeoutExpired:
            by_itself = False
        kill_session(self.child.pid)
        self.child.wait()
        self.child.stdout.close()
        self.log.close()
        return by_itself


def _hello(talk: Talk, role: str, found: Adapter, limit: float) -> bool:
    answer = talk.ask("hello", limit, version=1)
    if answer is None:
        said = talk.rubbish[0] if talk.rubbish else talk.stderr()
        says = f" (it says: {said})" if said else ""
        found.complaints.append((f"it does not answer 'hello' within {limit:g} s{says}",
                                 "the adapter must answer each JSON line with one JSON line that repeats the id "
                                 "(docs/ADAPTER.md), and flush it"))
        return False
    found.name, found.version = str(answer.get("name", "")), str(answer.get("version", ""))
    found.role = str(answer.get("role", ""))
    verbs = answer.get("verbs")
    found.verbs = tuple(str(v) for v in verbs) if isinstance(verbs, list) else ()
    if answer.get("ok") is not True:
        found.complaints.append((f"it answers 'hello' with {json.dumps(answer)[:120]}", "answer with \"ok\": true"))
        return False
    if found.role and found.role != role:
        found.complaints.append((f"it says that it plays {found.role}, the campaign has it as {role}",
                                 "put it under the right role in 'iuts'"))
    if "provision" not in found.verbs:
        found.complaints.append(("'hello' does not list the verb 'provision'",
                                 "without it the harness cannot give addresses and keys; list all verbs in 'verbs'"))
    return True


def probe(command: list[str], role: str, limit: float = 5.0) -> Adapter:
    """Starts the adapter, sends hello and a verb that nobody can know, and ends it."""
    found = Adapter()
    try:
        talk = Talk(command)
    except OSError as e:
        found.complaints.append((f"it cannot be started ({e.strerror})", "check the path and the x permission"))
        return found
    try:
        if _hello(talk, role, found, limit):
            verb = "x-" + secrets.token_hex(6)
            answer = talk.ask(verb, limit)
            if answer is None:
                found.complaints.append((f"it does not answer the unknown verb '{verb}'",
                                         'answer unknown verbs with "ok": false, "unsupported": true'))
            elif answer.get("ok") is True:
                found.complaints.append((f"it claims to have done '{verb}', which does not exist",
                                         "an adapter that says ok to everything proves nothing: answer unknown verbs "
                                         'with "ok": false, "unsupported": true'))
            elif answer.get("unsupported") is not True:
                found.complaints.append(("it refuses an unknown verb without saying that it is unsupported",
                                         'add "unsupported": true to the answer'))
            talk.ask("quit", limit)
        if talk.rubbish and not found.complaints:
            found.complaints.append((f"it writes something else than JSON to stdout: {talk.rubbish[0]}",
                                     "write logs to stderr"))
    finally:
        if not talk.close() and not found.complaints:
            found.complaints.append(("it does not end within 2 s of 'quit'", "exit after answering 'quit'"))
    return found

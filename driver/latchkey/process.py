# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Child processes with a time limit: nothing they do blocks us, nothing of them is left behind."""
from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

TAIL = 64 * 1024


@dataclass(frozen=True)
class Ended:
    """How a child ended. code is negative for a signal."""

    code: int
    output: str
    timed_out: bool
    seconds: float
    stopped: bool = False  # by stop_all

    def last_lines(self, n: int = 8) -> str:
        return "\n".join([line for line in self.output.splitlines() if line.strip()][-n:])


def session_members(session: int) -> list[int]:
    """The processes of a session that we started; a party has a process group of its own but stays in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        fields = stat.rpartition(")")[2].split()
        if len(fields) > 3 and int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def kill_session(session: int) -> int:
    """Kills what is left of a session, by pid. Returns how many there were."""
    members = session_members(session)
    for pid in members:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    return len(members)


class Processes:
    """Runs children, each in a session of its own, from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self.stopping = False

    def run(self, cmd: list[str], timeout: float, env: dict[str, str] | None = None,
            cwd: Path | None = None) -> Ended:
        """Runs cmd; its output goes to a file, so that a grandchild which keeps it open cannot hold us."""
        start = time.monotonic()
        with tempfile.TemporaryFile() as out:
            try:
                child = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                         start_new_session=True, env=env, cwd=cwd)
            except OSError as e:
                return Ended(126, f"cannot start {cmd[0]}: {e.strerror}", False, 0.0)
            with self._lock:
                self._running.add(child.pid)
                stopping = self.stopping
            if stopping:
                kill_session(child.pid)
            timed_out = False
            try:
                child.wait(timeout)
            except subprocess.TimeoutExpired:
                timed_out = True
            kill_session(child.pid)
            code = child.wait()
            with self._lock:
                self._running.discard(child.pid)
                stopped = self.stopping
            out.seek(max(0, out.seek(0, os.SEEK_END) - TAIL))
            text = out.read().decode("utf-8", "replace")
        return Ended(code, text, timed_out, time.monotonic() - start, stopped)

    def stop_all(self) -> None:
        """Ends every child that runs now; run() calls return."""
        with self._lock:
            self.stopping = True
            pids = list(self._running)
        for pid in pids:
            kill_session(pid)

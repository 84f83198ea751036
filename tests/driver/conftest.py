# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""A small catalogue and a stand-in for the C program: the driver's tests need no build."""
from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "driver"), str(HERE)]

SCENARIO = """# Test data.
id: {id}
title: "Ensure that the IUT {what}"
role: {role}
type: BV
level: {level}
clauses: ["RFC 6539, 3.2"]
requirements: [DD-025]
pics: [{pics}]
faults: []
stimulus: "something"
duty: "something else"
{more}
"""
CATALOGUE = [
    ("TP_DD_A_MS_001", "A", "sends it", "MUST", "PIC_A_01", ""),
    ("TP_DD_MB_IB_001", "MB", "refuses what is foreign", "MUST", "PIC_M_01", ""),
    ("TP_DD_MB_IB_002", "MB", "takes what is direct", "SHOULD", "PIC_M_02", ""),
    ("TP_DD_MB_RP_001", "MB", "refuses what is old", "MUST", "PIC_M_01", ""),
    ("TP_DD_MB_RP_002", "MB", "cannot be tried", "MUST", "", "not_run: there is no way to look inside"),
    ("TP_DD_B_MS_001", "B", "fetches it", "MUST", "PIC_B_01", ""),
    ("TP_DD_KM_AU_001", "KMS", "keeps keys", "security", "PIC_K_01", ""),
    ("TP_DD_PC_MS_001", "PC", "agree", "MUST", "", ""),
]
SIZE = len(CATALOGUE)


def make_home(home: Path) -> None:
    for id_, role, what, level, pics, more in CATALOGUE:
        part = id_.split("_")
        folder = home / "scenarios" / part[2].lower() / part[3].lower()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{id_.lower()}.yaml").write_text(
            SCENARIO.format(id=id_, role=role, what=what, level=level, pics=pics, more=more))
    for name in ("campaigns", "ibe"):
        shutil.copytree(ROOT / "scenarios" / name, home / "scenarios" / name)
    for name in ("schema.json", "requirements.yaml"):
        shutil.copy(ROOT / "scenarios" / name, home / "scenarios" / name)
    (home / "reports").symlink_to(ROOT / "reports")


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("home")
    make_home(home)
    return home


@pytest.fixture
def home(shared_home, tmp_path, monkeypatch) -> Path:
    """An empty working folder, with LATCHKEY and LATCHKEY_HOME set."""
    state = tmp_path / "state"
    state.mkdir()
    monkeypatch.setenv("LATCHKEY_HOME", str(shared_home))
    monkeypatch.setenv("LATCHKEY", str(HERE / "fake_latchkey.py"))
    monkeypatch.setenv("FAKE_STATE", str(state))
    monkeypatch.delenv("FAKE_PLAN", raising=False)
    monkeypatch.chdir(tmp_path)
    return shared_home


@pytest.fixture
def fake(home, monkeypatch):
    """Says what the stand-in does: fake(TP_DD_MB_IB_001="FAIL")."""
    def set_plan(**outcomes: str) -> None:
        monkeypatch.setenv("FAKE_PLAN", json.dumps({k.replace("__", "+"): v for k, v in outcomes.items()}))
    return set_plan


@pytest.fixture
def latchkey(home, capsys, monkeypatch):
    """Runs a verb in this process as its main() would: latchkey("run", "--quick") -> (code, out, err).

    Plays and judgements are calls of the stand-in, not processes: many tests, little time. processes=True has real
    ones."""
    import fake_latchkey
    from latchkey import cmd_doctor, cmd_report, cmd_run, cmd_zoo, common, program, runinfo
    from latchkey.process import Ended, Processes
    verbs = {"run": cmd_run, "zoo": cmd_zoo, "report": cmd_report, "doctor": cmd_doctor}

    def run_here(self, cmd, timeout, env=None, cwd=None):
        code, text = fake_latchkey.answer(cmd[1:])
        return Ended(code, text, False, 0.01, self.stopping)

    def call_here(args, timeout):
        return program.Result(*fake_latchkey.answer(args), "")

    def call(verb: str, *args: str, processes: bool = False) -> tuple[int, str, str]:
        with monkeypatch.context() as m:
            m.setattr(sys, "argv", [verb, *map(str, args)])
            if not processes:
                m.setattr(Processes, "run", run_here)
                m.setattr(common, "call", call_here)
                m.setattr(runinfo, "call", call_here)
            code = common.main(verbs[verb].run)
        out = capsys.readouterr()
        return code, out.out, out.err
    return call


def rows(folder: Path) -> dict[str, dict]:
    return {r["tp"]: r for r in map(json.loads, (folder / "verdicts.jsonl").read_text().splitlines())}


os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")

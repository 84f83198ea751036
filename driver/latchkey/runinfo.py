# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""run.json: what a run was made of, so that somebody else can repeat it."""
from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import shutil
from pathlib import Path

from .campaign import Campaign
from .catalogue import Purpose
from .program import call, program, root


def sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def tree_sha256(paths: list[Path]) -> str:
    """One hash over files: their names and contents, in the order of names."""
    h = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.name):
        h.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return h.hexdigest()


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def versions() -> dict:
    """The program and the driver, by version and hash."""
    exe = shutil.which(program())
    r = call(["--version"], 10)
    return {
        "program": r.out.strip() or "unknown",
        "program_sha256": sha256(Path(exe)) if exe else "",
        "driver_sha256": tree_sha256(list(Path(__file__).parent.glob("*.py"))),
    }


def host() -> dict:
    u = os.uname()
    return {"system": u.sysname, "release": u.release, "machine": u.machine, "cpus": os.cpu_count() or 1,
            "python": platform.python_version()}


def short(path: Path) -> str:
    """A path as a reader elsewhere can use it: inside the tree without the tree's own place."""
    try:
        return str(path.resolve().relative_to(root().resolve()))
    except ValueError:
        return str(path)


def describe(campaign: Campaign, catalogue: list[Purpose], seed: int, command: list[str]) -> dict:
    ibe = campaign.ibe or root() / "scenarios" / "ibe" / "p1536.yaml"
    return {
        "latchkey": 1, "kind": "run", "name": campaign.name, "command": command, "started": now(),
        "versions": versions(), "host": host(), "seed": seed,
        "campaign": {"file": short(campaign.path), "sha256": sha256(campaign.path)},
        "catalogue": {"size": len(catalogue), "sha256": tree_sha256([p.path for p in catalogue])},
        "iuts": {i.role: {"adapter": i.adapter, "name": i.label} for i in campaign.iuts.values()},
        "pics": {k: "Y" if v else "N" for k, v in campaign.pics.items()},
        "pixit": dict(campaign.pixit),
        "ibe": {"file": short(ibe), "sha256": sha256(ibe)},
    }


def write(path: Path, info: dict) -> None:
    path.write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(folder: Path) -> dict:
    """Raises OSError or ValueError if the folder is no run."""
    info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if not isinstance(info, dict) or "latchkey" not in info:
        raise ValueError("not written by latchkey")
    return info

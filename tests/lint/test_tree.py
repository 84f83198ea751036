# SPDX-License-Identifier: Apache-2.0
"""Rules of the tree that a program can hold: layout, heads of files, leftovers."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def tracked(*patterns: str) -> list[Path]:
    r = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--", *patterns],
                       capture_output=True, text=True, timeout=60)
    if r.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / p for p in r.stdout.split("\0") if p and (ROOT / p).exists()]


def test_clang_format():
    files = [str(f) for f in tracked("*.c", "*.h")]
    r = subprocess.run(["clang-format", "--dry-run", "--Werror", *files], capture_output=True, text=True, timeout=300)
    bad = sorted(set(re.findall(r"^(/.+?):\d+:\d+: (?:warning|error)", r.stderr, re.M)))
    assert r.returncode == 0, "clang-format -i would change: " + " ".join(str(Path(b).relative_to(ROOT)) for b in bad)


def test_spdx_heads():
    for f in tracked("*.c", "*.h", "*.py", "*.cmake", "CMakeLists.txt", "scripts/*", ".ci/run"):
        head = f.read_text(encoding="utf-8", errors="replace")[:400]
        assert "SPDX-License-Identifier: Apache-2.0" in head, f.relative_to(ROOT)


def test_header_guards():
    for f in tracked("*.h"):
        guard = re.sub(r"\W", "_", str(f.relative_to(ROOT))).upper()
        text = f.read_text(encoding="utf-8")
        assert f"#ifndef {guard}\n#define {guard}\n" in text, f"{f.relative_to(ROOT)}: guard {guard}"


def test_no_leftovers():
    word = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|#if 0")
    for f in tracked("harness", "capture", "driver", "reports", "scripts", "tests/unit", "tests/fuzz/*.c"):
        if f.suffix in (".c", ".h", ".py", ".j2"):
            m = word.search(f.read_text(encoding="utf-8", errors="replace"))
            assert not m, f"{f.relative_to(ROOT)}: {m.group(0)}"


def test_no_path_of_one_machine():
    # Assembled, so that this file does not find itself.
    bad = re.compile("|".join(["/wo" + "rk/", "/fa" + "rm/", r"/ho" + r"me/[a-z]+/", r"\.py" + "env"]))
    for f in tracked():
        if f.suffix in (".wav", ".pcap", ".bin") or "corpus" in f.parts:
            continue
        m = bad.search(f.read_text(encoding="utf-8", errors="replace"))
        assert not m, f"{f.relative_to(ROOT)}: {m.group(0)}"


def test_scenarios_are_named_after_their_purpose():
    for f in tracked("scenarios/*/*/tp_*.yaml"):
        data = yaml.safe_load(f.read_text(encoding="utf-8"))
        assert f.stem.upper() == data["id"], f.relative_to(ROOT)
        _, _, role, group, _ = data["id"].split("_")
        assert f.parent.name == group.lower() and f.parent.parent.name == role.lower(), f.relative_to(ROOT)


def test_documents_named_in_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if "://" not in link:
            assert (ROOT / link).exists(), link

# SPDX-License-Identifier: Apache-2.0
"""The layers of the house: every #include against the add_layer lists and against the table."""
from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The table of docs/ARCHITECTURE.md: layer -> what it may include besides base.
TABLE = {
    "base": set(),
    "crypto": set(), "mikey": set(), "sip": set(), "net": set(),
    "ibake": {"mikey", "crypto"},
    "siptx": {"sip", "net"},
    "media": {"net"},
    "agent": {"crypto", "mikey", "sip", "net", "ibake", "siptx", "media"},
    "capture": {"mikey", "crypto", "sip"},
    "judge": {"capture", "mikey", "crypto", "sip"},
    "scenario": {"agent", "capture", "crypto", "mikey", "sip", "net", "ibake", "siptx", "media"},
}
NEVER = {"judge": {"agent", "ibake", "siptx", "net"}}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def folder(layer: str) -> Path:
    return ROOT / ("capture" if layer == "capture" else f"harness/{layer}")


def layer_of(include: str) -> str | None:
    parts = include.split("/")
    if parts[0] == "capture":
        return "capture"
    return parts[1] if parts[0] == "harness" and len(parts) > 2 else None


def declared(layer: str) -> set[str]:
    text = (folder(layer) / "CMakeLists.txt").read_text()
    m = re.search(r"add_layer\(\s*(\w+)\s*(?:DEPENDS\s+([\w\s]+?))?\s*(?:LIBS[^)]*)?\)", text)
    assert m and m.group(1) == layer, f"{folder(layer)}/CMakeLists.txt has no add_layer({layer} ...)"
    return set((m.group(2) or "").split())


def sources(layer: str) -> list[Path]:
    return sorted([*folder(layer).rglob("*.c"), *folder(layer).rglob("*.h")])


def test_every_layer_has_sources():
    for layer in TABLE:
        assert sources(layer), f"{layer} is empty"


def test_declared_dependencies_are_in_the_table():
    for layer, allowed in TABLE.items():
        extra = declared(layer) - allowed - {"base"}
        assert not extra, f"{layer} depends on {sorted(extra)}, which the table does not allow"


def test_includes_are_declared():
    for layer in TABLE:
        may = declared(layer) | {layer, "base"}
        for f in sources(layer):
            for inc in INCLUDE.findall(f.read_text(encoding="utf-8")):
                got = layer_of(inc)
                assert got is not None, f"{f.relative_to(ROOT)}: {inc} is not included from the root"
                assert got in may, f"{f.relative_to(ROOT)} includes {inc}; add_layer({layer}) does not list {got}"
                assert (ROOT / inc).exists(), f"{f.relative_to(ROOT)}: {inc} does not exist"


def test_the_judge_never_asks():
    for layer, never in NEVER.items():
        for f in sources(layer):
            for inc in INCLUDE.findall(f.read_text(encoding="utf-8")):
                assert layer_of(inc) not in never, f"{f.relative_to(ROOT)} includes {inc}"


def test_private_headers_stay_inside():
    for layer in [*TABLE, "cli"]:
        for f in sources(layer) if layer != "cli" else (ROOT / "harness/cli").rglob("*.[ch]"):
            for inc in INCLUDE.findall(f.read_text(encoding="utf-8")):
                if inc.endswith("_int.h"):
                    assert layer_of(inc) == layer, f"{f.relative_to(ROOT)} includes {inc} of another layer"


def test_only_cli_prints_and_exits():
    # fprintf to a FILE of one's own is writing, not printing.
    bad = re.compile(r"(?<![\w.>])(?:printf|puts|putchar|perror|exit|_exit|abort)\s*\(|\b(?:stdout|stderr)\b")
    comment = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", re.S)
    for layer in TABLE:
        for f in folder(layer).rglob("*.c"):
            code = comment.sub(" ", f.read_text(encoding="utf-8"))
            hits = {m.group(0) for m in bad.finditer(code)}
            if f.name == "play_child.c":  # the child after fork, before exec
                hits -= {"_exit("}
            assert not hits, f"{f.relative_to(ROOT)}: {sorted(hits)}"


def test_no_clock_or_randomness_outside_env():
    bad = re.compile(r"\b(?:clock_gettime|gettimeofday|getrandom|RAND_bytes|rand|srand|random)\s*\(|(?<![\w>.])time\s*\(")
    comment = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"", re.S)
    for layer in TABLE:
        for f in folder(layer).rglob("*.c"):
            if f.name == "env.c":
                continue
            code = comment.sub(" ", f.read_text(encoding="utf-8"))
            code = re.sub(r"->random\s*\(|\.random\s*\(", "(", code)
            assert not bad.search(code), f"{f.relative_to(ROOT)}: {bad.search(code).group(0)}"

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Each reading of the standards that a PIXIT item names: one recording, all purposes of the built-in pair."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import SCENARIOS, findings, judge, play, reds, scenario

PURPOSES = ["TP_DD_MB_AU_001", "TP_DD_MB_AU_002", "TP_DD_A_MS_003", "TP_DD_A_MS_004", "TP_DD_A_MS_005",
            "TP_DD_A_MS_006", "TP_DD_B_MS_003"]
VARIANTS: dict[str, list[str]] = {
    # IBE ciphertexts do not fit into one Ethernet frame; on loopback, with its MTU of 65,536, UDP works nevertheless.
    "udp": ["PX_TRANSPORT=udp"],
    "P-256": ["PX_CURVE=8"], "P-384": ["PX_CURVE=11"], "P-521": ["PX_CURVE=14"],
    "PRF 0": ["PX_PRF=0"], "PRF 1": ["PX_PRF=1"],
    "SK strict": ["PX_SK_PROFILE=SKP-STRICT"], "SK CR": ["PX_SK_PROFILE=SKP-CR"], "SK SRTP": ["PX_SK_PROFILE=SKP-SRTP"],
    "CS empty": ["PX_CS_PROFILE=EMPTY"], "CS SRTP": ["PX_CS_PROFILE=SRTPID"], "CS SP": ["PX_CS_PROFILE=SRTPID+SP"],
    "V IDS": ["PX_V_COVER=IDS"], "V IDS+T": ["PX_V_COVER=IDS+T"], "V I2": ["PX_V_COVER=I2"],
    "RAND same": ["PX_RAND_SRC=SAME"], "RAND I1": ["PX_RAND_SRC=I1"], "RAND I2": ["PX_RAND_SRC=I2"],
    "RAND both": ["PX_RAND_SRC=I1+I2"],
    "media level": ["PX_KM_LEVEL=media"],
    "all at once": ["PX_TRANSPORT=udp", "PX_CURVE=11", "PX_PRF=1", "PX_SK_PROFILE=SKP-SRTP", "PX_CS_PROFILE=SRTPID+SP",
                    "PX_V_COVER=I2", "PX_RAND_SRC=I1+I2", "PX_KM_LEVEL=media"],
}
STEPS = """  - B subscribe account=MB
  - B await notify=1 timeout_ms=PX_MWI_TIME
  - A call to=B media=hello.wav label=first
  - B await notify=1 timeout_ms=PX_MWI_TIME
"""


def both_halves(tmp_path: Path) -> Path:
    """TP_DD_MB_AU_002 with the subscription of TP_DD_MB_AU_001: what every purpose of the pair needs."""
    text = scenario("TP_DD_MB_AU_002").read_text(encoding="utf-8")
    call = "  - A call to=B media=hello.wav label=first\n"
    assert call in text
    path = tmp_path / "pair.yaml"
    path.write_text(text.replace(call, STEPS), encoding="utf-8")
    return path


def plan_of(bundle: Path, tp: str) -> Path:
    """The plan of the bundle with head and expectations of another purpose."""
    head = yaml.safe_load(scenario(tp).read_text(encoding="utf-8"))
    text = (bundle / "plan.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^tp: .*$", f"tp: {tp}", text, flags=re.M)
    text = re.sub(r"^role: .*$", f"role: {head['role']}", text, flags=re.M)
    rows = "".join(f'  - {{law: {e["law"]}, at: "{e["at"]}", as: {e.get("as", "duty")}}}\n' for e in head["expect"])
    path = bundle / f"{tp}.plan.yaml"
    path.write_text(text[:text.index("\nexpect:\n")] + "\nexpect:\n" + rows, encoding="utf-8")
    return path


def all_verdicts(bundle: Path) -> dict[str, dict[str, Any]]:
    return {tp: judge(bundle, "--plan", plan_of(bundle, tp)) for tp in PURPOSES}


def check(bundle: Path) -> dict[str, dict[str, Any]]:
    docs = all_verdicts(bundle)
    assert {tp: d["verdict"] for tp, d in docs.items()} == dict.fromkeys(PURPOSES, "PASS"), \
        [d["reason"] for d in docs.values()]
    assert not reds(docs["TP_DD_MB_AU_001"])
    return docs


@pytest.mark.parametrize("name", list(VARIANTS))
def test_a_reading_of_the_standards(name: str, tmp_path: Path) -> None:
    px = [arg for item in VARIANTS[name] for arg in ("--px", item)]
    check(play(both_halves(tmp_path), tmp_path / "b", *px))


@pytest.mark.parametrize("bits", [512, 1024, 1536])
def test_ibe_parameters(bits: int, tmp_path: Path) -> None:
    check(play(both_halves(tmp_path), tmp_path / "b", ibe=SCENARIOS / "ibe" / f"p{bits}.yaml"))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_the_agents_own_octets(transport: str, tmp_path: Path) -> None:
    b = play(both_halves(tmp_path), tmp_path / "b", "--taps", "--px", f"PX_TRANSPORT={transport}")
    assert yaml.safe_load((b / "plan.yaml").read_text(encoding="utf-8"))["capture"] == "taps"
    verdicts = {tp: d["verdict"] for tp, d in all_verdicts(b).items()}
    # agents stamp what they send by themselves: which of two of them was first is not always known
    assert verdicts.pop("TP_DD_MB_AU_001") in ("PASS", "INCONC")
    assert set(verdicts.values()) == {"PASS"}, verdicts


def test_the_variant_is_really_on_the_wire(tmp_path: Path) -> None:
    """Judged by a plan that says otherwise, an SK of another profile and keys of another reading are seen."""
    b = play(both_halves(tmp_path), tmp_path / "b", "--px", "PX_SK_PROFILE=SKP-SRTP", "--px", "PX_V_COVER=I2")
    plan = b / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("SKP-SRTP", "SKP-STRICT")
                    .replace('PX_V_COVER: "I2"', 'PX_V_COVER: "IDS"'), encoding="utf-8")
    docs = all_verdicts(b)
    assert docs["TP_DD_A_MS_005"]["verdict"] != "PASS"
    mac = [f for v in ("PASS", "INCONC", "FAIL") for f in findings(docs["TP_DD_MB_AU_001"], v, law="r2-mac")]
    assert any("I_MESSAGE_2" in f["actual"] or "I2" in f["actual"] for f in mac), mac



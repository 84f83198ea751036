#!/usr/bin/python3 -IS
# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Stands in for the C program: play and judge as $FAKE_PLAN (JSON: purpose -> outcome) says.

Outcomes: PASS, FAIL, INCONC, ERROR, preamble (INCONC twice), lacking (INCONC, a duty
without a finding), preamble-once (INCONC, then PASS), hang, hang-children,
crash, no-verdict, hostile, flaky (FAIL on every second play), noisy."""
import json
import os
import sys
import time
from pathlib import Path

FAULTS = [
    {"name": "mb-bad", "role": "MB", "sentence": "does it wrong", "requirement": "DD-025", "tps": ["TP_DD_MB_IB_001"]},
    {"name": "mb-sly", "role": "MB", "sentence": "hides it", "requirement": "DD-026",
     "tps": ["TP_DD_MB_IB_001", "TP_DD_MB_RP_001"]},
    {"name": "mb-lost", "role": "MB", "sentence": "names a purpose that is gone", "requirement": "DD-027",
     "tps": ["TP_DD_MB_RP_099"]},
    {"name": "mb-may", "role": "MB", "sentence": "does what the criterion leaves open", "requirement": "DD-028",
     "tps": ["TP_DD_MB_IB_001:INCONC"]},
    {"name": "peer-silent", "role": "any", "sentence": "says nothing", "requirement": "-", "tps": ["*"]},
]
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \x1b[2J\x00 & ]]> | `x` '\""


def outcome(tp, fault):
    plan = json.loads(os.environ.get("FAKE_PLAN", "{}"))
    return plan.get(f"{tp}+{fault}", "FAIL" if fault and fault != "peer-silent" else
                    "INCONC" if fault else plan.get(tp, "PASS"))


def count(tp):
    """How often this purpose was played, over the whole test."""
    with open(Path(os.environ["FAKE_STATE"]) / tp, "ab") as f:  # one octet a play: no two writers collide
        f.write(b".")
        return f.tell()


def option(args, name, default=None):
    return args[args.index(name) + 1] if name in args else default


def play(args):
    tp = next(line.split()[1] for line in open(args[0]) if line.startswith("id: "))
    out = Path(option(args, "--out"))
    net = option(args, "--net").split(".")
    assert net[0] == "127" and 64 <= int(net[1]) <= 127 and net[3] == "0", net
    what = outcome(tp, option(args, "--fault"))
    n = count(tp)
    if what == "hang":
        time.sleep(600)
    if what == "hang-children":
        if os.fork() == 0:
            os.setpgid(0, 0)  # as play does with each party
            os.execlp("sleep", "sleep", "601")
        time.sleep(600)
    if what == "crash":
        return 70, "latchkey play: out of rope"
    text = ""
    if what == "noisy":
        what, text = "PASS", "x" * 200000
    if what == "preamble-once":
        what = "preamble" if n == 1 else "PASS"
    if what == "flaky":
        what = "PASS" if n % 2 else "FAIL"
    (out / "plan.yaml").write_text(json.dumps({"tp": tp, "fake": what, "args": args}))
    (out / "keys.log").write_text("# keys\n")
    return 0, text


def finding(n, verdict, text="octets as printed"):
    return {"n": n, "law": "mb-refuses-foreign-yp", "family": "replay", "verdict": verdict, "level": "MUST",
            "party": "MB", "place": "deposit 2", "message": "I_MESSAGE_2", "requirements": ["DD-025", "R6539-007"],
            "clause": "RFC 6539, 3.2", "frame": 3, "in": "ibake", "octets": [21, 54],
            "hex": bytes(range(0x41, 0x41 + 33)).hex(), "expected": text, "actual": text, "counted": True}


def judge(args):
    out = Path(args[0])
    plan = json.loads((out / "plan.yaml").read_text())
    what = plan["fake"]
    if what == "no-verdict":
        return 70, "judge: the capture is torn"
    verdict = {"preamble": "INCONC", "lacking": "INCONC", "hostile": "FAIL"}.get(what, what)
    text = HOSTILE if what == "hostile" else "a refusal"
    reason = {"PASS": "all as expected", "hostile": HOSTILE}.get(what, f"because of {what}")
    rows = [{"law": "deposit-complete", "on": "deposit 1", "as": "preamble", "met": what != "preamble",
             "verdict": "INCONC" if what == "preamble" else "PASS", "findings": []},
            {"law": "mb-refuses-foreign-yp", "on": "deposit 2", "as": "duty", "met": verdict == "PASS",
             "verdict": verdict, "findings": [] if what == "lacking" else [1]}]
    steps = [("A", "CORE", "INVITE", "I_MESSAGE_1"), ("CORE", "MB", "INVITE", ""), ("MB", "CORE", "183", "R_MESSAGE_1")]
    ladder = [{"frame": f, "t": f / 10, "from": a, "to": b, "label": text if what == "hostile" else label, "mikey": m}
              for f, (a, b, label, m) in enumerate(steps, 1)]
    (out / "verdict.json").write_text(json.dumps({
        "latchkey": 1, "tp": plan["tp"], "role": "MB", "verdict": verdict, "reason": reason, "inputs": {},
        "expect": rows, "findings": [finding(1, "PASS" if verdict in ("PASS", "ERROR") else verdict, text)],
        "exchanges": [], "ladder": ladder}))
    return {"PASS": 0, "FAIL": 1}.get(verdict, 2), ""


def agent(role):
    for line in sys.stdin:
        q = json.loads(line)
        a = {"id": q["id"], "ok": True, "name": "fake", "version": "1", "role": role, "verbs": ["provision", "quit"]}
        if q["verb"] not in ("hello", "quit"):
            a = {"id": q["id"], "ok": False, "unsupported": True}
        print(json.dumps(a), flush=True)
        if q["verb"] == "quit":
            return 0
    return 0


def answer(argv):
    """Exit code and output of one call."""
    if argv[:1] == ["--version"]:
        return 0, "latchkey 0.0.fake"
    if argv[:2] == ["list", "faults"]:
        return 0, json.dumps(FAULTS)
    return {"play": play, "judge": judge}[argv[0]](argv[1:])


def main(argv):
    if argv[:1] == ["agent"]:
        return agent(argv[1])
    code, text = answer(argv)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

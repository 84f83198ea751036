# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Finds configuration mistakes before a run. Each problem comes with its remedy in words."""
from __future__ import annotations

import datetime
import re
import shlex
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from . import marks
from .campaign import Campaign, Iut
from .catalogue import Purpose
from .knowledge import Knowledge
from .network import NoNetwork, Networks
from .probe import probe
from .program import call, program, root

SIP_PORT, KMS_PORT = 5060, 7557
CHOICES = {
    "PX_R2_MAP": "UPDATE PRACK REINVITE INFO MESSAGE REDIRECT SECOND-INVITE", "PX_TRANSPORT": "tcp udp tls",
    "PX_RET_DIR": "B-OFFER B-OFFERLESS MB-PUSH", "PX_ESK_MAP": "VERBATIM FRESH-I2 SDP-ATTR OOB",
    "PX_ORIG_ID_MAP": "SIPFRAG NOTIFY-ONLY REFERRED-BY PAI", "PX_HOP_MAP": "IMS TUNNEL SPLIT DOUBLE",
    "PX_SK_PROFILE": "SKP-STRICT SKP-CR SKP-SRTP", "PX_RAND_SRC": "I1 I2 I1+I2 SAME", "PX_V_COVER": "IDS IDS+T I2",
    "PX_R1_INNER_ID": "Y N", "PX_CHECK_SKEW": "Y N", "PX_SDP_IDS": "off on", "PX_KM_LEVEL": "session media",
    "PX_K_SESSION": "UNCOMPRESSED X COMPRESSED", "PX_MAC_ALG": "1 2",
}
NUMBERS = ("PX_SKEW", "PX_T_QUIET", "PX_T_I2", "PX_T_R2", "PX_MWI_TIME", "PX_NO_REPLY", "PX_NO_REPLY_MS",
           "PX_DAYS_BACK", "PX_LOSS", "PX_MSG_PKTS")
# A declaration and a value that cannot both be true: item, answer, PIXIT, pattern of values, why.
CONTRADICTIONS = (
    ("PIC_A_03", False, "PX_R2_MAP", "UPDATE", "round 2 by UPDATE is declared unsupported by A"),
    ("PIC_M_15", False, "PX_R2_MAP", "UPDATE", "UPDATE is declared unsupported by the mailbox"),
    ("PIC_A_04", False, "PX_R2_MAP", "REINVITE", "round 2 by re-INVITE is declared unsupported by A"),
    ("PIC_A_07", False, "PX_R2_MAP", "PRACK", "round 2 by PRACK is declared unsupported by A"),
    ("PIC_M_20", False, "PX_RET_DIR", "MB-PUSH", "pushing messages is declared unsupported"),
    ("PIC_M_19", False, "PX_HOP_MAP", "TUNNEL|SPLIT|DOUBLE", "hop protection other than IMS is declared unsupported"),
    ("PIC_A_10", True, "PX_SK_PROFILE", "SKP-CR|SKP-SRTP", "A declares the strict SK profile"),
    ("PIC_M_09", True, "PX_STORE_ACCESS", "none|", "access to the message store is declared, but no place is given"),
    ("PIC_B_08", False, "PX_ESK_MAP", "VERBATIM", "B does not take multipart/mixed, which carries the stored ESK"),
)


@dataclass(frozen=True)
class Problem:
    """One mistake. An error makes the run useless; a warning may be meant."""

    what: str
    remedy: str
    error: bool = True


def _bind(address: str, port: int, kind: int) -> str | None:
    """Why it cannot be bound, or None."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((address, port))
        except OSError as e:
            return e.strerror
    return None


def check_network() -> Iterator[Problem]:
    """Loopback addresses and the ports of the harness."""
    try:
        net, claim = Networks().take()
    except (NoNetwork, OSError) as e:
        yield Problem(f"no loopback network can be had: {e}",
                      "bring the loopback interface up (`ip link set lo up`) and run again")
        return
    with claim:
        address = net[:-1] + "1"
        for port, kind, word in ((SIP_PORT, socket.SOCK_STREAM, "tcp"), (SIP_PORT, socket.SOCK_DGRAM, "udp"),
                                 (KMS_PORT, socket.SOCK_STREAM, "tcp"), (KMS_PORT, socket.SOCK_DGRAM, "udp")):
            why = _bind(address, port, kind)
            if why is not None:
                yield Problem(f"port {port}/{word} cannot be bound on {address}: {why}",
                              f"something listens on all addresses; find it with `ss -lnp sport = :{port}` and stop "
                              "it, or bind it to one address")
        yield from _reach(address)


def _reach(address: str) -> Iterator[Problem]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.settimeout(1)
            s.bind((address, 0))
            s.sendto(b"latchkey", s.getsockname())
            s.recv(64)
        except OSError as e:
            yield Problem(f"a packet to {address} does not come back ({e.strerror or e})",
                          "a packet filter drops loopback traffic; permit 127.0.0.0/8 on lo")


def check_capture() -> Iterator[Problem]:
    """Whether packets may be recorded live."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        exe = shutil.which(program()) or "latchkey"
        if "cap_net_raw" not in _getcap(exe):
            yield Problem("live capture is not permitted: the agents' own octets would be recorded instead, and an "
                          "IUT that is driven by an adapter leaves no trace of what it sends to others",
                          f"run as root, or once: sudo setcap cap_net_raw+ep {shlex.quote(exe)}", error=False)
    except OSError as e:
        yield Problem(f"live capture does not work here: {e.strerror}",
                      "the recordings will be written from the agents' own octets (taps)", error=False)


def _getcap(path: str) -> str:
    tool = shutil.which("getcap") or "/sbin/getcap"
    if not Path(tool).exists():
        return ""
    return subprocess.run([tool, path], capture_output=True, text=True, timeout=10, check=False).stdout


def check_clock(now: datetime.datetime) -> Iterator[Problem]:
    """A clock that would make keys of the wrong day."""
    newest = max((p.stat().st_mtime for p in Path(__file__).parent.glob("*.py")), default=0.0)
    if now.timestamp() < newest - 86400 or now.year > 2099:
        yield Problem(f"the clock shows {now:%Y-%m-%d %H:%M} UTC, which cannot be (this program is newer, or the date "
                      "is far away)", "set the clock; keys are made for a day, MIKEY timestamps are compared with it")
    minutes = now.hour * 60 + now.minute
    if minutes >= 24 * 60 - 15:
        yield Problem("it is almost midnight UTC: identities and keys change their date during the run",
                      "wait until after midnight UTC, or expect purposes about dates to be INCONC", error=False)


def check_tools() -> Iterator[Problem]:
    """The program and what it needs."""
    if shutil.which(program()) is None:
        yield Problem(f"the program '{program()}' is not there", "build it, or set LATCHKEY to its path")
        return
    r = call(["--version"], 10)
    if r.code != 0 or not r.out.startswith("latchkey "):
        yield Problem(f"'{program()}' does not run ({(r.err or r.out).strip()[:120] or f'exit {r.code}'})",
                      "install the shared libraries that it names, or build it here")
    if not (root() / "reports" / "report.html.j2").is_file():
        yield Problem("the report templates are missing", "install the reports folder beside scenarios")


def check_pics(c: Campaign, known: Knowledge, purposes: list[Purpose]) -> Iterator[Problem]:
    """Answers that miss, and answers that contradict each other or the PIXIT."""
    foreign = {i.role for i in c.iuts.values() if i.adapter != "reference"}
    letters = {"A": "A", "MB": "M", "B": "B", "KMS": "K"}
    asked = {item for p in purposes for item in p.pics if p.role in foreign}
    missing = sorted(asked - set(c.pics))
    if missing:
        yield Problem(f"no answer to {', '.join(missing)}; an item without an answer counts as Y",
                      "answer them under 'pics', so that what is not supported is N/A and not FAIL", error=False)
    for item, answer in sorted(c.pics.items()):
        role = next((r for r, letter in letters.items() if item.startswith(f"PIC_{letter}_")), None)
        if not answer and known.mandatory(item) and role in c.iuts:
            text = known.pics[item].get("text", "")
            yield Problem(f"{item} is N but mandatory for {role} ({text})",
                          "check the answer; if it is true, the implementation does not conform", error=False)
    for item, answer, px, values, why in CONTRADICTIONS:
        value = c.pixit.get(px, _default(known, px))
        if c.pics.get(item) is answer and re.fullmatch(values, value):
            yield Problem(f"{item} is {'Y' if answer else 'N'} while {px} is {value or 'not given'}: {why}",
                          f"change {item} or {px}")
    if c.pics.get("PIC_M_20") and c.pics.get("PIC_M_21") is False:
        yield Problem("PIC_M_20 is Y while PIC_M_21 is N: who pushes messages is Initiator towards B",
                      "answer PIC_M_21 with Y, or PIC_M_20 with N")
    if not any(c.pics.get(i, True) for i in ("PIC_A_03", "PIC_A_04", "PIC_A_07")):
        yield Problem("PIC_A_03, PIC_A_04 and PIC_A_07 are all N: A has no way to send I_MESSAGE_2",
                      "answer the one that is supported with Y")


def _default(known: Knowledge, item: str) -> str:
    return str(known.pixit.get(item, {}).get("default", ""))


def check_pixit(c: Campaign) -> Iterator[Problem]:
    """Values that nobody can understand."""
    for item, value in sorted(c.pixit.items()):
        if item in CHOICES and value not in CHOICES[item].split():
            yield Problem(f"{item} is '{value}'", f"it must be one of {', '.join(CHOICES[item].split())}")
        elif item in NUMBERS and not re.fullmatch(r"[0-9]+( ?(s|ms|packets))?", value):
            yield Problem(f"{item} is '{value}'", "write a whole number")
        elif item.endswith(("_IMPU", "_URI", "_ID")) and not re.match(r"(sips?|tel):\S+$", value):
            yield Problem(f"{item} is '{value}', which is no SIP or tel URI", "write it as sip:user@domain")


def check_keys(c: Campaign, known: Knowledge, now: datetime.datetime) -> Iterator[Problem]:
    """IBE parameters, and identities without a key of this day."""
    path = c.ibe or root() / "scenarios" / "ibe" / "p1536.yaml"
    try:
        doc = marks.load(path)
    except marks.InputError as e:
        yield Problem(str(e), "name a file like those in scenarios/ibe")
        return
    data = doc.data if isinstance(doc.data, dict) else {}
    hexed = {k: isinstance(data.get(k), str) and re.fullmatch(r"([0-9a-fA-F]{2})+", data[k])
             for k in ("params", "master")}
    if not hexed["params"]:
        yield Problem(f"{path}: 'params' is not the hex of DER BFPublicParameters", "see scenarios/ibe/p1536.yaml")
    kms = c.iuts.get("KMS")
    harness_kms = kms is None or kms.adapter == "reference"
    if not hexed["master"] and harness_kms:
        yield Problem(f"{path} holds no master secret, so the harness's KMS cannot issue keys",
                      "add 'master', or put the KMS that owns these parameters under 'iuts'")
    if c.keys is not None:
        yield from _check_key_log(c, known, now, bool(hexed["master"]))


def identities(c: Campaign, known: Knowledge) -> dict[str, str]:
    """PIXIT item -> identity that needs a key."""
    items = ("PX_A_IMPU", "PX_B_IMPU", "PX_MB_ID")
    return {i: c.pixit.get(i) or _default(known, i) for i in items}


def _check_key_log(c: Campaign, known: Knowledge, now: datetime.datetime, has_master: bool) -> Iterator[Problem]:
    owned: list[bytes] = []
    assert c.keys is not None
    for n, line in enumerate(c.keys.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        words = line.split("#")[0].split()
        if words and not (len(words) == 3 and all(re.fullmatch(r"([0-9a-f]{2})*", w) for w in words[1:])):
            yield Problem(f"{c.keys}:{n}: not LABEL LOOKUP SECRET in lower-case hex", "see docs/KEYLOG.md")
        elif words and words[0] == "IBE_MASTER":
            has_master = True
        elif words and words[0] == "IBE_PRIVATE":
            owned.append(bytes.fromhex(words[1]))
    if has_master:
        return
    day = f"{now:%Y%m%d}".encode()
    for item, identity in identities(c, known).items():
        mine = [o for o in owned if o.startswith(identity.encode()) and o[len(identity):].isdigit()]
        if not mine:
            yield Problem(f"there is no key for {identity} ({item}) in {c.keys.name}",
                          "have the KMS issue one and add it as IBE_PRIVATE")
        elif not any(o[len(identity.encode()):].startswith(day) for o in mine):
            days = ", ".join(sorted(o[len(identity):].decode() for o in mine))
            yield Problem(f"the keys for {identity} ({item}) are for {days}, today is {day.decode()} UTC",
                          "have the KMS issue a key for today")


def _command(adapter: str) -> list[str]:
    return ["/bin/sh", "-c", adapter.removeprefix("exec:")]


def missing_command(iut: Iut) -> Problem | None:
    """Whether the command of an adapter is there, as far as that can be seen without starting it."""
    text = iut.adapter.removeprefix("exec:")
    try:
        words = shlex.split(text)
    except ValueError as e:
        return Problem(f"{iut.role}: the command '{text}' cannot be split ({e})", "check the quotes")
    words = [w for w in words if not re.match(r"[A-Za-z_]\w*=", w)]
    if not words or "$" in words[0]:
        return None
    if shutil.which(words[0]) is None:
        there = Path(words[0]).exists()
        return Problem(f"{iut.role}: the adapter '{words[0]}' {'is not executable' if there else 'is not there'}",
                       f"chmod +x {words[0]}" if there else "paths count from the folder of the campaign file; "
                       "commands are looked up in PATH")
    return None


def check_adapters(c: Campaign) -> Iterator[Problem]:
    """Every adapter: can be started, speaks, and does not claim what does not exist."""
    for iut in c.iuts.values():
        if iut.adapter.startswith("listen:"):
            yield from _check_listener(iut)
            continue
        if iut.adapter == "reference":
            command = [program(), "agent", iut.role]
        else:
            lacking = missing_command(iut)
            if lacking is not None:
                yield lacking
                continue
            command = _command(iut.adapter)
        for what, remedy in probe(command, iut.role).complaints:
            yield Problem(f"the adapter of {iut.role} ({iut.label}): {what}", remedy)


def _check_listener(iut: Iut) -> Iterator[Problem]:
    _, address, port = iut.adapter.split(":")
    if not 0 < int(port) < 65536:
        yield Problem(f"{iut.role}: {port} is no port", "write listen:ADDRESS:PORT, with a port from 1 to 65535")
        return
    try:
        socket.create_connection((address, int(port)), 3).close()
    except OSError as e:
        yield Problem(f"{iut.role}: nobody answers on {address}:{port} over TCP ({e.strerror or e})",
                      "start the implementation before the run, or correct the address; if it speaks UDP only, "
                      "this may be meant", error=False)


def check_selection(c: Campaign, purposes: list[Purpose]) -> Iterator[Problem]:
    """Whether anything would be verified, and a baseline that is out of date."""
    can = [p for p in purposes if not p.not_run and c.denied(p) is None]
    if not can:
        yield Problem("no test purpose would be played: all are deselected by 'select', 'exclude' or PICS",
                      "loosen the selection; `latchkey run --dry-run CAMPAIGN` shows each reason")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    for e in c.baseline:
        if e.expired(today):
            yield Problem(f"the baseline entry for {e.tp} expired on {e.expires.isoformat()}",
                          "the failure counts again: fix it, or renew the entry with a reason", error=False)


def examine(c: Campaign, known: Knowledge, catalogue: list[Purpose],
            now: datetime.datetime | None = None) -> list[Problem]:
    """Every check, in the order in which mistakes are best mended."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    purposes = c.purposes(catalogue)
    found = [*check_tools(), *check_clock(now), *check_network(), *check_capture(), *check_selection(c, purposes),
             *check_pics(c, known, purposes), *check_pixit(c), *check_keys(c, known, now)]
    if shutil.which(program()) is not None:
        found += check_adapters(c)
    return found

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Writes vectors/annex_c.json and vectors/rfc3830.json.

Every value is read from the digest's text beside this file and computed again by reference.py; a difference ends the
run. With --check nothing is written: the files in the tree must be what would be."""
from __future__ import annotations

import argparse
import base64
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import reference as ref  # noqa: E402

HERE = Path(__file__).resolve().parent
Test = dict[str, object]

SCHEMA = {
    "conventions": "Octets are lower-case hex.",
    "result": "valid: must succeed with the given values. invalid: must be refused. acceptable: may do either.",
    "MikeyPrf": "RFC 3830, 4.1.2: out = PRF(inkey, label); prf 0 = MIKEY-1, 1 = PRF-HMAC-SHA-256.",
    "MikeyKey": "RFC 3830, 4.1.3 and 4.1.4, RFC 6267, 5.1: out = PRF(inkey, constant || csId || csbId || rand).",
    "MikeyMac": "mac of macAlg (1 = HMAC-SHA-1-160, 2 = HMAC-SHA-256-256) under key over message without the MAC field of its V (and "
                "without any ESK payload), if there is a message, then parts.",
    "MikeyCipher": "AES-CM-128 of RFC 3830, 4.2.3: iv from salt, csbId and t; cipher from plain.",
    "MikeyMessage": "message decodes to payloads of these types in this order, its fields have these values (PAYLOAD[n].Field, "
                    "as the decoder writes them), and it encodes to the same octets. base64: the same octets as in SDP.",
    "MikeyChain": "The same for a chain of sub-payloads, the first of type first (14 unless given).",
    "Ecdh": "public = [scalar]P, shared = [scalar]peer on curve (ECC Curve registry of RFC 6267); 04 || X || Y.",
    "BfExtract": "As in bf_ibe.json.",
    "BfIbe": "As in bf_ibe.json.",
}
NOTES = {
    "Toy": "Parameters of 192 bits (RFC 5091, 7.4).",
    "OtherReading": "A value under a reading of the standard that is not the strict one (AMB-18, AMB-36).",
    "Unchecked": "Computed by this project; no third party has confirmed it.",
    "ThirdParty": "A value first published by somebody else.",
    "Damaged": "A sound message with one fault put in.",
}


class Text:
    """The digest's page: values by the words before them."""

    def __init__(self, name: str) -> None:
        self.lines = (HERE / name).read_text(encoding="utf-8").splitlines()

    def one(self, start: str) -> str:
        """The hex after the line's first ':' or '=' that follows start."""
        for line in self.lines:
            if line.startswith(start):
                m = re.search(r"(?:: |= +)([0-9a-f]+)\b(?!.*(?:: |= +)[0-9a-f]{8,})", line)
                if m:
                    return m[1]
        raise ValueError(f"no value for {start!r}")

    def block(self, start: str, nth: int = 0) -> str:
        """The hex lines after the nth line that begins with start."""
        seen = -1
        for at, line in enumerate(self.lines):
            seen += line.startswith(start)
            if line.startswith(start) and seen == nth:
                out = ""
                for text in self.lines[at + 1:]:
                    if not re.fullmatch(r"[0-9a-f]+", text):
                        return out
                    out += text
        raise ValueError(f"no block {start!r}")


def same(what: str, got: bytes, stated: str) -> str:
    if got.hex() != stated:
        raise SystemExit(f"{what}: the text says {stated}, the reference {got.hex()}")
    return stated


def key_test(comment: str, which: int, inkey: str, label: tuple[str, str, str], rand: str, out: str) -> Test:
    got = ref.prf(which, bytes.fromhex(inkey), ref.label(*label, bytes.fromhex(rand)), len(out) // 2)
    same(comment, got, out)
    return {"comment": comment, "prf": which, "inkey": inkey, "constant": label[0], "csId": label[1], "csbId": label[2],
            "rand": rand, "out": out, "result": "valid"}


def mac_test(comment: str, alg: int, key: str, message: str, parts: list[bytes], mac: str, other: bool = False) -> Test:
    """message with its V, MAC field included."""
    size = {1: 20, 2: 32}[alg]
    got = ref.mac(alg, bytes.fromhex(key), bytes.fromhex(message)[:-size] + b"".join(parts))
    same(comment, got, mac)
    return {"comment": comment, "flags": ["OtherReading"] if other else [], "macAlg": alg, "key": key,
            "message": message, "parts": [p.hex() for p in parts], "mac": mac, "result": "valid"}


def kemac_test(comment: str, key: str, message: str, mac: str, other: bool = False) -> Test:
    """The MAC field of a KEMAC that is the last payload."""
    part = bytes.fromhex(message)[:-20]
    same(comment, ref.mac(1, bytes.fromhex(key), part), mac)
    return {"comment": comment, "flags": ["OtherReading"] if other else [], "macAlg": 1, "key": key, "parts": [part.hex()],
            "mac": mac, "result": "valid"}


def message_test(comment: str, message: str, payloads: list[int], fields: dict[str, str]) -> Test:
    return {"comment": comment, "message": message, "payloads": payloads, "fields": fields,
            "base64": base64.b64encode(bytes.fromhex(message)).decode(), "result": "valid"}


def damaged(comment: str, message: str, first: int | None = None) -> Test:
    name = "message" if first is None else "chain"
    t: Test = {"comment": comment, "flags": ["Damaged"], name: message, "payloads": [], "result": "invalid"}
    if first is not None:
        t["first"] = first
    return t


def refused_messages(message: str) -> list[Test]:
    """Faults that no reader of MIKEY may overlook."""
    m = bytes.fromhex(message)
    return [
        damaged("the last octet is missing", m[:-1].hex()),
        damaged("one octet too many", (m + b"\0").hex()),
        damaged("cut after HDR", m[:10].hex()),
        damaged("no octets", ""),
        damaged("version 2", (b"\2" + m[1:]).hex()),
        damaged("HDR announces a payload of type 255", (m[:2] + b"\xff" + m[3:]).hex()),
        damaged("#CS 1 with an SRTP-ID map that is not there", (m[:9] + b"\0" + m[10:]).hex()),
        damaged("TS type 9: its length cannot be known", (m[:11] + b"\x09" + m[12:]).hex()),
    ]


# ---- the transcript ----

A, B, M = b"sip:alice@example.com", b"sip:bob@example.com", b"sip:vm.bob@example.net"
KMS = b"sip:kms@example.com"
DATE = b"20260105"


def point_of(text: str) -> tuple[int, int]:
    x, y = re.findall(r"[0-9a-f]{40,}", text)
    return int(x, 16), int(y, 16)


def transcript() -> dict[str, object]:
    t = Text("annex_c.md")
    line = {n: next(x for x in t.lines if x.startswith(n)) for n in ("P     =", "P_pub =", "S_A", "S_B", "S_M", "Q_A", "Q_B", "Q_M")}
    p, q, s = int(t.one("p     ="), 16), int(t.one("q     ="), 16), int(t.one("s     ="), 16)
    ibe = ref.Ibe(p, q, point_of(line["P     ="]), point_of(line["P_pub ="]))
    assert ibe.times(s, ibe.big_p) == ibe.pub
    psk, csb0, rand0, t0 = t.one("PSK (16)"), "01020304", t.one("RAND (16)"), t.one("T (2026-01-05 08")
    groups: list[dict[str, object]] = []

    # C.1
    encr, auth, salt = t.one("encr_key"), t.one("auth_key (20)"), t.one("salt_key")
    iv = same("IV", ref.aes_cm_iv(bytes.fromhex(salt), bytes.fromhex(csb0), bytes.fromhex(t0)), t.one("IV (16)"))
    keys = [key_test("C.1 encr_key", 0, psk, ("150533e1", "ff", csb0), rand0, encr),
            key_test("C.1 auth_key", 0, psk, ("2d22ac75", "ff", csb0), rand0, auth),
            key_test("C.1 salt_key", 0, psk, ("29b88916", "ff", csb0), rand0, salt)]
    request = t.block("REQUEST_KEY_PSK without Ver data") + t.one("Ver data, HMAC-SHA-1-160")
    response = t.block("REQUEST_KEY_RESP without Ver data") + t.one("Ver data (20)")
    plain = t.block("KEMAC plaintext")
    kemac = response[response.index("0901006b") + 8:][:len(plain)]
    same("KEMAC", ref.aes_cm(bytes.fromhex(encr), bytes.fromhex(iv), bytes.fromhex(plain)), kemac)
    cipher = [{"comment": "C.1 KEMAC", "key": encr, "salt": salt, "csbId": csb0, "t": t0, "iv": iv, "plain": plain,
               "cipher": kemac, "result": "valid"}]
    alternatives = [x for x in t.lines if x.startswith("(alternative tail with timestamp)")]
    alt = [x.split(": ")[1] for x in alternatives]
    stamp0 = bytes.fromhex(t0)
    macs = [mac_test("C.1 V of REQUEST_KEY_PSK", 1, auth, request, [A, KMS], request[-40:]),
            mac_test("C.1 V of REQUEST_KEY_PSK, timestamp in the tail", 1, auth, request, [A, KMS, stamp0], alt[0], True),
            mac_test("C.1 V of REQUEST_KEY_RESP", 1, auth, response, [A, KMS], response[-40:]),
            mac_test("C.1 V of REQUEST_KEY_RESP, timestamp in the tail", 1, auth, response, [A, KMS, stamp0], alt[1], True)]

    # C.2
    x, y = t.one("x     ="), t.one("y     =")
    xp, yp = t.block("[x]P, uncompressed"), t.block("[y]P, uncompressed")
    shared = t.block("K_SESSION = [x][y]P")
    same("xP", ref.p256(bytes.fromhex(x)), xp)
    same("yP", ref.p256(bytes.fromhex(y)), yp)
    same("K_SESSION", ref.p256(bytes.fromhex(x), bytes.fromhex(yp)), shared)
    off = yp[:-1] + ("0" if yp[-1] != "0" else "1")
    ecdh: list[Test] = [
        {"comment": "C.2 x, the initiator", "curve": 8, "scalar": x, "public": xp, "peer": yp, "shared": shared, "result": "valid"},
        {"comment": "C.2 y, the mailbox", "curve": 8, "scalar": y, "public": yp, "peer": xp, "shared": shared, "result": "valid"},
        {"comment": "yP off the curve", "flags": ["Damaged"], "curve": 8, "scalar": x, "peer": off, "shared": shared, "result": "invalid"},
        {"comment": "yP is infinity", "flags": ["Damaged"], "curve": 8, "scalar": x, "peer": "00", "shared": shared, "result": "invalid"},
        {"comment": "yP without its last octet", "flags": ["Damaged"], "curve": 8, "scalar": x, "peer": yp[:-2], "shared": shared, "result": "invalid"},
        {"comment": "scalar 0", "flags": ["Damaged"], "curve": 8, "scalar": "00" * 32, "peer": yp, "shared": shared, "result": "invalid"},
        {"comment": "curve 0 is reserved", "flags": ["Damaged"], "curve": 0, "scalar": x, "peer": yp, "shared": shared, "result": "invalid"},
    ]
    secret: dict[bytes, tuple[int, int]] = {}
    extract: list[Test] = []
    for name, who in (("A", A), ("B", B), ("M", M)):
        ident = who + DATE
        qid = ibe.to_point(ident)
        assert qid == point_of(line[f"Q_{name}"])
        secret[who] = ibe.times(s, qid)
        assert secret[who] == point_of(line[f"S_{name}"])
        extract.append({"comment": f"C.2 key of {name}", "identity": ident.hex(), "identityText": ident.decode(),
                        "Qid": pt(qid), "privateKey": pt(secret[who]), "privateKeyDer": ref.private_key(secret[who]).hex(),
                        "result": "valid"})
    same("K_PR of A", ref.private_key(secret[A]), t.block("K_PR of A for 20260105"))

    # C.3 to C.5, C.7
    i1, r1, i2, r2 = t.block("message (297"), t.block("message (285"), t.block("message (527"), t.block("message, PRF func 0")
    plains = [t.block("IBAKE plaintext", n) for n in range(4)]
    esk = t.block("ESK plaintext")
    made = [("I1", B, plains[0], i1), ("R1", A, plains[1], r1), ("I2", M, plains[2], i2), ("ESK", B, esk, i2),
            ("R2", A, plains[3], r2)]
    encrypted: list[Test] = []
    for name, who, text, message in made:
        rho = ref.Ibe.h(name.encode())
        c = ibe.encrypt(who + DATE, rho, bytes.fromhex(text))
        der = ref.ciphertext(c["U"], c["V"], c["W"])  # type: ignore[arg-type]
        assert der.hex() in message, name
        encrypted.append({
            "comment": f"{'IBAKE of ' if name != 'ESK' else ''}{name}", "flags": ["Toy"], "identity": (who + DATE).hex(),
            "identityText": (who + DATE).decode(), "msg": text, "rho": rho.hex(), "privateKey": pt(secret[who]),
            "privateKeyDer": ref.private_key(secret[who]).hex(), "U": pt(c["U"]), "V": c["V"].hex(), "W": c["W"].hex(),
            "ciphertextDer": der.hex(),
            "intermediate": {"Qid": pt(c["Qid"]), "t": c["t"].hex(), "l": hx(c["l"]), "theta": pt(c["theta"], "ab"),
                             "thetaL": pt(c["thetaL"], "ab"), "w": c["w"].hex()}, "result": "valid"})
    esk_test = dict(encrypted[3])
    del esk_test["intermediate"]
    encrypted.append(esk_test | {"comment": "the mailbox tries to open the ESK", "keyIdentity": (M + DATE).hex(),
                                 "privateKey": pt(secret[M]), "privateKeyDer": ref.private_key(secret[M]).hex(),
                                 "reason": "fo_check", "result": "invalid"})
    w = bytes.fromhex(str(esk_test["W"]))
    flipped = w[:-1] + bytes([w[-1] ^ 1])
    der = ref.ciphertext(point_of(line_of(esk_test["U"])), bytes.fromhex(str(esk_test["V"])), flipped)
    encrypted.append(esk_test | {"comment": "last bit of the ESK's W flipped", "W": flipped.hex(), "ciphertextDer": der.hex(),
                                 "reason": "fo_check", "result": "invalid"})

    # C.6
    rand = bytes(range(16)).hex()
    csb = "0a0b0c0d"
    auth_keys = {}
    for which in (0, 1):
        pre = f"PRF func {which} "
        mpk, tgk = t.one(pre + "MPK"), t.one(pre + "TGK")
        auth_keys[which] = t.one(pre + "auth_key")
        all_ff = ("ff", "ffffffff")
        keys += [key_test(f"C.6 {pre}MPK", which, shared, ("220e99a2", *all_ff), rand, mpk),
                 key_test(f"C.6 {pre}TGK", which, shared, ("1f4d675b", *all_ff), rand, tgk),
                 key_test(f"C.6 {pre}auth_key", which, mpk, ("2d22ac75", "ff", csb), rand, auth_keys[which]),
                 key_test(f"C.6 {pre}TEK", which, tgk, ("2ad01c64", "01", csb), rand, t.one(pre + "TEK")),
                 key_test(f"C.6 {pre}salt", which, tgk, ("39a2c14b", "01", csb), rand, t.one(pre + "salt"))]

    # C.7
    t2 = bytes.fromhex(t.one("T1 "))
    macs += [mac_test("C.7 V of R_MESSAGE_2", 1, auth_keys[0], r2, [A, M], r2[-40:]),
             mac_test("C.7 the same, timestamp in the tail", 1, auth_keys[0], r2, [A, M, t2],
                      t.one("Ver data with tail ID_A || ID_M || T2"), True),
             mac_test("C.7 the same, I_MESSAGE_2 as tail", 1, auth_keys[0], r2, [bytes.fromhex(i2)],
                      t.one("Ver data with tail I_MESSAGE_2"), True)]
    strong = t.one("Ver data if HDR PRF func = 1")
    # PRF func 1 and Auth alg 2 in place of 0 and 1; V flag 0
    body = bytearray(bytes.fromhex(r2)[:-20])
    body[3], body[-1] = 1, 2
    macs.append(mac_test("C.7 PRF func 1, Auth alg 2", 2, auth_keys[1], body.hex() + strong, [A, M], strong))

    def hdr(of: str, kind: str) -> dict[str, str]:
        return {"HDR.data type": kind, "HDR.CSB ID": f"0x{of}"}

    messages = [
        message_test("C.1 REQUEST_KEY_PSK", request, [5, 11, 14, 14, 9], hdr(csb0, "19 REQUEST_KEY_PSK")),
        message_test("C.1 REQUEST_KEY_RESP", response, [5, 14, 14, 1, 9], hdr(csb0, "21 REQUEST_KEY_RESP")),
        message_test("C.3 I_MESSAGE_1", i1, [5, 11, 14, 14, 22], hdr(csb, "22 I_MESSAGE_1")),
        message_test("C.4 R_MESSAGE_1", r1, [5, 14, 14, 22], hdr(csb, "23 R_MESSAGE_1")),
        message_test("C.5 I_MESSAGE_2", i2, [5, 11, 14, 14, 22, 23], hdr(csb, "24 I_MESSAGE_2")),
        message_test("C.7 R_MESSAGE_2", r2, [5, 14, 14, 22, 9], hdr(csb, "25 R_MESSAGE_2")),
    ] + refused_messages(i1)
    for m in messages:
        if m["result"] == "valid":
            stamp = "2026-01-05T08:00:00.000000Z" if csb0 in str(m["fields"]) else \
                "2026-01-05T12:00:01.000000Z" if "MESSAGE_2" in str(m["comment"]) else "2026-01-05T12:00:00.000000Z"
            m["fields"].update({"T.TS value": stamp, "IDR[1].ID Data": A.decode()})  # type: ignore[attr-defined]
    chains: list[Test] = [
        {"comment": "C.1 KEMAC", "chain": plain, "first": 14, "payloads": [14, 20], "result": "valid",
         "fields": {"Key data.Key data": ref.private_key(secret[A]).hex()}},
        {"comment": "C.3 IBAKE", "chain": plains[0], "payloads": [14, 25, 14], "result": "valid",
         "fields": {"ECCPT.ECC Point": xp, "IDR[2].ID Data": B.decode()}},
        {"comment": "C.4 IBAKE", "chain": plains[1], "payloads": [14, 14, 25], "result": "valid",
         "fields": {"ECCPT.ECC Point": yp, "IDR[2].ID Data": M.decode()}},
        {"comment": "C.5 IBAKE", "chain": plains[2], "payloads": [14, 25, 14, 25], "result": "valid",
         "fields": {"ECCPT[1].ECC Point": xp, "ECCPT[2].ECC Point": yp}},
        {"comment": "C.5 ESK", "chain": esk, "payloads": [14, 24], "result": "valid",
         "fields": {"SK.Key data": t.one("SK = SHA-256")}},
        {"comment": "C.7 IBAKE", "chain": plains[3], "payloads": [14, 25], "result": "valid",
         "fields": {"ECCPT.ECC Point": xp}},
        damaged("ESK without its last octet", esk[:-2], 14),
        damaged("ESK with one octet too many", esk + "00", 14),
        damaged("IBAKE cut inside ECCPTi", plains[0][:100], 14),
    ]
    params = {"version": 2, "p": hx(p), "q": hx(q), "pBits": p.bit_length(), "qBits": q.bit_length(), "P": pt(ibe.big_p),
              "Ppub": pt(ibe.pub), "hash": "SHA-1", "hashOid": "1.3.14.3.2.26",
              "paramsDer": ref.public_parameters(p, q, ibe.big_p, ibe.pub).hex()}
    groups += [{"type": "MikeyKey", "tests": keys}, {"type": "MikeyCipher", "tests": cipher},
               {"type": "MikeyMac", "tests": macs}, {"type": "Ecdh", "tests": ecdh},
               {"type": "BfExtract", "params": params, "masterSecret": hx(s), "tests": extract},
               {"type": "BfIbe", "params": params, "masterSecret": hx(s), "tests": encrypted},
               {"type": "MikeyMessage", "tests": messages}, {"type": "MikeyChain", "tests": chains}]
    return document("MIKEY-IBAKE (RFC 6267), deferred delivery", "vectors/gen/annex_c.md",
                    ["A deposits for B at the mailbox M: every message, key and MAC of one exchange, and A's key request.",
                     "Toy parameters of 192 bits; all keys are public: never use them."], groups)


def hx(n: object) -> str:
    text = f"{n:x}"
    return text if len(text) % 2 == 0 else "0" + text


def pt(s: object, names: str = "xy") -> dict[str, str]:
    return {n: f"{v:048x}" for n, v in zip(names, s)}  # type: ignore[call-overload]


def line_of(point: object) -> str:
    return f"{point['x']} {point['y']}"  # type: ignore[index]


# ---- base MIKEY ----

def base_mikey() -> dict[str, object]:
    t = Text("rfc3830.md")
    text = "\n".join(t.lines)

    # TV-1: the example of RFC 4567
    psk, csb, stamp = b"0123456789ABCDEF".hex(), "cd177e50", t.one("CSB ID      = cd177e50").ljust(16, "0")
    rand, salt = t.one("RAND        ="), t.one("salt (112)")
    auth = t.one("auth_key    =")
    encr = t.one("encr_key    =")
    keys = [key_test("TV-1 encr_key", 0, psk, ("150533e1", "ff", csb), rand, encr),
            key_test("TV-1 salt", 0, psk, ("29b88916", "ff", csb), rand, salt),
            key_test("TV-1 auth_key of 128 bits", 0, psk, ("2d22ac75", "ff", csb), rand, auth),
            key_test("TV-1 auth_key of 160 bits", 0, psk, ("2d22ac75", "ff", csb), rand, t.one("auth_key160 ="))]
    tgk = re.search(r"00 10 0010 ([0-9a-f]{32})", text)[1]  # type: ignore[index]
    for n in range(1, 5):
        tek = re.search(rf"cs_id {n} = ([0-9a-f]{{32}})", text)[1]  # type: ignore[index]
        keys.append(key_test(f"TV-1 TEK of cs_id {n}", 0, tgk, ("2ad01c64", f"{n:02x}", csb), rand, tek))

    def dump(start: str) -> str:
        """Hex of an annotated dump: the leading hex words of each line."""
        at = next(i for i, x in enumerate(t.lines) if x.startswith(start)) + 1
        out = ""
        for line in t.lines[at:]:
            words = re.split(r" {3,}", line)[0].replace(" ", "")
            if not re.fullmatch(r"[0-9a-f]+", words):
                return out
            out += words
        return out

    i_msg, r_msg = dump("I_MESSAGE (132"), dump("R_MESSAGE (71")
    assert len(i_msg) == 264 and len(r_msg) == 142, (len(i_msg), len(r_msg))
    stamp = re.search(r"T = ([0-9a-f]{16})", text)[1]  # type: ignore[index]
    donald, mickey = b"donald@duck.com", b"mickey@mouse.com"
    macs = [kemac_test("TV-1 MAC of KEMAC", auth, i_msg, i_msg[-40:]),
            mac_test("TV-1 V", 1, auth, r_msg, [donald, mickey, bytes.fromhex(stamp)], r_msg[-40:])]
    iv = same("TV-1 IV", ref.aes_cm_iv(bytes.fromhex(salt), bytes.fromhex(csb), bytes.fromhex(stamp)), t.one("IV          ="))
    plain = dump("plaintext of KEMAC")
    cipher_text = re.search(r"00 01 0024 ([0-9a-f]{72})", text)[1]  # type: ignore[index]
    same("TV-1 KEMAC", ref.aes_cm(bytes.fromhex(encr), bytes.fromhex(iv), bytes.fromhex(plain)), cipher_text)
    cipher = [{"comment": "TV-1 KEMAC", "key": encr, "salt": salt, "csbId": csb, "t": stamp, "iv": iv, "plain": plain,
               "cipher": cipher_text, "result": "valid"}]
    messages = [message_test("TV-1 I_MESSAGE (RFC 4567, 5.1)", i_msg, [5, 11, 6, 10, 1],
                             {"HDR.data type": "0 PSK_INIT", "HDR.CSB ID": "0xcd177e50"}),
                message_test("TV-1 R_MESSAGE (RFC 4567, 5.1)", r_msg, [5, 6, 9],
                             {"HDR.CSB ID": "0xcd177e50", "ID.ID Data": mickey.decode()})]
    chains: list[Test] = [{"comment": "TV-1 KEMAC", "chain": plain, "first": 20, "payloads": [20], "fields": {"Key data.Key data": tgk},
                           "result": "valid"}]

    # TV-2
    prfs: list[Test] = []
    which = 0
    label = "2ad01c6401cd177e504a28da979ee21a7651a0d7f19136d98c"
    for line in t.lines:
        which = 0 if "PRF 0 (SHA-1)" in line else 1 if "PRF 1 (SHA-256)" in line else which
        m = re.match(r"\| (\d+) \| ([0-9a-f]{92}) \|", line)
        if m:
            inkey = bytes(range(int(m[1])))
            same(f"TV-2 {m[1]}", ref.prf(which, inkey, bytes.fromhex(label), 46), m[2])
            prfs.append({"comment": f"TV-2 PRF {which}, inkey of {m[1]} octets", "prf": which, "inkey": inkey.hex(), "label": label,
                         "out": m[2], "result": "valid"})
    assert len(prfs) == 12
    prfs.append({"comment": "PRF func 111 is not assigned", "prf": 111, "inkey": "00", "label": label, "out": "00" * 20,
                 "result": "invalid"})
    prfs.append({"comment": "an inkey of no octets", "prf": 0, "inkey": "", "label": label, "out": "00" * 20, "result": "invalid"})

    # TV-3
    for m in re.finditer(r"\| ([0-9a-f]{2}) \| ([0-9a-f]{8}) \| ([0-9a-f]{8}) \| ([0-9a-f]{24,32})", text):
        test = key_test(f"TV-3 {m[3]}, cs_id {m[1]}", 1, "a27b7d578eeb9b1ee7705e385996d300", (m[3], m[1], m[2]),
                        "4339f62f55aac86348846a482c893802", m[4])
        keys.append(test | {"flags": ["ThirdParty"]})

    # TV-4
    psk, csb, stamp = "00112233445566778899aabbccddeeff", "11223344", "ec898da800000000"
    rand, tgk = bytes(range(16, 32)).hex(), bytes(range(0xa0, 0xb0)).hex()
    part = text[text.index("### TV-4"):]
    encr = re.search(r"encr_key = ([0-9a-f]{32})", part)[1]  # type: ignore[index]
    salt = re.search(r"salt = ([0-9a-f]{28})", part)[1]  # type: ignore[index]
    auth = re.search(r"auth_key = ([0-9a-f]{40})", part)[1]  # type: ignore[index]
    keys += [key_test("TV-4 encr_key", 0, psk, ("150533e1", "ff", csb), rand, encr),
             key_test("TV-4 salt", 0, psk, ("29b88916", "ff", csb), rand, salt),
             key_test("TV-4 auth_key", 0, psk, ("2d22ac75", "ff", csb), rand, auth)]
    for name, const in (("TEK", "2ad01c64"), ("salt", "39a2c14b"), ("auth", "1b5c7973"), ("encr", "15798cef")):
        m = re.search(rf"{name}\s+{const} \(\d+\)\s+([0-9a-f]+)\s+([0-9a-f]+)", part)
        for n in (1, 2):
            keys.append(key_test(f"TV-4 {name} of cs_id {n}", 0, tgk, (const, f"{n:02x}", csb), rand, m[n]))  # type: ignore[index]
    b64 = re.findall(r"^(?:AQAFgB|[A-Za-z0-9+/=]{60,}$|bGUuY29t|aWtleQ)[A-Za-z0-9+/=]*$", part, re.M)
    i_msg = base64.b64decode("".join(b64[:3])).hex()
    r_msg = base64.b64decode(re.search(r"^AQEFAB\S+$", part, re.M)[0]).hex()  # type: ignore[index]
    assert len(i_msg) == 408 and len(r_msg) == 166, (len(i_msg), len(r_msg))
    alice, bob = b"sip:alice@example.com", b"sip:bob@example.com"
    at = bytes.fromhex(stamp)
    macs += [kemac_test("TV-4 MAC of KEMAC", auth, i_msg, i_msg[-40:]),
             mac_test("TV-4 V", 1, auth, r_msg, [alice, bob, at], r_msg[-40:]),
             mac_test("TV-4 V, 128-bit auth_key", 1, auth[:32], r_msg, [alice, bob, at],
                      re.search(r"128-bit auth_key\s+([0-9a-f]{40})", part)[1], True),  # type: ignore[index]
             mac_test("TV-4 V, message and T only", 1, auth, r_msg, [at],
                      re.search(r"no identities\) ([0-9a-f]{40})", part)[1], True),  # type: ignore[index]
             mac_test("TV-4 V, message only", 1, auth, r_msg, [],
                      re.search(r"message only\s+([0-9a-f]{40})", part)[1], True),  # type: ignore[index]
             mac_test("TV-4 V, identities swapped", 1, auth, r_msg, [bob, alice, at],
                      re.search(r"identities swapped\s+([0-9a-f]{40})", part)[1], True),  # type: ignore[index]
             kemac_test("TV-4 MAC of KEMAC, 128-bit auth_key", auth[:32], i_msg,
                        re.search(r"KEMAC MAC with 128-bit auth_key: ([0-9a-f]{40})", part)[1], True)]  # type: ignore[index]
    iv = same("TV-4 IV", ref.aes_cm_iv(bytes.fromhex(salt), bytes.fromhex(csb), at), re.search(r"IV       = ([0-9a-f]{32})", part)[1])  # type: ignore[index]
    plain = re.search(r"KEMAC plaintext  = ([0-9a-f]+)", part)[1]  # type: ignore[index]
    cipher_text = re.search(r"KEMAC ciphertext = ([0-9a-f]+)", part)[1]  # type: ignore[index]
    same("TV-4 KEMAC", ref.aes_cm(bytes.fromhex(encr), bytes.fromhex(iv), bytes.fromhex(plain)), cipher_text)
    cipher.append({"comment": "TV-4 KEMAC", "key": encr, "salt": salt, "csbId": csb, "t": stamp, "iv": iv, "plain": plain,
                   "cipher": cipher_text, "result": "valid"})
    messages += [message_test("TV-4 I_MESSAGE", i_msg, [5, 11, 6, 6, 10, 21, 1],
                              {"HDR.data type": "0 PSK_INIT", "HDR.CSB ID": "0x11223344", "ID[2].ID Data": bob.decode()}),
                 message_test("TV-4 R_MESSAGE", r_msg, [5, 6, 9], {"HDR.CSB ID": "0x11223344"}),
                 *refused_messages(r_msg)[:2]]
    chains.append({"comment": "TV-4 KEMAC, SPI c0ffee01", "chain": plain, "first": 20, "payloads": [20],
                   "fields": {"Key data.Key data": tgk}, "result": "valid"})
    for test in keys + macs + cipher + messages + chains:
        if str(test["comment"]).startswith("TV-4"):
            test["flags"] = [*test.get("flags", []), "Unchecked"]  # type: ignore[misc]
    groups = [{"type": "MikeyPrf", "tests": prfs}, {"type": "MikeyKey", "tests": keys}, {"type": "MikeyCipher", "tests": cipher},
              {"type": "MikeyMac", "tests": macs}, {"type": "MikeyMessage", "tests": messages}, {"type": "MikeyChain", "tests": chains}]
    return document("MIKEY (RFC 3830), pre-shared key", "vectors/gen/rfc3830.md",
                    ["PRF, keys, MAC, KEMAC and messages of two exchanges: the example of RFC 4567, 5.1, and one of our own."], groups)


def document(algorithm: str, source: str, header: list[str], groups: list[dict[str, object]]) -> dict[str, object]:
    count: dict[str, int] = {"valid": 0, "acceptable": 0, "invalid": 0}
    n = 0
    for g in groups:
        tests = []
        for test in g["tests"]:  # type: ignore[attr-defined]
            n += 1
            rest = {k: v for k, v in test.items() if k not in ("comment", "flags", "result")}
            tests.append({"tcId": n, "comment": test["comment"], "flags": test.get("flags", []), **rest, "result": test["result"]})
            count[str(test["result"])] += 1
        g["tests"] = tests
    used = {str(g["type"]) for g in groups} | {"conventions", "result"}
    flags = {f for g in groups for test in g["tests"] for f in test["flags"]}  # type: ignore[attr-defined]
    return {"algorithm": algorithm, "generatorVersion": "1", "source": source, "numberOfTests": n, "numberOfTestsByResult": count,
            "header": header, "schema": {k: v for k, v in SCHEMA.items() if k in used},
            "notes": {k: v for k, v in NOTES.items() if k in flags}, "testGroups": groups}


def main() -> int:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--check", action="store_true")
    check = args.parse_args().check
    stale = 0
    for name, make in (("annex_c.json", transcript), ("rfc3830.json", base_mikey)):
        path = HERE.parent / name
        text = json.dumps(make(), indent=1) + "\n"
        if check:
            ok = path.exists() and path.read_text(encoding="utf-8") == text
            stale += not ok
            print(f"{name}: {'as generated' if ok else 'differs'}")
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Independent reference for the known answers: MIKEY PRF, MAC and AES-CM, ECDH on P-256, Boneh-Franklin IBE.

Written from the standards with hashlib and hmac alone, slow and plain; shares nothing with the C of this project."""
from __future__ import annotations

import hashlib
import hmac

# ---- MIKEY (RFC 3830, 4.1 and 4.2) ----

PRF_HASH = {0: "sha1", 1: "sha256"}
MAC_HASH = {1: "sha1", 2: "sha256"}


def prf(which: int, inkey: bytes, label: bytes, length: int) -> bytes:
    """PRF(inkey, label): blocks of 256 bits of the key, each through P, XORed."""
    name = PRF_HASH[which]
    out = bytes(length)
    for at in range(0, len(inkey), 32):
        s = inkey[at:at + 32]
        a, p = label, b""
        while len(p) < length:
            a = hmac.new(s, a, name).digest()
            p += hmac.new(s, a + label, name).digest()
        out = bytes(x ^ y for x, y in zip(out, p))
    return out


def label(constant: str, cs_id: str, csb_id: str, rand: bytes) -> bytes:
    return bytes.fromhex(constant) + bytes.fromhex(cs_id) + bytes.fromhex(csb_id) + rand


def mac(alg: int, key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, MAC_HASH[alg]).digest()


def _xtime(a: int) -> int:
    return (a << 1) ^ (0x11B if a & 0x80 else 0)


def _mul(a: int, b: int) -> int:
    r = 0
    while b:
        if b & 1:
            r ^= a
        a, b = _xtime(a), b >> 1
    return r


def _sbox() -> list[int]:
    box = []
    for v in range(256):
        inv = next((w for w in range(256) if _mul(v, w) == 1), 0)
        r = 0
        for i in range(8):
            bit = sum(inv >> ((i + k) % 8) for k in (0, 4, 5, 6, 7)) & 1
            r |= (bit ^ (0x63 >> i & 1)) << i
        box.append(r)
    return box


SBOX = _sbox()


def aes128(key: bytes, block: bytes) -> bytes:
    """One block of AES-128 (FIPS 197)."""
    words = [list(key[i:i + 4]) for i in range(0, 16, 4)]
    rcon = 1
    for i in range(4, 44):
        t = list(words[i - 1])
        if i % 4 == 0:
            t = [SBOX[x] for x in t[1:] + t[:1]]
            t[0] ^= rcon
            rcon = _xtime(rcon)
        words.append([x ^ y for x, y in zip(words[i - 4], t)])
    keys = [sum(words[4 * r:4 * r + 4], []) for r in range(11)]
    s = [x ^ k for x, k in zip(block, keys[0])]
    for r in range(1, 11):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if r < 10:
            cols = []
            for c in range(0, 16, 4):
                q = s[c:c + 4]
                cols += [_mul(q[i], 2) ^ _mul(q[(i + 1) % 4], 3) ^ q[(i + 2) % 4] ^ q[(i + 3) % 4] for i in range(4)]
            s = cols
        s = [x ^ k for x, k in zip(s, keys[r])]
    return bytes(s)


def aes_cm_iv(salt: bytes, csb_id: bytes, t: bytes) -> bytes:
    mix = b"\0\0" + csb_id + t
    return bytes(x ^ y for x, y in zip(salt, mix)) + b"\0\0"


def aes_cm(key: bytes, iv: bytes, data: bytes) -> bytes:
    start, out = int.from_bytes(iv, "big"), b""
    for n in range((len(data) + 15) // 16):
        stream = aes128(key, ((start + n) % 2**128).to_bytes(16, "big"))
        out += bytes(x ^ y for x, y in zip(data[16 * n:16 * n + 16], stream))
    return out


# ---- P-256 ----

P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
G256 = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
        0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def _add(p: int, a: int, s: tuple[int, int] | None, t: tuple[int, int] | None) -> tuple[int, int] | None:
    """Affine addition on y^2 = x^3 + ax + b over F_p."""
    if s is None or t is None:
        return t if s is None else s
    if s[0] == t[0]:
        if (s[1] + t[1]) % p == 0:
            return None
        m = (3 * s[0] * s[0] + a) * pow(2 * s[1], -1, p)
    else:
        m = (t[1] - s[1]) * pow(t[0] - s[0], -1, p)
    x = (m * m - s[0] - t[0]) % p
    return x, (m * (s[0] - x) - s[1]) % p


def _times(p: int, a: int, k: int, s: tuple[int, int]) -> tuple[int, int] | None:
    r, q = None, s
    while k:
        if k & 1:
            r = _add(p, a, r, q)
        q, k = _add(p, a, q, q), k >> 1
    return r


def p256(k: bytes, point: bytes | None = None) -> bytes:
    """[k]point, the base point without one; 04 || X || Y."""
    s = G256 if point is None else (int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big"))
    r = _times(P256, -3, int.from_bytes(k, "big"), s)
    assert r is not None
    return b"\4" + r[0].to_bytes(32, "big") + r[1].to_bytes(32, "big")


# ---- Boneh-Franklin IBE (RFC 5091 as corrected in the digest), SHA-1, y^2 = x^3 + 1 ----

class Ibe:
    """One set of parameters."""

    def __init__(self, p: int, q: int, big_p: tuple[int, int], pub: tuple[int, int]) -> None:
        self.p, self.q, self.big_p, self.pub = p, q, big_p, pub
        self.octets = (p.bit_length() + 7) // 8

    @staticmethod
    def h(data: bytes) -> bytes:
        return hashlib.sha1(data).digest()

    def to_range(self, data: bytes, n: int) -> int:
        h1 = self.h(bytes(20) + data)
        return int.from_bytes(h1 + self.h(h1 + data), "big") % n

    def stream(self, length: int, seed: bytes) -> bytes:
        k, h, out = self.h(seed), bytes(20), b""
        while len(out) < length:
            h = self.h(h)
            out += self.h(h + k)
        return out[:length]

    def times(self, k: int, s: tuple[int, int]) -> tuple[int, int]:
        r = _times(self.p, 0, k, s)
        assert r is not None
        return r

    def to_point(self, identity: bytes) -> tuple[int, int]:
        y = self.to_range(identity, self.p)
        x = pow(y * y - 1, (2 * self.p - 1) // 3, self.p)
        return self.times((self.p + 1) // self.q, (x, y))

    # F_p^2 as pairs

    def f2mul(self, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        return (a[0] * b[0] - a[1] * b[1]) % self.p, (a[0] * b[1] + a[1] * b[0]) % self.p

    def f2inv(self, a: tuple[int, int]) -> tuple[int, int]:
        n = pow(a[0] * a[0] + a[1] * a[1], -1, self.p)
        return a[0] * n % self.p, -a[1] * n % self.p

    def f2pow(self, a: tuple[int, int], e: int) -> tuple[int, int]:
        r = (1, 0)
        for bit in bin(e)[2:]:
            r = self.f2mul(r, r)
            if bit == "1":
                r = self.f2mul(r, a)
        return r

    def pairing(self, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        """Textbook Miller loop of Tate(a, phi(b)), verticals kept."""
        p = self.p
        half = (p - 1) // 2
        zeta = (half, half * pow(3, (p + 1) // 4, p) % p)
        bx, by = (zeta[0] * b[0] % p, zeta[1] * b[0] % p), b[1]

        def vertical(s: tuple[int, int] | None) -> tuple[int, int]:
            return (1, 0) if s is None else ((bx[0] - s[0]) % p, bx[1])

        def line(s: tuple[int, int] | None, t: tuple[int, int] | None) -> tuple[int, int]:
            if s is None or t is None or (s[0] == t[0] and (s[1] + t[1]) % p == 0):
                return vertical(t if s is None else s)
            u, v = (-3 * s[0] * s[0], 2 * s[1]) if s == t else (s[1] - t[1], t[0] - s[0])
            c = -v * s[1] - u * s[0]
            return (u * bx[0] + v * by + c) % p, u * bx[1] % p

        num, den, v = (1, 0), (1, 0), a
        for bit in bin(self.q)[3:]:
            num = self.f2mul(self.f2mul(num, num), line(v, v))
            v = _add(p, 0, v, v)
            den = self.f2mul(self.f2mul(den, den), vertical(v))
            if bit == "1":
                num = self.f2mul(num, line(v, a))
                v = _add(p, 0, v, a)
                den = self.f2mul(den, vertical(v))
        return self.f2pow(self.f2mul(num, self.f2inv(den)), (p * p - 1) // self.q)

    def encrypt(self, identity: bytes, rho: bytes, msg: bytes) -> dict[str, object]:
        """All values on the way, and the ciphertext."""
        qid, t = self.to_point(identity), self.h(msg)
        length = self.to_range(rho + t, self.q)
        theta = self.pairing(self.pub, qid)
        theta_l = self.f2pow(theta, length)
        w = self.h(theta_l[0].to_bytes(self.octets, "big") + theta_l[1].to_bytes(self.octets, "big"))
        v = bytes(x ^ y for x, y in zip(w, rho))
        body = bytes(x ^ y for x, y in zip(self.stream(len(msg), rho), msg))
        return {"Qid": qid, "t": t, "l": length, "theta": theta, "thetaL": theta_l, "w": w,
                "U": self.times(length, self.big_p), "V": v, "W": body}


# ---- DER ----

def tlv(tag: int, body: bytes) -> bytes:
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else b"\x82" + n.to_bytes(2, "big")
    return bytes([tag]) + size + body


def integer(n: int) -> bytes:
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def point(s: tuple[int, int]) -> bytes:
    return tlv(0x30, integer(s[0]) + integer(s[1]))


def private_key(s: tuple[int, int]) -> bytes:
    return tlv(0x30, integer(2) + point(s))


def ciphertext(u: tuple[int, int], v: bytes, w: bytes) -> bytes:
    return tlv(0x30, integer(2) + point(u) + tlv(4, v) + tlv(4, w))


def public_parameters(p: int, q: int, big_p: tuple[int, int], pub: tuple[int, int]) -> bytes:
    """Type-1 curve, SHA-1."""
    return tlv(0x30, integer(2) + bytes.fromhex("060b6086480186fd1e01010101") + integer(p) + integer(q)
               + point(big_p) + point(pub) + bytes.fromhex("06052b0e03021a"))

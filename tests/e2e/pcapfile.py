# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""Captures as lists of frames: read, change, write, in any of the classic forms."""
from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path

ETHERNET, RAW, SLL, SLL2, NULL = 1, 101, 113, 276, 0
TCP, UDP = 6, 17


@dataclass(frozen=True)
class Frame:
    """One frame: when, and its octets with the link layer."""

    time_us: int
    data: bytes

    @property
    def ip(self) -> bytes:
        return self.data[14:]

    @property
    def protocol(self) -> int:
        return self.ip[9]

    @property
    def source(self) -> str:
        return ".".join(map(str, self.ip[12:16]))

    @property
    def payload_at(self) -> int:
        """Where the octets above TCP or UDP begin."""
        head = 14 + (self.ip[0] & 15) * 4
        return head + ((self.data[head + 12] >> 4) * 4 if self.protocol == TCP else 8)

    @property
    def payload(self) -> bytes:
        end = 14 + int.from_bytes(self.ip[2:4], "big")
        return self.data[self.payload_at:end]

    @property
    def ports(self) -> tuple[int, int]:
        head = 14 + (self.ip[0] & 15) * 4
        return struct.unpack(">HH", self.data[head:head + 4])

    @property
    def is_rtp(self) -> bool:
        return self.protocol == UDP and 5060 not in self.ports and len(self.payload) > 12 and self.payload[0] >> 6 == 2


def read(path: Path) -> list[Frame]:
    """Frames of a little-endian Ethernet capture with microseconds, as the harness writes them."""
    data = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack("<IHHiIII", data[:24])
    assert (magic, link) == (0xA1B2C3D4, ETHERNET), "the tests know the harness's own captures"
    out, at = [], 24
    while at < len(data):
        sec, usec, caplen, wire = struct.unpack("<IIII", data[at:at + 16])
        assert caplen == wire
        out.append(Frame(sec * 1_000_000 + usec, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return out


def link_header(link: int) -> bytes:
    """The octets in front of an IPv4 packet."""
    return {ETHERNET: bytes(12) + b"\x08\x00", RAW: b"", NULL: struct.pack("<I", 2),
            SLL: struct.pack(">HHH8sH", 0, 772, 6, bytes(8), 0x0800),
            SLL2: struct.pack(">HHIHBB8s", 0x0800, 0, 1, 772, 0, 6, bytes(8))}[link]


def write(path: Path, frames: list[Frame], link: int = ETHERNET, order: str = "<", nanoseconds: bool = False) -> Path:
    """Any link type, byte order and resolution."""
    magic, unit = (0xA1B23C4D, 1000) if nanoseconds else (0xA1B2C3D4, 1)
    head = link_header(link)
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for f in frames:
        data = f.data if link == ETHERNET else head + f.ip
        sec, usec = divmod(f.time_us, 1_000_000)
        parts.append(struct.pack(order + "IIII", sec, usec * unit, len(data), len(data)) + data)
    path.write_bytes(b"".join(parts))
    return path


def changed(frame: Frame, at: int, value: int) -> Frame:
    """The frame with another octet at a place in it."""
    data = bytearray(frame.data)
    data[at] = value
    return replace(frame, data=bytes(data))

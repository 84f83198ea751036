# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The ladder of an exchange as inline SVG, and hexdumps with the octets of a finding marked."""
from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

ORDER = ("A", "CORE", "MB", "B", "KMS", "C", "M", "D")
NAMES = {"A": "A", "CORE": "core", "MB": "mailbox", "B": "B", "KMS": "KMS", "C": "C (third party)",
         "M": "M (impostor)", "D": "D (2nd depositor)"}
COLUMN, ROW, LEFT, TOP = 190, 34, 64, 46
MAX_ROWS = 240


@dataclass
class Arrow:
    """One row: a message, or a run of like ones."""

    frame: int
    last: int
    t: float
    source: str
    target: str
    label: str
    mikey: str
    count: int = 1
    mark: str = ""  # FAIL, INCONC


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def arrows(steps: list[dict], marks: dict[int, str]) -> list[Arrow]:
    """Rows of a verdict's ladder; like packets that follow each other (RTP) become one row."""
    out: list[Arrow] = []
    open_runs: dict[tuple, Arrow] = {}
    for s in steps:
        frame = int(_number(s.get("frame")))
        a = Arrow(frame, frame, _number(s.get("t")), str(s.get("from", "?")), str(s.get("to", "?")),
                  str(s.get("label", "")), str(s.get("mikey") or ""), mark=marks.get(frame, ""))
        key = (a.source, a.target, a.label)
        media = a.label.startswith(("RTP", "SRTP", "RTCP", "SRTCP"))
        run = open_runs.get(key)
        if media and run is not None and not a.mark and not run.mark and not a.mikey:
            run.count, run.last = run.count + 1, frame
            continue
        open_runs = {k: r for k, r in open_runs.items() if media}
        if media:
            open_runs[key] = a
        out.append(a)
    return out


def columns(rows: list[Arrow]) -> list[str]:
    seen = {r.source for r in rows} | {r.target for r in rows}
    return [c for c in ORDER if c in seen] + sorted(seen - set(ORDER))


def _text(x: float, y: float, text: str, css: str = "") -> str:
    attribute = f' class="{css}"' if css else ""
    return f'<text x="{x:g}" y="{y:g}"{attribute}>{escape(text)}</text>'


def _clip(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[:chars - 1] + "…"


def _words(text: str, chars: int) -> str:
    """As many whole words as fit, at least the first: "183" out of "183 Session Progress"."""
    while len(text) > chars and " " in text:
        text = text.rpartition(" ")[0]
    return _clip(text, chars)


def _row(a: Arrow, y: float, at: dict[str, float]) -> list[str]:
    x1, x2 = at[a.source], at[a.target]
    css = f"arrow {a.mark.lower()}".strip()
    frames = f"{a.frame}–{a.last}" if a.count > 1 else str(a.frame)
    out = [f'<g class="{css}"><title>{escape(f"{a.t:.3f} s, {a.source} → {a.target}")}</title>']
    if a.mark:
        out.append(f'<rect x="0" y="{y - 21:g}" width="100%" height="{ROW - 2}" class="band"/>')
    out.append(_text(LEFT - 22, y + 4, frames, "frame"))
    # shaft and head in one path: the shaft has no area, so filling the path fills the head only
    if x1 == x2:
        middle = x1 + 76
        out.append(f'<path d="M{x1:g} {y - 6:g}h26v10h-20l9-4.5v9l-9-4.5h20v-10z"/>')
    else:
        way, middle = (1 if x2 > x1 else -1), (x1 + x2) / 2
        out.append(f'<path d="M{x1:g} {y:g}H{x2:g}l{-9 * way}-4.5v9L{x2:g} {y:g}"/>')
    label = a.label + (f" × {a.count}" if a.count > 1 else "")
    span = max(1, round(abs(at[a.source] - at[a.target]) / COLUMN))
    room = (26 if a.mikey else 30) * span - 1
    if a.mikey:
        label = _words(label, max(room - len(a.mikey) - 1, 6))
        mikey = escape(_clip(a.mikey, 26))
        out.append(f'<text x="{middle:g}" y="{y - 7:g}">{escape(label)} <tspan>{mikey}</tspan></text>')
    else:
        out.append(_text(middle, y - 7, _clip(label, room)))
    return [*out, "</g>"]


def svg(steps: list[dict], marks: dict[int, str], name: str) -> Markup:
    """The ladder as SVG, parties as columns, one arrow a row; marks: frame -> FAIL or INCONC."""
    rows = arrows(steps, marks)
    if not rows:
        return Markup('<p class="none">The recording holds no message that the ladder could show.</p>')
    hidden = len(rows) - MAX_ROWS
    rows = [r for i, r in enumerate(rows) if i < MAX_ROWS or r.mark]
    parties = columns(rows)
    at = {c: LEFT + COLUMN * i + 36.0 for i, c in enumerate(parties)}
    width, height = LEFT + COLUMN * (len(parties) - 1) + 72 + 60, TOP + ROW * len(rows) + 14
    out = [f'<svg class="ladder" role="img" aria-label="{escape(name)}" viewBox="0 0 {width} {height}" '
           f'width="{width}" height="{height}">']
    for c, x in at.items():
        out.append(f'<line x1="{x:g}" y1="30" x2="{x:g}" y2="{height - 4}" class="life"/>')
        out.append(_text(x, 20, _clip(NAMES.get(c, c), 20), "party"))
    for i, a in enumerate(rows):
        out += _row(a, TOP + ROW * i + 20, at)
    out.append("</svg>")
    if hidden > 0:
        out.append(f'<p class="none">{hidden} more rows are in the recording.</p>')
    return Markup("".join(out))


@dataclass(frozen=True)
class HexLine:
    """One line of a hexdump: 16 cells, each an octet in hex or empty, and the text column."""

    offset: str
    cells: list[tuple[str, bool]]  # text, marked
    text: str


def hexdump(hexed: str, start: int, max_lines: int = 16) -> list[HexLine]:
    """The octets of a finding at their offset; the octets before and after are not in the verdict."""
    try:
        data = bytes.fromhex(hexed)
    except ValueError:
        return []
    lines = []
    first = start - start % 16
    for base in range(first, start + len(data), 16):
        if len(lines) == max_lines:
            break
        cells, text = [], ""
        for pos in range(base, base + 16):
            inside = start <= pos < start + len(data)
            octet = data[pos - start] if inside else 0
            cells.append((f"{octet:02x}" if inside else "··", inside))
            text += (chr(octet) if 32 <= octet < 127 else ".") if inside else " "
        lines.append(HexLine(f"{base:06x}", cells, text.rstrip()))
    return lines

# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""junit.xml of a run: one suite for each role and group."""
from __future__ import annotations

import xml.etree.ElementTree as ET

from .outcome import ERROR, FAIL, INCONC, NA, NOT_RUN, NOT_SELECTED, Row


def xml_text(text: object) -> str:
    """Text without the characters that XML 1.0 does not allow."""
    return "".join(c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000"
                   else "\ufffd" for c in str(text))


def _body(row: Row) -> str:
    lines = [row.title, "", row.reason]
    if row.key:
        lines.append(f"failure key: {row.key}")
    if row.clauses:
        lines.append("clauses: " + ", ".join(row.clauses))
    if row.requirements:
        lines.append("requirements: " + ", ".join(row.requirements))
    if row.reproduce:
        lines.append(f"again: {row.reproduce}")
    if row.output:
        lines += ["", row.output]
    return xml_text("\n".join(lines))


def _case(suite: ET.Element, row: Row) -> None:
    case = ET.SubElement(suite, "testcase", name=row.tp, classname=f"latchkey.{row.role}.{row.group}",
                         time=f"{row.seconds:.2f}")
    message = xml_text(row.reason)
    if row.expected:
        why = (row.baseline or {}).get("reason", "")
        ET.SubElement(case, "skipped", message=xml_text(f"expected {row.verdict}: {why}")).text = _body(row)
    elif row.verdict == FAIL:
        ET.SubElement(case, "failure", type="FAIL", message=message).text = _body(row)
    elif row.verdict in (INCONC, ERROR):
        kind = "inconclusive" if row.verdict == INCONC else "error"
        ET.SubElement(case, "error", type=kind, message=message).text = _body(row)
    elif row.verdict in (NA, NOT_RUN):
        ET.SubElement(case, "skipped", message=xml_text(f"{row.verdict}: {row.reason}"))


def document(info: dict, rows: list[Row]) -> bytes:
    """The file. An outcome that the baseline expects is skipped, with its reason."""
    rows = [r for r in rows if r.verdict != NOT_SELECTED]
    top = ET.Element("testsuites", name=xml_text(info.get("name", "latchkey")))
    for role, group in sorted({(r.role, r.group) for r in rows}):
        part = [r for r in rows if (r.role, r.group) == (role, group)]
        suite = ET.SubElement(top, "testsuite", name=f"{role}.{group}", timestamp=str(info.get("started", ""))[:19])
        _count(suite, part)
        for row in part:
            _case(suite, row)
    _count(top, rows)
    ET.indent(top, " ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="utf-8") + b"\n"


def _count(element: ET.Element, rows: list[Row]) -> None:
    bad = [r for r in rows if not r.expected]
    element.set("tests", str(len(rows)))
    element.set("failures", str(sum(r.verdict == FAIL for r in bad)))
    element.set("errors", str(sum(r.verdict in (INCONC, ERROR) for r in bad)))
    element.set("skipped", str(sum(r.verdict in (NA, NOT_RUN) or r.expected for r in rows)))
    element.set("time", f"{sum(r.seconds for r in rows):.2f}")

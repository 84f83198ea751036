# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""YAML with line numbers, checked against a JSON schema: errors say file, line, what and the remedy."""
from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import yaml

Place = tuple[Any, ...]


class InputError(Exception):
    """Input that cannot be used: "FILE:LINE: what; remedy", one a line."""


@dataclass
class Document:
    """A YAML file as plain values, with the line of each place."""

    path: Path
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def error(self, place: Place, what: str, remedy: str) -> str:
        return f"{self.path}:{self.line(place)}: {what}; {remedy}"


class _Builder(yaml.constructor.SafeConstructor):
    """Builds values from nodes and notes lines; a repeated key is an error."""

    def __init__(self, doc: Document) -> None:
        super().__init__()
        self.doc = doc

    def build(self, node: yaml.Node, place: Place) -> Any:
        self.doc.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            out: dict[Any, Any] = {}
            for k, v in node.value:
                key = k.value
                here = (*place, key)
                self.doc.lines[here] = k.start_mark.line + 1
                if key in out:
                    raise InputError(self.doc.error(here, f"'{key}' is given twice", "keep one of them"))
                out[key] = self.build(v, here)
            return out
        if isinstance(node, yaml.SequenceNode):
            return [self.build(v, (*place, i)) for i, v in enumerate(node.value)]
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value  # a day stays text; who reads it checks it
        return self.construct_object(node)


def load(path: Path) -> Document:
    """Reads a YAML file. Raises InputError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        why = e.strerror if isinstance(e, OSError) else "not UTF-8"
        raise InputError(f"{path}:1: cannot be read ({why}); check the path") from e
    doc = Document(path, None)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise InputError(f"{path}:{line}: not YAML ({getattr(e, 'problem', None) or e}); "
                         "check the indentation and the quotes") from e
    if node is not None:
        doc.data = _Builder(doc).build(node, ())
    return doc


def _words(values: list[Any]) -> str:
    return ", ".join(str(v) for v in values)


def _explain(e: jsonschema.ValidationError) -> tuple[Place, str, str]:
    """Place, what and remedy of one schema error."""
    place: Place = tuple(e.absolute_path)
    name = f"'{place[-1]}'" if place else "the file"
    hint = e.schema.get("description", "") if isinstance(e.schema, dict) else ""
    if e.validator in ("additionalProperties", "propertyNames") and isinstance(e.instance, dict):
        known = list(e.schema.get("properties", {}))
        key = next((k for k in e.instance if k not in known), None)
        near = difflib.get_close_matches(str(key), known, 1)
        return (*place, key), f"unknown key '{key}'", \
            f"did you mean '{near[0]}'?" if near else f"known are {_words(known)}"
    if e.validator == "propertyNames" or (e.parent is not None and e.parent.validator == "propertyNames"):
        return place, f"'{e.instance}' cannot be a key here", hint or "see docs/CAMPAIGN.md"
    if e.validator == "required":
        missing = [k for k in e.validator_value if k not in e.instance]
        return place, f"{name} lacks {_words(missing)}", "add it"
    if e.validator in ("enum", "const"):
        allowed = e.validator_value if e.validator == "enum" else [e.validator_value]
        return place, f"{name} is '{e.instance}'", f"it must be one of {_words(allowed)}"
    if e.validator == "type":
        want = e.validator_value
        want = want if isinstance(want, str) else " or ".join(want)
        return place, f"{name} is of the wrong kind", hint or f"it must be: {want}"
    return place, f"{name} is '{e.instance}'", hint or f"it must satisfy {e.validator} {e.validator_value}"


def check(doc: Document, schema_path: Path) -> None:
    """Holds the document against the schema. Raises InputError with every error, in the order of lines."""
    schema = json.loads(schema_path.read_text(encoding="utf-8"))
    errors = []
    for e in jsonschema.Draft202012Validator(schema).iter_errors(doc.data):
        while e.context:  # anyOf: the branch that came furthest explains best
            e = max(e.context, key=lambda c: len(c.absolute_path))
        place, what, remedy = _explain(e)
        errors.append((doc.line(place), doc.error(place, what, remedy)))
    if errors:
        raise InputError("\n".join(text for _, text in sorted(errors)))

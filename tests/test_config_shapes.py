"""Config: whatever is written where, it is read or refused in words; the schema for editors agrees."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from monitor import config, registry
from monitor.config import schema
from monitor.config._forms import SECTIONS, TOP, Form
from monitor.config._options import form_of
from monitor.config._source import Source, read
from monitor.errors import ConfigError

ODD = (
    "null", "true", "0", "-1", "1e400", "[]", "[null]", "[[x]]", "{}", "{a: {b: [c]}}", "{1: 2}", "''", "' '", '"\\0\\u202e"',
    "x" * 300, "env:NOPE", "~nobody-here/x", "file:~nobody-here/x", '"file:a\\0b"', '"a\\0b"', "file:/", "credential:../x", "123456789012345678901234567890", "0d", "১৫m", "٠٧:٣٠", "!!binary aGk=",
)  # fmt: skip
"""Values that are wrong nearly everywhere."""


def settings_of(form: type[Form]) -> list[str]:
    return list(form.model_fields)


def places() -> list[str]:
    """Return a config text for each place a value can stand, with VALUE in it."""
    found = [f"{name}: VALUE\n" for name in TOP]
    for section, (form, how) in SECTIONS.items():
        for name in settings_of(form):
            needed = [n for n, f in form.model_fields.items() if f.is_required() and n != name]
            rest = "".join(f"{n}: {_RIGHT[n]}, " for n in needed)
            inside = f"{{{rest}{name}: VALUE}}"
            before, after = {"list": ("[", "]"), "named": ("{x: ", "}"), "settings": ("", "")}[how]
            found.append(f"{section}: {before}{inside}{after}\n")
    for kind in registry.names("channels"):
        options = settings_of(form_of(registry.find("channels", kind).Options))
        found += [f"channels: {{x: {{type: {kind}, {name}: VALUE}}}}\n" for name in options]
    return [*found, "groups: {x: VALUE}\n", "channels: {x: VALUE}\n", "channels: {x: {type: VALUE}}\n"]


_RIGHT = {
    "url": "'https://a.test/'",
    "query": "word",
    "topics": "[x]",
    "channels": "[x]",
    "claims": "{en: [a]}",
}


@pytest.mark.parametrize("place", places(), ids=lambda text: re.sub(r"\W+", " ", text).strip())
def test_any_value_anywhere_is_read_or_refused_in_words(place: str, tmp_path: Path) -> None:
    path = tmp_path / "monitor.yaml"
    for value in ODD:
        path.write_text(place.replace("VALUE", value), encoding="utf-8")
        with suppress(ConfigError):
            config.load(path, {})


# the schema ───────────────────────────────────────────────────────────────────────────────────


def faults(value: Any, rule: dict[str, Any], where: str = "") -> list[str]:
    """Check a value against the part of JSON Schema that ours uses; return what is wrong."""
    unknown = set(rule) - _KNOWN
    assert not unknown, f"this check does not know {unknown}"
    found: list[str] = []
    if "type" in rule:
        kinds = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
        if not any(_is(value, kind) for kind in kinds):
            return [f"{where}: not {kinds}"]
    if "anyOf" in rule and not any(not faults(value, one) for one in rule["anyOf"]):
        found.append(f"{where}: none of {len(rule['anyOf'])}")
    for one in rule.get("allOf", ()):
        found += faults(value, one, where)
    if "if" in rule and not faults(value, rule["if"]):
        found += faults(value, rule["then"], where)
    if "const" in rule and value != rule["const"]:
        found.append(f"{where}: not {rule['const']}")
    if "enum" in rule and value not in rule["enum"]:
        found.append(f"{where}: not in {rule['enum']}")
    if isinstance(value, str) and not re.search(rule.get("pattern", ""), value):
        found.append(f"{where}: does not look like {rule['pattern']}")
    if isinstance(value, (str, list)) and len(value) < rule.get("minLength", rule.get("minItems", 0)):
        found.append(f"{where}: too short")
    if isinstance(value, int) and not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        found.append(f"{where}: out of bounds")
    if isinstance(value, list) and "items" in rule:
        for number, part in enumerate(value):
            found += faults(part, rule["items"], f"{where}[{number}]")
    if isinstance(value, dict):
        found += _inside(value, rule, where)
    return found


def _inside(value: dict[str, Any], rule: dict[str, Any], where: str) -> list[str]:
    found = [f"{where}: {name} is missing" for name in rule.get("required", ()) if name not in value]
    patterns = rule.get("patternProperties", {})
    for key, part in value.items():
        fitting = [rule["properties"][key]] if key in rule.get("properties", {}) else []
        fitting += [one for pattern, one in patterns.items() if re.search(pattern, key)]
        other = rule.get("additionalProperties", True)
        if not fitting and other is False:
            found.append(f"{where}.{key}: unknown")
        elif not fitting and isinstance(other, dict):
            fitting = [other]
        for one in fitting:
            found += faults(part, one, f"{where}.{key}")
    return found


_KNOWN = {
    "type", "anyOf", "allOf", "if", "then", "const", "enum", "pattern", "minLength", "minItems", "minimum", "maximum",
    "items", "required", "properties", "patternProperties", "additionalProperties", "propertyNames",
    "description", "default", "title", "$schema", "uniqueItems",
}  # fmt: skip


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


def tree(path: Path) -> Any:
    root, mistakes = read(Source.of(path.name, path.read_text(encoding="utf-8")))
    assert root is not None
    assert not mistakes
    return root.plain()


SHIPPED = sorted(config.shipped_folder().rglob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_editor_finds_no_fault_in_a_shipped_file(path: Path) -> None:
    assert faults(tree(path), schema.schema()) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("langage: bn\n", "unknown"),
        ("feeds: [{source: x}]\n", "url is missing"),
        ("poll: {every: 15}\n", "not ['string']"),
        ("poll: {every: 15 minutes}\n", "does not look like"),
        ("channels: {x: {type: file, foldr: x}}\n", "unknown"),
        ("channels: {x: {type: fil}}\n", "none of"),
        ("routes: {day: {topics: [a], channels: [b], send: soon}}\n", "not in"),
    ],
)
def test_an_editor_marks_what_load_refuses(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "monitor.yaml"
    path.write_text(text, encoding="utf-8")
    assert any(fault in one for one in faults(tree(path), schema.schema()))
    with pytest.raises(ConfigError):
        config.load(path, {})


def test_the_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(schema.schema())) == schema.schema()

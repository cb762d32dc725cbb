"""The table of settings for the README: `python -m streams.settings_table` prints it."""

import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from streams.settings import Settings, variable


def table() -> str:
    """Return all settings as the Markdown table of the README."""
    properties = msgspec.json.schema(Settings)["$defs"]["Settings"]["properties"]
    rows = [
        f"| `{name}` | `{variable(name)}` | {_type_name(shape)} | {_default_name(shape['default'])} "
        f"| {shape['description']} |"
        for name, shape in properties.items()
    ]
    return "\n".join(["| setting | variable | type | default | meaning |", "|---|---|---|---|---|", *rows])


def _type_name(shape: Mapping[str, Any]) -> str:
    """Return the type in a reader's words, from the JSON Schema of a field."""
    if "enum" in shape:
        return "one of " + ", ".join(f"`{value}`" for value in shape["enum"])
    kinds = {
        "integer": "whole number",
        "string": "text",
        "array": "list of text",
        "boolean": "`true`, `false`",
    }
    return kinds[str(shape.get("type", "string"))]


def _default_name(value: object) -> str:
    return (
        f"`{str(value).lower() if isinstance(value, bool) else value}`"
        if value not in (None, [], "")
        else "none"
    )


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")

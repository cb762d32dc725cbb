"""The laws of the house that no ready-made checker knows: functions from a text to its faults."""

import ast
import re

MOST_LINES = 300

_NOW = {"now", "utcnow", "today"}
_EXCUSES = {"skip", "skipif", "xfail", "importorskip"}
_MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|farm)/[\w./-]*")


def undocumented_tests(source: str) -> list[str]:
    """Return the tests that do not say which law they hold."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and ast.get_docstring(node) is None
    ]


def excuses(source: str) -> list[str]:
    """Return the places where a test may leave itself out: what is missing must fail the run."""
    return [found for found in _attributes(source) if found.endswith(tuple(f".{name}" for name in _EXCUSES))]


def clock_reads(source: str) -> list[str]:
    """Return the places that ask a date type what time it is."""
    wanted = {f"{base}.{name}" for base in ("datetime", "date") for name in _NOW}
    return [found for found in _attributes(source) if found in wanted]


def machine_paths(text: str) -> list[str]:
    """Return the paths that exist on one machine only."""
    return [found[0] for found in _MACHINE_PATH.finditer(text)]


def _attributes(source: str) -> list[str]:
    """Return every attribute as the last name before its dot and the name after it."""
    return [
        f"{getattr(node.value, 'attr', getattr(node.value, 'id', ''))}.{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
    ]

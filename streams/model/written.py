"""A rule as written: where the nodes of `ast` stand in its text, and what is wrong with them."""

import ast

from streams.model.expression import Term
from streams.model.tokens import Fault, Prepared

# Stands where nothing could be read; it never leaves the reader, because its fault is an error.
UNREADABLE = Term(kind="unreadable")


class Written:
    """The text of one rule while it is being read; collects faults instead of stopping."""

    def __init__(self, *, text: str, prepared: Prepared, indent: int) -> None:
        """Read `text`, which `prepared` masks; `indent` blanks were cut from its start."""
        self.text = text
        self.prepared = prepared
        self.indent = indent
        self.faults: list[Fault] = []

    def start(self, node: ast.expr) -> int:
        """Return where a node starts in the text, from 0."""
        return node.col_offset + self.indent

    def end(self, node: ast.expr) -> int:
        """Return where a node ends in the text, from 0, exclusive."""
        return (node.end_col_offset or 0) + self.indent

    def words(self, node: ast.expr) -> str:
        """Return a node as the author wrote it."""
        return self.text[self.start(node) : self.end(node)]

    def fault(self, node: ast.expr, reason: str, suggestion: str = "") -> Term:
        """Note a fault at a node and return what stands in for it."""
        self.faults.append(Fault(self.start(node), reason, suggestion))
        return UNREADABLE

    def midnight(self, node: ast.expr) -> tuple[int, float] | None:
        """Return where the name before an @ ends and the duration after it; None without an @."""
        return self.prepared.midnights.get(self.end(node))

    def text_at(self, node: ast.expr) -> str | None:
        """Return the quoted text that a node is, None when it is something else."""
        return self.prepared.texts.get(self.start(node)) if isinstance(node, ast.Name) else None

    def duration_at(self, node: ast.expr) -> float | None:
        """Return the duration that a node is, in milliseconds; None when it is something else."""
        return self.prepared.durations_ms.get(self.start(node)) if isinstance(node, ast.Name) else None

    def path(self, node: ast.expr) -> str | None:
        """Return a name such as purchase or feedback.closed; None when the node is something else."""
        if self.midnight(node) is not None:
            return None
        if isinstance(node, ast.Name):
            replaced = self.text_at(node) is not None or self.duration_at(node) is not None
            return None if replaced else node.id
        if isinstance(node, ast.Attribute):
            before = self.path(node.value)
            return None if before is None else f"{before}.{node.attr}"
        return None

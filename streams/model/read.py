"""Read YAML text into a tree with places, and refuse what YAML allows but a model must not hold.

The text is read event by event, so neither deep nesting nor aliases of aliases can exhaust anything.
"""

import yaml

from streams.model.problems import Problem
from streams.model.tree import Mapping, Scalar, Sequence, Source, Tree, is_null, make_source, problem_at

DEPTH_LIMIT = 40
SIZE_LIMIT = 100_000
TEXT_LIMIT = 4_000_000


class Opened:
    """A list or mapping that is still being read."""

    def __init__(self, event: yaml.Event, *, is_mapping: bool) -> None:
        """Start with nothing in it."""
        self.start: int = index_of_mark(event.start_mark)
        self.flow: bool = bool(getattr(event, "flow_style", False))
        self.anchor: str | None = getattr(event, "anchor", None)
        self.is_mapping = is_mapping
        self.items: list[Tree] = []
        self.size = 1


class TreeBuilder:
    """Builds one tree from YAML events; what it had to refuse is in `problems`."""

    def __init__(self, source: Source) -> None:
        """Build for `source`; nothing is read yet."""
        self.source = source
        self.problems: list[Problem] = []
        self.open: list[Opened] = []
        self.anchors: dict[str, tuple[Tree, int]] = {}
        self.root: Tree | None = None

    def feed(self, event: yaml.Event) -> bool:
        """Take one event; false when reading further makes no sense."""
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self.open.append(Opened(event, is_mapping=isinstance(event, yaml.MappingStartEvent)))
            self.refuse_tag(event)
            if len(self.open) > DEPTH_LIMIT:
                return self.stop(event, f"more than {DEPTH_LIMIT} levels of nesting")
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            closed = self.open.pop()
            return self.add(self.finish(closed), size=closed.size, anchor=closed.anchor, event=event)
        elif isinstance(event, yaml.ScalarEvent):
            self.refuse_tag(event)
            scalar = Scalar(
                source=self.source,
                start=index_of_mark(event.start_mark),
                end=index_of_mark(event.end_mark),
                value=event.value,
                plain=event.style in (None, ""),
            )
            return self.add(scalar, size=1, anchor=event.anchor, event=event)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                return self.stop(event, f"*{event.anchor} is used before &{event.anchor} is defined")
            tree, size = self.anchors[event.anchor]
            return self.add(tree, size=size, anchor=None, event=event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            return self.stop(event, "a second document: one file is one model", "remove the line with ---")
        return True

    def add(self, tree: Tree, *, size: int, anchor: str | None, event: yaml.Event) -> bool:
        """Put a finished piece where it belongs; false when the whole became too large."""
        if anchor is not None:
            self.anchors[anchor] = (tree, size)
        if not self.open:
            self.root = tree
            return True
        self.open[-1].items.append(tree)
        self.open[-1].size += size
        if self.open[-1].size > SIZE_LIMIT:
            return self.stop(
                event,
                f"more than {SIZE_LIMIT} pieces, aliases counted out",
                "write the model without aliases",
            )
        return True

    def finish(self, closed: Opened) -> Tree:
        """Return the list or mapping that has just been closed; keys that stand twice are refused."""
        if not closed.is_mapping:
            return Sequence(source=self.source, start=closed.start, items=tuple(closed.items))
        pairs: dict[str, tuple[Scalar, Tree]] = {}
        both = list(zip(closed.items[::2], closed.items[1::2], strict=True))
        for key, value in self.mended(both) if closed.flow else both:
            if not isinstance(key, Scalar):
                self.problems.append(problem_at(key, "a key must be a text"))
            elif key.value in pairs:
                line, _ = self.source.place(pairs[key.value][0].start)
                self.problems.append(
                    problem_at(
                        key,
                        f"the key {key.value} stands twice (first in line {line})",
                        "remove one of the two",
                    )
                )
            else:
                pairs[key.value] = (key, value)
        return Mapping(source=self.source, start=closed.start, pairs=tuple(pairs.values()), flow=closed.flow)

    def mended(self, pairs: list[tuple[Tree, Tree]]) -> list[tuple[Tree, Tree]]:
        """Note texts that a comma inside braces tore apart, and put them together again.

        {when: count(pricing, 30d) >= 1} is, to YAML, the key `when` and a key `30d) >= 1` without a value.
        """
        whole: list[tuple[Tree, Tree]] = []
        for key, value in pairs:
            before = whole[-1][1] if whole else None
            if is_torn(before) and isinstance(before, Scalar) and is_null(value) and isinstance(key, Scalar):
                reason = "a comma inside {…} tears an unquoted text apart"
                problem = problem_at(before, reason, "put this text in quotes")
                if problem not in self.problems:
                    self.problems.append(problem)
                text = self.source.text[before.start : key.end]
                mended = Scalar(source=self.source, start=before.start, end=key.end, value=text, plain=True)
                whole[-1] = (whole[-1][0], mended)
            else:
                whole.append((key, value))
        return whole

    def refuse_tag(self, event: yaml.NodeEvent) -> None:
        """A model holds plain values only."""
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.stop(event, f"tags such as {tag} are not part of the model language", "remove the tag")

    def stop(self, event: yaml.Event, reason: str, suggestion: str = "") -> bool:
        """Note a problem at an event; false, so that the caller can stop."""
        place = Scalar(
            source=self.source,
            start=index_of_mark(event.start_mark),
            end=index_of_mark(event.end_mark),
            value="",
            plain=True,
        )
        self.problems.append(problem_at(place, reason, suggestion))
        return False


def is_torn(tree: Tree | None) -> bool:
    """Whether an unquoted text lacks a closing parenthesis."""
    return isinstance(tree, Scalar) and tree.plain and tree.value.count("(") > tree.value.count(")")


def read_tree(source: Source) -> tuple[Tree | None, list[Problem]]:
    """Return the tree of a YAML text (None when there is none) and what was wrong with it."""
    if len(source.text) > TEXT_LIMIT:
        return None, [Problem(file=source.name, reason=f"the file is longer than {TEXT_LIMIT} characters")]
    builder = TreeBuilder(source)
    try:
        for event in yaml.parse(source.text, Loader=yaml.SafeLoader):
            if not builder.feed(event):
                return None, builder.problems
    except yaml.reader.ReaderError as fault:
        line, column = source.place(fault.position)
        reason = f"the character U+{fault.character:04X} is not allowed here"
        return None, [*builder.problems, Problem(file=source.name, line=line, column=column, reason=reason)]
    except yaml.MarkedYAMLError as fault:
        return None, [*builder.problems, syntax_problem(source, fault)]
    if builder.root is None or (isinstance(builder.root, Scalar) and not builder.root.value):
        return None, [Problem(file=source.name, line=1, column=1, reason="the file is empty")]
    return builder.root, builder.problems


def syntax_problem(source: Source, fault: yaml.MarkedYAMLError) -> Problem:
    """Return YAML's own complaint with its place, and the usual cause where one is known."""
    mark = fault.problem_mark or fault.context_mark
    line, column = source.place(index_of_mark(mark))
    reason = " ".join(part for part in (fault.context, fault.problem) if part)
    suggestion = "check the indentation and the brackets just before this place"
    if "mapping values are not allowed" in reason:
        suggestion = "put a text that holds a colon in quotes"
    elif "cannot start any token" in reason:
        suggestion = "put this text in quotes; tabs do not indent"
    return Problem(
        file=source.name, line=line, column=column, reason=f"not YAML: {reason}", suggestion=suggestion
    )


def index_of_mark(mark: object) -> int:
    """Return the index of a mark of YAML's in the text."""
    return mark.index if isinstance(mark, yaml.Mark) else 0


def read_text(*, name: str, text: str) -> tuple[Tree | None, list[Problem]]:
    """Read the text of the file `name`; see `read_tree`."""
    return read_tree(make_source(name=name, text=text))

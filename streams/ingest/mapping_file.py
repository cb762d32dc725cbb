"""A mapping's YAML text, read and checked as a whole; nothing is read with a mapping that has a finding."""

from typing import Final, get_args

from streams.ingest.mapping import Field, Format, Mapping, MappingError
from streams.ingest.mapping_field import FieldReader
from streams.model.problems import suggest
from streams.model.read import read_tree
from streams.model.tree import Mapping as Branch
from streams.model.tree import Scalar, Tree, child, key_at, make_source

FORMATS: Final = get_args(Format)


def read_mapping(text: str, *, name: str = "mapping") -> Mapping:
    """Read and check a mapping; `name` is the file's name in what is found.

    Raises:
        MappingError: Something is wrong with it; all findings at once.
    """
    tree, problems = read_tree(make_source(name=name, text=text))
    if tree is None or problems:
        raise MappingError(problems)
    mapping = _mapping(FieldReader(problems), tree)
    if mapping is None or problems:
        raise MappingError(problems)
    return mapping


def _mapping(reader: FieldReader, tree: Tree) -> Mapping | None:
    """Read the whole file; None when it has no fields."""
    if not isinstance(tree, Branch):
        reader.problem(
            tree, "a mapping has the keys format, header and fields", "write format: csv, then fields:"
        )
        return None
    reader.known_keys(tree, ("format", "header", "fields"))
    reader.format = _read_format(reader, tree)
    header = reader.flag(child(tree, "header"))
    if header and reader.format == "jsonl":
        reader.problem(key_at(tree, ("header",)), "JSON lines have no header", "remove header")
    fields = _fields(reader, tree, child(tree, "fields"))
    return Mapping(format=_format(reader.format), fields=tuple(fields), header=header)


def _read_format(reader: FieldReader, tree: Branch) -> str:
    found = child(tree, "format")
    if found is None:
        reader.problem(tree, "the key format is missing", f"write format: {', '.join(FORMATS)} (one of them)")
    elif not isinstance(found, Scalar) or found.value not in FORMATS:
        shown = found.value if isinstance(found, Scalar) else "this"
        reader.problem(found, f"{shown} is not a format", suggest(shown, FORMATS, kind="formats"))
    else:
        return found.value
    return ""


def _fields(reader: FieldReader, whole: Branch, tree: Tree | None) -> list[Field]:
    """Read all fields, and see that the required ones are there."""
    if not isinstance(tree, Branch) or not tree.pairs:
        reader.problem(tree or whole, "the fields are missing", "write fields: and one line per field below")
        return []
    fields = [field for key, value in tree.pairs if (field := reader.field(key, value)) is not None]
    named = {key.value for key, _ in tree.pairs}
    missing = [name for name in ("message_id", "event", "timestamp") if name not in named]
    about = child(child(tree, "subject"), "value")
    subject = about.value if isinstance(about, Scalar) else "customer"
    identity = {"customer": "customer_id", "account": "account_id"}.get(subject)
    if identity is not None and identity not in named:
        missing.append(identity)
    hint = {"message_id": "{row: true}", "event": "{value: Order Completed}"}
    for name in missing:
        example = f"{name}: {hint.get(name, '{path: …}' if reader.format == 'jsonl' else '{column: …}')}"
        reader.problem(key_at(whole, ("fields",)), f"the field {name} is missing", f"write {example}")
    return fields


def _format(name: str) -> Format:
    """Narrow a checked name; an unchecked one is already a problem."""
    return "table" if name == "table" else "csv" if name == "csv" else "jsonl"

"""The generated JSON Schemas are those of the types, and a difference is seen."""

import importlib
import json
import pkgutil
import shutil
from pathlib import Path

import msgspec
import pytest

import schemas
from schemas.json_schema import DIRECTORY, PUBLIC, PublicType, document, file_name, stale, write
from schemas.touchpoint import Touchpoint

# Written by Rapport into its own log and refused from everybody else.
PRIVATE = {"InternalRecord"}


def test_the_committed_schemas_are_those_of_the_types() -> None:
    """When this fails, run `python -m schemas.json_schema` and read what changed before committing it."""
    assert stale() == []


def test_a_changed_type_is_seen() -> None:
    """Planted: a touchpoint with one field more no longer matches its committed schema."""
    changed = msgspec.defstruct(
        "Touchpoint",
        [("mood", str, "")],
        bases=(Touchpoint,),
        namespace={"__doc__": Touchpoint.__doc__},
        kw_only=True,
    )

    differing = stale(types=(changed, *PUBLIC[1:]))

    assert differing == ["touchpoint.json"]


def test_a_missing_an_edited_and_a_surplus_file_are_seen(tmp_path: Path) -> None:
    """Planted, one of each: what is in the directory is exactly what the types say."""
    directory = shutil.copytree(DIRECTORY, tmp_path / "json")
    (directory / "why.json").unlink()
    (directory / "touchpoint.json").write_text("{}")
    (directory / "surplus.json").write_text("{}")

    differing = stale(directory)

    assert differing == ["surplus.json", "touchpoint.json", "why.json"]


def test_writing_makes_the_directory_current_again(tmp_path: Path) -> None:
    """Old files go, and each type gets its own."""
    directory = tmp_path / "json"
    directory.mkdir()
    (directory / "surplus.json").write_text("{}")

    write(directory)

    assert stale(directory) == []


@pytest.mark.parametrize("public", PUBLIC, ids=lambda public: public.__name__)
def test_a_schema_is_complete_in_itself(public: PublicType) -> None:
    """A subscriber needs one file: every reference points into the same document."""
    schema = json.loads(document(public))
    text = document(public).decode()

    referred = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}

    assert referred == set(schema["$defs"])
    assert schema["$ref"] == f"#/$defs/{public.__name__}"


def test_every_type_of_the_contract_is_published() -> None:
    """A struct in `schemas` crosses a port by itself or inside one that does; none is forgotten."""
    modules = [
        importlib.import_module(f"schemas.{found.name}") for found in pkgutil.iter_modules(schemas.__path__)
    ]
    structs = {
        name
        for module in modules
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, msgspec.Struct) and thing is not msgspec.Struct
    }

    published = {name for public in PUBLIC for name in json.loads(document(public))["$defs"]}

    assert structs - published == PRIVATE


def test_file_names_are_the_types_words() -> None:
    """`ScoreUpdated` is found under `score_updated.json`."""
    assert [file_name(public) for public in PUBLIC[:2]] == ["touchpoint.json", "score_updated.json"]

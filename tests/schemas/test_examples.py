"""The example payloads: what a subscriber copies from must be what Rapport sends and accepts."""

import json

import jsonschema
import msgspec
import pytest

from schemas.json_schema import DIRECTORY, EXAMPLES, PUBLIC, PublicType, file_name

every_type = pytest.mark.parametrize("public", PUBLIC, ids=lambda public: public.__name__)


@every_type
def test_an_example_decodes_strictly_and_encodes_to_the_same_text(public: PublicType) -> None:
    """Nothing of an example is lost, ignored or written differently by its type."""
    text = (EXAMPLES / file_name(public)).read_bytes()

    decoded = msgspec.json.decode(text, type=public)

    assert msgspec.json.format(msgspec.json.encode(decoded), indent=2) + b"\n" == text


@every_type
def test_an_example_is_valid_under_the_committed_schema(public: PublicType) -> None:
    """A validator that knows only JSON Schema accepts what the type accepts."""
    schema = json.loads((DIRECTORY / file_name(public)).read_bytes())
    example = json.loads((EXAMPLES / file_name(public)).read_bytes())

    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    assert list(validator.iter_errors(example)) == []


@every_type
def test_an_example_without_a_required_field_is_refused_by_both(public: PublicType) -> None:
    """The schema asks for the fields that the type asks for: planted, a payload with one of them missing."""
    schema = json.loads((DIRECTORY / file_name(public)).read_bytes())
    example = json.loads((EXAMPLES / file_name(public)).read_bytes())
    del example[schema["$defs"][public.__name__]["required"][-1]]

    refused_by_schema = not jsonschema.Draft202012Validator(schema).is_valid(example)

    assert refused_by_schema
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(example), type=public)


def test_every_public_type_has_one_example_and_no_example_is_left_over() -> None:
    """The directory holds one payload of each type, and nothing else."""
    wanted = {file_name(public) for public in PUBLIC}

    found = {path.name for path in EXAMPLES.iterdir()}

    assert found == wanted

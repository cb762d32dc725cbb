"""The JSON Schemas of the public types; `python -m schemas.json_schema` rewrites `json/` from the types."""

import inspect
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from schemas.dead_letter import DeadLetter, LateTouchpoint
from schemas.http import Health, Problem, Receipt, Session, TransitionPage
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from schemas.pages import Acknowledge, AlertBook, CustomerPage, ScoreHistory, TouchpointPage
from schemas.population import Flows, KpiHistory, ModelInfo, Status
from schemas.touchpoint import Touchpoint
from schemas.views import CustomerView, PartitionKpis, Why

DRAFT = "https://json-schema.org/draft/2020-12/schema"
DIRECTORY = Path(__file__).parent / "json"
EXAMPLES = Path(__file__).parent / "examples"

PublicType = type[msgspec.Struct]

# Whatever crosses a topic or a port by itself; the types that these are made of come along.
PUBLIC: tuple[PublicType, ...] = (
    Touchpoint,
    ScoreUpdated,
    StageChanged,
    AlertRaised,
    AlertResolved,
    DeadLetter,
    LateTouchpoint,
    CustomerView,
    Why,
    PartitionKpis,
    Receipt,
    TransitionPage,
    AlertBook,
    Acknowledge,
    CustomerPage,
    TouchpointPage,
    ScoreHistory,
    KpiHistory,
    Flows,
    ModelInfo,
    Status,
    Health,
    Session,
    Problem,
)


def file_name(public: PublicType) -> str:
    """Return the name of a type's schema and example: `score_updated.json` for `ScoreUpdated`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", public.__name__).lower() + ".json"


def document(public: PublicType) -> bytes:
    """Return the schema of a type as formatted JSON, with all that it refers to under `$defs`."""
    (reference,), definitions = msgspec.json.schema_components([public], ref_template="#/$defs/{name}")
    for definition in definitions.values():
        definition["description"] = inspect.cleandoc(definition["description"])
    schema = {"$schema": DRAFT, **reference, "$defs": definitions}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def stale(directory: Path = DIRECTORY, types: Iterable[PublicType] = PUBLIC) -> list[str]:
    """Return the names of files that are missing, differ from their type, or belong to none."""
    wanted = {file_name(public): document(public) for public in types}
    found = {path.name: path.read_bytes() for path in directory.iterdir()}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(directory: Path = DIRECTORY, types: Iterable[PublicType] = PUBLIC) -> None:
    """Make the directory hold exactly the schemas of these types."""
    directory.mkdir(exist_ok=True)
    for path in directory.glob("*.json"):
        path.unlink()
    for public in types:
        (directory / file_name(public)).write_bytes(document(public))


if __name__ == "__main__":
    write()

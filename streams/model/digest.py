"""The fingerprint of a model: equal for two models that behave and speak alike."""

import msgspec
import xxhash

from streams.model.definition import Model

PLACES = frozenset({"line", "column"})


def digest_of(model: Model) -> str:
    """Return the xxh3_128 of the model's canonical JSON, without its digest and without places in files."""
    plain = without_places(msgspec.to_builtins(msgspec.structs.replace(model, digest="")))
    return xxhash.xxh3_128_hexdigest(msgspec.json.encode(plain, order="deterministic"))


def without_places(value: object) -> object:
    """Return a plain value without the fields that say where it stood."""
    if isinstance(value, dict):
        return {key: without_places(inner) for key, inner in value.items() if key not in PLACES}
    if isinstance(value, (list, tuple)):
        return [without_places(inner) for inner in value]
    return value

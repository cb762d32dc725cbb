"""Who an output is: the same cause gives the same id, in every log and after every crash. Pure."""

import xxhash


def output_id(subject_id: str, what: str, sequence: int, incarnation: int) -> str:
    """Return the id of an output."""
    return xxhash.xxh3_128_hexdigest(f"{subject_id}\x1f{what}\x1f{sequence}\x1f{incarnation}".encode())

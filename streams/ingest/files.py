"""Files as touchpoints: each row becomes one, or a dead letter that says which line of which file it was."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from schemas.dead_letter import KEPT_BYTES, DeadLetter
from streams.ingest.canonical import are_harmless, find_damage
from streams.ingest.item import Refused
from streams.ingest.lines import Block, digest_of, read_blocks
from streams.ingest.mapping import Mapping
from streams.ingest.records import RecordJoiner
from streams.ingest.segment import BATCH_LIMIT_BYTES, translate, translate_batch
from streams.ingest.shape import Shape, are_clearly_canonical, shape_of
from streams.ingest.table import UnmappableRow, compile_mapping


class Rows(msgspec.Struct):
    """Rows of one block of a file: touchpoints, with the bytes that each came from, and dead letters.

    values: JSON of touchpoints, not yet checked. originals, lines: what stood in the file, and in which
    line (from 1), one for each value. read_bytes: how much of the stored file has been read so far.
    """

    path: str
    read_bytes: int
    values: list[bytes]
    originals: list[bytes]
    lines: list[int]
    refused: list[DeadLetter]


def read_touchpoints(path: Path, mapping: Mapping | None = None) -> Iterator[Rows]:
    """Read a file of JSON lines (Rapport's own shape or Segment's, line by line), or of mapped rows.

    Raises:
        UnreadableFileError: The file cannot be read, or not to its end.
    """
    if mapping is None:
        return (_read_json(path, block) for block in read_blocks(path))
    return _read_mapped(path, mapping)


def dead_letter(refused: Refused, *, path: str, line: int) -> DeadLetter:
    """Return the dead letter of a row: `source_topic` is the file and `source_offset` the line."""
    return DeadLetter(
        reason=refused.reason,
        message=refused.message,
        value=refused.value[:KEPT_BYTES],
        source_topic=path,
        source_offset=line,
    )


def _read_json(path: Path, block: Block) -> Rows:
    if are_plain(block.lines):  # nearly every block of Rapport's own touchpoints
        lines = block.lines
        return Rows(
            str(path), block.read_bytes, values=lines, originals=lines, lines=block.numbers, refused=[]
        )
    rows = _rows(path, block)
    for number, line in zip(block.numbers, block.lines, strict=True):
        match shape_of(line):
            case Shape.CANONICAL:
                _keep(rows, number, line, line)
            case Shape.SEGMENT:
                damage = find_damage(line)
                translated = damage or translate(line, received_ms=None)
                _keep(rows, number, line, translated if isinstance(translated, Refused) else translated.value)
            case Shape.SEGMENT_BATCH:
                damage = find_damage(line, event_limit_bytes=BATCH_LIMIT_BYTES)
                for call in [damage] if damage else translate_batch(line, received_ms=None):
                    _keep(rows, number, line, call if isinstance(call, Refused) else call.value)
    return rows


def are_plain(lines: list[bytes]) -> bool:
    """Whether lines can all go to the processor as they are, told by cheap tests; false says nothing yet."""
    return are_clearly_canonical(lines) and are_harmless(lines)


def _read_mapped(path: Path, mapping: Mapping) -> Iterator[Rows]:
    to_touchpoint = compile_mapping(mapping, digest=digest_of(path) if mapping.needs_digest else "")
    joiner = RecordJoiner() if mapping.format == "csv" else None
    seen = -1 if mapping.header else 0
    blocks = read_blocks(path)
    block = next(blocks, None)
    while block is not None:
        following = next(blocks, None)
        if joiner is not None:
            numbers, lines = joiner.join(block.numbers, block.lines, last=following is None)
            block = Block(numbers, lines, block.read_bytes)
        yield _map(_rows(path, block), block, to_touchpoint, seen)
        seen += len(block.lines)
        block = following


def _map(rows: Rows, block: Block, to_touchpoint: Callable[[bytes, int], bytes], seen: int) -> Rows:
    """Map a block whose first row has the number `seen` + 1; row 0 is the header."""
    row = seen
    for number, line in zip(block.numbers, block.lines, strict=True):
        row += 1
        if row == 0:
            continue
        damage = find_damage(line)
        if damage is not None:
            rows.refused.append(dead_letter(damage, path=rows.path, line=number))
            continue
        try:
            value = to_touchpoint(line, row)
        except UnmappableRow as reason:
            refused = Refused(line, reason.reason, reason.message)
            rows.refused.append(dead_letter(refused, path=rows.path, line=number))
            continue
        rows.values.append(value)
        rows.originals.append(line)
        rows.lines.append(number)
    return rows


def _keep(rows: Rows, number: int, line: bytes, value: bytes | Refused) -> None:
    if not isinstance(value, Refused):
        value = find_damage(value) or value
    if isinstance(value, Refused):
        rows.refused.append(dead_letter(value, path=rows.path, line=number))
        return
    rows.values.append(value)
    rows.originals.append(line)
    rows.lines.append(number)


def _rows(path: Path, block: Block) -> Rows:
    return Rows(path=str(path), read_bytes=block.read_bytes, values=[], originals=[], lines=[], refused=[])

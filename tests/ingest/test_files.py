"""Files as touchpoints: every row is one, or a dead letter with its file and line, and none is lost."""

import gzip
from pathlib import Path

import msgspec
import pytest
from xxhash import xxh3_128_hexdigest

from schemas.dead_letter import DeadLetter, DeadLetterReason
from streams.ingest.canonical import EVENT_LIMIT_BYTES
from streams.ingest.files import Rows, read_touchpoints
from streams.ingest.mapping_file import read_mapping

OWN = b'{"message_id":"m1","customer_id":"c1","event":"E","timestamp":"2026-01-31T12:00:00Z"}'
SEGMENT = b'{"type":"track","messageId":"s1","userId":"u1","event":"E","timestamp":"2026-01-31T12:00:00Z"}'
MAPPING = """\
format: csv
header: true
fields:
  message_id: {row: true}
  customer_id: {column: 1}
  timestamp: {column: 2}
  event: {column: 3}
"""


def read(
    path: Path, content: bytes, mapping: str | None = None
) -> tuple[list[tuple[int, str]], list[DeadLetter]]:
    path.write_bytes(content)
    blocks = list(read_touchpoints(path, None if mapping is None else read_mapping(mapping)))
    return (
        [
            (line, message_id(value))
            for block in blocks
            for line, value in zip(block.lines, block.values, strict=True)
        ],
        [letter for block in blocks for letter in block.refused],
    )


def message_id(value: bytes) -> str:
    found: str = msgspec.json.decode(value)["message_id"]
    return found


def test_every_line_is_read_by_its_own_shape(tmp_path: Path) -> None:
    """Own touchpoints, Segment calls and batches may stand in one file."""
    batch = b'{"batch":[%s,%s]}' % (SEGMENT.replace(b"s1", b"s2"), SEGMENT.replace(b"s1", b"s3"))

    found, refused = read(tmp_path / "f", b"\n".join([OWN, SEGMENT, batch, OWN]))

    assert found == [(1, "m1"), (2, "s1"), (3, "s2"), (3, "s3"), (4, "m1")]
    assert refused == []


def test_own_touchpoints_keep_their_bytes(tmp_path: Path) -> None:
    """Nothing is encoded again, and what is translated still knows where it came from."""
    path = tmp_path / "f"
    path.write_bytes(OWN + b"\n" + SEGMENT)

    (rows, rest) = read_touchpoints(path)

    assert rows.values[0] == rows.originals[0] == OWN
    assert rest.originals == [SEGMENT]


def test_a_line_that_is_no_touchpoint_is_a_dead_letter_with_file_line_and_bytes(tmp_path: Path) -> None:
    """Reasons are those of the edge; a call in a batch has its own letter."""
    nobody = b'{"type":"track","messageId":"s1"}'
    deep = b'{"a":' * 200 + b"1" + b"}" * 200
    batch = b'{"batch":[%s,%s]}' % (SEGMENT, nobody)

    found, refused = read(tmp_path / "f", b"\n".join([OWN, b"", nobody, deep, b'{"x":"\xff"}', batch]))

    assert found == [(1, "m1"), (6, "s1")]
    assert [(letter.source_offset, letter.reason, letter.value) for letter in refused] == [
        (3, DeadLetterReason.NO_SUBJECT, nobody),
        (4, DeadLetterReason.INVALID, deep),
        (5, DeadLetterReason.NOT_JSON, b'{"x":"\xff"}'),
        (6, DeadLetterReason.NO_SUBJECT, nobody),
    ]
    assert {letter.source_topic for letter in refused} == {str(tmp_path / "f")}


def test_a_line_over_the_limit_is_a_dead_letter_that_keeps_its_start(tmp_path: Path) -> None:
    """The limit is that of an event; the letter keeps 64 KiB."""
    room = EVENT_LIMIT_BYTES - len(OWN) - len(b',"source":""')
    fits, over, huge = (
        OWN[:-1] + b',"source":"%s"}' % (b"x" * length) for length in (room, room + 1, 2_500_000)
    )

    found, refused = read(tmp_path / "f", b"\n".join([fits, over, huge, OWN]))

    assert [line for line, _ in found] == [1, 4]
    assert [letter.reason for letter in refused] == [DeadLetterReason.TOO_LARGE] * 2
    assert [len(letter.value) for letter in refused] == [len(over), 64 * 1024]


def test_rows_are_numbered_without_the_header_and_lines_as_they_stand(tmp_path: Path) -> None:
    """The number is part of the message id, behind the digest of the contents; gzip or not."""
    content = b'id,at,what\n\nc1,2026-01-31T12:00:00Z,"A\nB"\nc1,2026-01-31T12:00:00Z,C\n'
    digest = xxh3_128_hexdigest(content)[:16]

    plain, _ = read(tmp_path / "f", content, MAPPING)
    packed, _ = read(tmp_path / "g", gzip.compress(content), MAPPING)

    assert plain == packed == [(3, f"{digest}:1"), (5, f"{digest}:2")]


def test_a_row_that_cannot_be_mapped_is_a_dead_letter_and_still_has_its_number(tmp_path: Path) -> None:
    """The rows after it keep the ids that they would have had."""
    content = b"id,at,what\nc1,soon,A\nc1,2026-01-31T12:00:00Z,B\nc1\n"

    found, refused = read(tmp_path / "f", content, MAPPING)

    assert [(line, id_.partition(":")[2]) for line, id_ in found] == [(3, "2")]
    assert [(letter.source_offset, letter.value) for letter in refused] == [(2, b"c1,soon,A"), (4, b"c1")]
    assert "column 2" in refused[0].message


def test_a_quoted_cell_survives_the_end_of_a_block(tmp_path: Path) -> None:
    """Large CSV files are read in blocks, and rows neither torn nor doubled."""
    row = b'c1,2026-01-31T12:00:00Z,"A\nB %d"\n'
    content = b"id,at,what\n" + b"".join(row % number for number in range(80_000))

    found, refused = read(tmp_path / "f", content, MAPPING)

    assert refused == []
    assert [line for line, _ in found] == list(range(2, 160_002, 2))


@pytest.mark.parametrize("content", [b"", b"\n", b"id,at,what\n"])
def test_a_file_without_rows_gives_nothing(tmp_path: Path, content: bytes) -> None:
    """The header is no row."""
    assert read(tmp_path / "f", content, MAPPING) == ([], [])


def test_progress_is_in_stored_bytes(tmp_path: Path) -> None:
    """A compressed file is done when its own size is read."""
    path = tmp_path / "f"
    path.write_bytes(gzip.compress(OWN * 1000))

    blocks: list[Rows] = list(read_touchpoints(path))

    assert blocks[-1].read_bytes == path.stat().st_size

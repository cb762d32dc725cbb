"""Files as lines: plain or gzip, whole or broken, with the numbers that an editor shows."""

import gzip
import os
import random
from pathlib import Path

import pytest
from xxhash import xxh3_128_hexdigest

from streams.ingest.lines import (
    BLOCK_BYTES,
    LINE_LIMIT_BYTES,
    UnreadableFileError,
    digest_of,
    read_blocks,
    size_of,
)
from streams.ingest.records import SPAN_LIMIT_BYTES, RecordJoiner


def numbered(path: Path) -> list[tuple[int, bytes]]:
    return [pair for block in read_blocks(path) for pair in zip(block.numbers, block.lines, strict=True)]


def joined(*lines: bytes) -> list[tuple[int, bytes]]:
    numbers, records = RecordJoiner().join(list(range(1, len(lines) + 1)), list(lines), last=True)
    return list(zip(numbers, records, strict=True))


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_lines_have_their_numbers_and_blank_ones_are_left_out(tmp_path: Path, end: bytes) -> None:
    """The last line needs no end; blank lines count, and are not rows."""
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfone\n\n \r\ntwo\nthree" + end)

    found = [(number, line.rstrip(b"\r")) for number, line in numbered(path)]

    assert found == [(1, b"one"), (4, b"two"), (5, b"three")]


def test_gzip_is_told_by_its_first_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    """Two members, one after the other, are one file."""
    path = tmp_path / "edits.txt"
    path.write_bytes(gzip.compress(b"one\ntw") + gzip.compress(b"o\n"))

    assert numbered(path) == [(1, b"one"), (2, b"two")]


def test_lines_are_whole_across_blocks_and_progress_ends_at_the_size(tmp_path: Path) -> None:
    """A block's edge falls inside a line, and the line does not notice."""
    path = tmp_path / "f"
    lines = [b"%07d" % number * 30 for number in range(BLOCK_BYTES // 100)]
    path.write_bytes(b"\n".join(lines))

    blocks = list(read_blocks(path))

    assert [line for block in blocks for line in block.lines] == lines
    assert len(blocks) > 2
    assert blocks[0].read_bytes < blocks[-1].read_bytes == size_of(path)


def test_an_endless_line_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    """Memory stays bounded when a file has no line ends."""
    path = tmp_path / "f"
    path.write_bytes(b"x" * (5 * LINE_LIMIT_BYTES) + b"\nnext\n")

    (_, long), following = numbered(path)

    assert LINE_LIMIT_BYTES <= len(long) <= LINE_LIMIT_BYTES + BLOCK_BYTES
    assert following == (2, b"next")


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    """It is not an error."""
    path = tmp_path / "f"
    path.touch()

    assert numbered(path) == []


def test_the_digest_is_that_of_the_contents(tmp_path: Path) -> None:
    """Compressing a file does not change the message ids of its rows."""
    plain, packed = tmp_path / "f", tmp_path / "f.gz"
    plain.write_bytes(b"one\ntwo\n")
    packed.write_bytes(gzip.compress(b"one\ntwo\n"))

    assert digest_of(plain) == digest_of(packed) == xxh3_128_hexdigest(b"one\ntwo\n")[:16]


def test_a_broken_file_is_said_by_name(tmp_path: Path) -> None:
    """Cut off, damaged, not there, a directory."""
    whole = gzip.compress(random.Random(1).randbytes(10_000))
    broken = {"cut": whole[:-100], "damaged": whole[:5000] + b"\x00" * 100 + whole[5100:]}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "directory").mkdir()

    for name in ("cut", "damaged", "missing", "directory"):
        with pytest.raises(UnreadableFileError, match=name):
            numbered(tmp_path / name)


def test_a_pipe_can_be_read_once_and_has_no_digest(tmp_path: Path) -> None:
    """Row numbers as ids need the file twice, and the message says so."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(UnreadableFileError, match="twice"):
        digest_of(pipe)


def test_a_quoted_cell_may_hold_line_ends() -> None:
    """The record has the number of its first line; a doubled quote closes nothing."""
    assert joined(b"a,b", b'c,"d', b'e"', b'f,"g""h"', b"i\r") == [
        (1, b"a,b"),
        (2, b'c,"d\ne"'),
        (4, b'f,"g""h"'),
        (5, b"i"),
    ]


def test_a_record_may_span_two_blocks() -> None:
    """What is open waits for the next block."""
    joiner = RecordJoiner()

    first = joiner.join([1, 2], [b"a", b'"b'], last=False)
    second = joiner.join([3, 4], [b'c"', b"d"], last=True)

    assert first == ([1], [b"a"])
    assert second == ([2, 4], [b'"b\nc"', b"d"])


def test_a_quote_that_is_never_closed_costs_one_line() -> None:
    """Its line comes back alone, to be refused; the lines after it are read."""
    assert joined(b"a", b'b,"', b"c", b"d") == [(1, b"a"), (2, b'b,"'), (3, b"c"), (4, b"d")]


def test_a_record_that_spans_too_much_costs_one_line_too() -> None:
    """A stray quote does not swallow a large file."""
    filler = [b"x" * 999] * (SPAN_LIMIT_BYTES // 1000 + 2)

    found = joined(b'a,"', *filler, b'z"')

    assert [record for _, record in found] == [b'a,"', *filler, b'z"']

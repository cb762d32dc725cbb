"""Files as lines: plain or gzip (told by their first bytes), in blocks that say how far reading has come."""

import gzip
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from xxhash import xxh3_128

BLOCK_BYTES: Final = 1024 * 1024
# A line is cut here. It is far above the limit of an event, so what is cut is refused anyway.
LINE_LIMIT_BYTES: Final = 1024 * 1024
_GZIP: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class UnreadableFileError(Exception):
    """A file cannot be read, or not to its end. Mend it or its permissions, then start again."""


class Block(NamedTuple):
    """Some lines of a file that are not blank, without their ends; lines count from 1.

    `read_bytes` is how much of the file, as it is stored, has been read so far.
    """

    numbers: list[int]
    lines: list[bytes]
    read_bytes: int


def size_of(path: Path) -> int:
    """Return the stored size of a file in bytes; 0 for a pipe.

    Raises:
        UnreadableFileError: There is no such file, or it may not be looked at.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def read_blocks(path: Path) -> Iterator[Block]:
    """Read a file to its end.

    Raises:
        UnreadableFileError: It cannot be opened or read, or its gzip is broken.
    """
    rest, number, first = b"", 1, True
    for content, read_bytes in _read_contents(path):
        lines = (rest + content).split(b"\n")
        if first:
            lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
            first = False
        rest = lines.pop()[:LINE_LIMIT_BYTES]
        yield _block(lines, number, read_bytes)
        number += len(lines)
    yield _block([rest], number, size_of(path))


def digest_of(path: Path) -> str:
    """Return the first 16 hex digits of the xxh3_128 of a file's contents, decompressed if it is gzip.

    Raises:
        UnreadableFileError: As `read_blocks`; or it is a pipe, which can be read only once.
    """
    if size_of(path) == 0 and not path.is_file():
        message = (
            f"{path}: row numbers as message ids need a file that can be read twice; save it to a file first"
        )
        raise UnreadableFileError(message)
    digest = xxh3_128()
    for content, _ in _read_contents(path):
        digest.update(content)
    return digest.hexdigest()[:16]


def _block(lines: list[bytes], number: int, read_bytes: int) -> Block:
    if all(map(bytes.strip, lines)):
        return Block(list(range(number, number + len(lines))), lines, read_bytes)
    kept = [(at, line) for at, line in enumerate(lines, number) if line.strip()]
    return Block([at for at, _ in kept], [line for _, line in kept], read_bytes)


def _read_contents(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield contents, decompressed, with the number of stored bytes read so far (0 for a pipe)."""
    is_seekable = size_of(path) > 0
    try:
        with path.open("rb") as stored:
            is_gzip = stored.peek(2)[:2] == _GZIP
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=stored)) if is_gzip else stored
            while content := stream.read(BLOCK_BYTES):
                yield content, stored.tell() if is_seekable else 0
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> UnreadableFileError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UnreadableFileError(f"{path}: {reason}")

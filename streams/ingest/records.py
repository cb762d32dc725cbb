"""CSV records out of lines: a quoted cell may hold line ends, so a record may span several lines."""

from typing import Final

SPAN_LIMIT_BYTES: Final = 64 * 1024


class RecordJoiner:
    """Joins lines until every quote is closed.

    A record that spans more than 64 KiB, or the end of the file, has a quote that is never closed: its
    first line is given back alone (as bad CSV), and reading goes on with the line after it.
    """

    def __init__(self) -> None:
        """Start with no open record."""
        self._numbers: list[int] = []
        self._lines: list[bytes] = []
        self._bytes = 0
        self._open = False

    def join(self, numbers: list[int], lines: list[bytes], *, last: bool) -> tuple[list[int], list[bytes]]:
        """Return the records (the number of the first line, the lines joined) that are now complete.

        `last` says that no more lines will come.
        """
        waiting_numbers, waiting = list(reversed(numbers)), list(reversed(lines))
        done_numbers: list[int] = []
        done: list[bytes] = []
        while waiting or (last and self._lines):
            if waiting and self._bytes <= SPAN_LIMIT_BYTES:
                self._add(waiting_numbers.pop(), waiting.pop())
                if self._open:
                    continue
                taken = len(self._lines)
            else:
                taken = 1
            done_numbers.append(self._numbers[0])
            done.append(b"\n".join(self._lines[:taken]).removesuffix(b"\r"))
            waiting_numbers.extend(reversed(self._numbers[taken:]))
            waiting.extend(reversed(self._lines[taken:]))
            self._numbers, self._lines, self._bytes, self._open = [], [], 0, False
        return done_numbers, done

    def _add(self, number: int, line: bytes) -> None:
        self._numbers.append(number)
        self._lines.append(line)
        self._bytes += len(line) + 1
        self._open ^= line.count(b'"') % 2 == 1

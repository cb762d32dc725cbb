"""A process that posts touchpoints in batches over one connection, as fast as it is answered."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import count, islice
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

BATCH = 100
_STAMP = b'"timestamp":"'
_RECEIVED = b'"received_at":"'


class Posted(msgspec.Struct):
    """What one client did: batches that were answered, each when, and when it began and ended (epoch s)."""

    batches: int
    began: float
    ended: float
    answered: list[float] = []


def batches(path: Path, *, part: int, parts: int, stamp: str) -> Iterator[list[bytes]]:
    """Yield this client's batches of a file, again and again, all timed at `stamp`, no message id twice."""
    lines = [line.rstrip() for line in islice(path.open("rb"), part, None, parts)]
    whole = len(lines) // BATCH
    for number in count():
        turn, place = divmod(number, whole)
        here = lines[place * BATCH : (place + 1) * BATCH]
        yield [restamped(line, stamp=stamp.encode(), turn=turn) for line in here]


def restamped(line: bytes, *, stamp: bytes, turn: int) -> bytes:
    """Return a touchpoint of the population as if it happened at `stamp`, with an id of this turn's own."""
    for name in (_STAMP, _RECEIVED):
        before, found, rest = line.partition(name)
        if found:
            line = before + found + stamp + rest[rest.index(b'"') :]
    return line.replace(b'{"message_id":"', b'{"message_id":"%x-' % turn, 1)


def now() -> str:
    """Return the present instant as the population writes instants."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def post(
    url: str, path: Path, *, part: int, parts: int, seconds: float, stamp: str, per_second: float
) -> Posted:
    """Post for so long, at most so many batches a second (0: as fast as it is answered).

    Raises:
        RuntimeError: The server refused something.
    """
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
    mine = batches(path, part=part, parts=parts, stamp=stamp)
    posted = Posted(0, began=time.time(), ended=0.0)
    expected = b'{"accepted":%d,"refused":[]}' % BATCH
    while time.time() < posted.began + seconds:
        if per_second:
            time.sleep(max(0.0, posted.began + posted.batches / per_second - time.time()))
        body = b"[" + b",".join(next(mine)) + b"]"
        connection.request("POST", "/v1/touchpoints", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        told = answer.read()
        if told != expected:
            raise RuntimeError(f"answered {answer.status}: {told[:500]!r}")
        posted.batches += 1
        posted.answered.append(time.time())
    posted.ended = time.time()
    connection.close()
    return posted


if __name__ == "__main__":
    where, name, number, of, duration, instant, pace = sys.argv[1:]
    done = post(
        where,
        Path(name),
        part=int(number),
        parts=int(of),
        seconds=float(duration),
        stamp=instant,
        per_second=float(pace),
    )
    sys.stdout.buffer.write(msgspec.json.encode(done))

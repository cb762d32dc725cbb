"""Event streams of a running process: five hundred readers, some that never read, and the process's end."""

import asyncio
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.listening import address, deaf, listening
from tests.cli.process import StartUp, Up, touchpoint, until

pytestmark = pytest.mark.slow

MEGABYTE = 1 << 20
UNMETERED = {"RAPPORT_REQUESTS_PER_SECOND": "1000000"}  # all readers come from one address


def resident_bytes(up: Up) -> int:
    lines = Path(f"/proc/{up.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def readers(up: Up) -> int:
    return int(up.client.get("/v1/status").json()["readers"])


def told(up: Up) -> list[tuple[str, str]]:
    """Ids and customers of all transitions that there were, in their order."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"limit": "1000"} | ({"cursor": cursor} if cursor else {})
        page = up.client.get("/v1/transitions", params=asked).json()
        found += [each["customer_id"] for each in page["transitions"]]
        cursor = page["next"]
        if cursor is None:
            return [(f"{number}-0", name) for number, name in enumerate(reversed(found), start=1)]


def post_new_customers(up: Up, name: str, count: int) -> None:
    """Post touchpoints of customers who were not there: each is a transition at least."""
    for start in range(0, count, 500):
        items = [touchpoint(f"{name}{n}", f"{name}{n}") for n in range(start, min(start + 500, count))]
        assert up.post(*items).status_code == 200


def test_five_hundred_readers_hear_everything_once_and_in_order(start_up: StartUp) -> None:
    """While touchpoints are posted; the process stays small, and answers others meanwhile."""
    up = start_up(env=UNMETERED)
    post_new_customers(up, "before", 1)
    until(lambda: len(told(up)) == 1)

    async def listen() -> list[list[tuple[str, str]]]:
        async with listening(up, count=500) as ears:
            assert await asyncio.to_thread(readers, up) == 500
            before = resident_bytes(up)
            reading = asyncio.gather(*(ear.until(200) for ear in ears))
            for part in range(10):
                await asyncio.to_thread(post_new_customers, up, f"part{part}-", 20)
            answered = time.monotonic()
            assert (await asyncio.to_thread(up.client.get, "/v1/kpis")).status_code == 200
            assert time.monotonic() - answered < 10
            await reading
            assert resident_bytes(up) - before < 150 * MEGABYTE
            return [ear.heard for ear in ears]

    heard = asyncio.run(listen())

    expected = told(up)[1:]
    assert len(expected) == 200
    assert all(each == expected for each in heard)
    until(lambda: readers(up) == 0)


def test_one_that_never_reads_is_cut_off_and_the_others_go_on(start_up: StartUp) -> None:
    """It loses its place after a while; whoever reads hears everything, and memory does not grow with it."""
    up = start_up(env=UNMETERED)

    async def listen() -> list[list[tuple[str, str]]]:
        async with listening(up, count=3) as ears:
            with ExitStack() as stack:
                for _ in range(20):
                    stack.enter_context(deaf(up))
                await asyncio.to_thread(until, lambda: readers(up) == 23)
                before = resident_bytes(up)
                reading = asyncio.gather(*(ear.until(6_000) for ear in ears))
                await asyncio.to_thread(post_new_customers, up, "c", 6_000)
                await reading
                await asyncio.to_thread(until, lambda: readers(up) == 3, deadline_s=60)
                assert resident_bytes(up) - before < 300 * MEGABYTE
            return [ear.heard for ear in ears]

    heard = asyncio.run(listen())

    expected = told(up)
    assert len(expected) == 6_000
    assert all(each == expected for each in heard)


def test_a_reader_goes_on_behind_what_it_heard_also_after_a_restart(start_up: StartUp) -> None:
    """The id of an event leads on in the next process as well."""
    first = start_up(env=UNMETERED)
    post_new_customers(first, "a", 30)
    until(lambda: len(told(first)) == 30)

    async def listen(up: Up, last: str, count: int) -> list[tuple[str, str]]:
        async with listening(up, count=1, last=last) as (ear,):
            await ear.until(count)
            return ear.heard

    half = asyncio.run(listen(first, "0-0", 15))
    first.end(signal.SIGTERM)
    second = start_up(env=UNMETERED)
    post_new_customers(second, "b", 5)
    rest = asyncio.run(listen(second, half[14][0], 20))

    assert half[:15] + rest == told(second)


def test_streams_do_not_hold_up_the_end_of_the_process(start_up: StartUp) -> None:
    """They end with what was heard, within a second or two, and whole."""
    up = start_up(env=UNMETERED)

    async def listen() -> tuple[float, bytes]:
        async with listening(up, count=5, query="") as ears:
            began = time.monotonic()
            up.process.send_signal(signal.SIGTERM)
            rest = [await ear.end() for ear in ears]
            assert await asyncio.to_thread(up.process.wait, 30) == 0
            return time.monotonic() - began, rest[0]

    took_s, rest = asyncio.run(listen())

    assert took_s < 5
    assert rest.endswith(b"\n\n")


def test_the_place_after_the_last_is_refused(start_up: StartUp) -> None:
    """As many streams as the setting says, and no more until one leaves."""
    up = start_up(env=UNMETERED | {"RAPPORT_MOST_STREAMS": "2"})

    async def listen() -> int:
        async with listening(up, count=2):
            answer = await asyncio.to_thread(up.client.get, "/v1/events")
            assert answer.headers["retry-after"] == "10"
            return answer.status_code

    assert asyncio.run(listen()) == 503
    until(lambda: readers(up) == 0)
    asyncio.run(_listen_once(up))


async def _listen_once(up: Up) -> None:
    async with listening(up, count=2) as ears:
        assert [(await ear.next())["event"] for ear in ears] == ["beat", "beat"]


def test_who_sends_a_byte_a_second_is_cut_off_and_holds_up_nobody(start_up: StartUp) -> None:
    """Three hundred that never come to the end of a request's head; the others are answered at once."""
    up = start_up(env=UNMETERED)

    async def dawdle() -> float:
        reader, writer = await asyncio.open_connection(*address(up))
        began = time.monotonic()
        for byte in b"GET /v1/kpis HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"x" * 200:
            if reader.at_eof():
                break
            writer.write(bytes([byte]))
            try:
                async with asyncio.timeout(1):
                    assert await reader.read(1) == b""
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
        writer.transport.abort()
        return time.monotonic() - began

    async def run() -> list[float]:
        slow = asyncio.gather(*(dawdle() for _ in range(300)))
        waits = []
        while not slow.done():
            began = time.monotonic()
            assert (await asyncio.to_thread(up.client.get, "/v1/kpis")).status_code == 200
            waits.append(time.monotonic() - began)
            await asyncio.sleep(0.5)
        assert max(await slow) < 40
        return waits

    assert max(asyncio.run(run())) < 5

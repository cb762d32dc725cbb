import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.proxy import Proxy, Route

LONG_S = 30.0


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A server that says what it hears, on the port that is given."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(proxy: Proxy, data: bytes) -> float:
    """Send data, wait until all of it is back, and return how long that took, in seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    now = asyncio.get_running_loop().time
    began = now()
    writer.write(data)
    assert await asyncio.wait_for(reader.readexactly(len(data)), LONG_S) == data
    writer.close()
    return now() - began


def test_latency_is_added_each_way() -> None:
    """Whatever the size: it is not a limit of bandwidth."""

    async def run() -> tuple[float, float]:
        async with echo() as port, Proxy(Route(0, port)) as proxy:
            proxy.latency_s = 0.2
            return await ask(proxy, b"x"), await ask(proxy, bytes(1 << 20))

    small, large = asyncio.run(run())

    assert small >= 0.4
    assert 0.4 <= large < 0.4 + (1 << 20) / (16 << 10) * 0.2


def test_bandwidth_is_bounded() -> None:
    """Half a megabyte at two a second takes a quarter of a second, at least."""

    async def run() -> float:
        async with echo() as port, Proxy(Route(0, port)) as proxy:
            proxy.bytes_per_s = 2_000_000
            return await ask(proxy, bytes(500_000))

    assert asyncio.run(run()) >= 0.25


def test_a_reset_is_seen_as_one_and_new_connections_work_or_are_refused() -> None:
    """A client that waits hears of it; what comes after depends on `refusing`."""

    async def run() -> None:
        async with echo() as port, Proxy(Route(0, port)) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"x")
            await reader.readexactly(1)

            proxy.reset()

            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(1), LONG_S)
            writer.close()
            await ask(proxy, b"again")
            proxy.refusing = True
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            assert await asyncio.wait_for(reader.read(1), LONG_S) == b""
            writer.close()

    asyncio.run(run())


def test_a_producer_lives_through_a_black_hole_and_a_reset(broker: Broker, fresh: Fresh) -> None:
    """All that it says to Kafka goes through the proxy: nothing is acknowledged while the hole is there."""
    topic = fresh.topic("numbers")
    broker.create_topics(topic)

    async def run() -> list[int]:
        async with (
            Proxy(broker.proxied) as proxy,
            AIOKafkaProducer(
                bootstrap_servers=f"127.0.0.1:{proxy.port}", enable_idempotence=True
            ) as producer,
        ):
            offsets = [(await producer.send_and_wait(topic, b"1")).offset]
            proxy.black_hole = True
            sent = await producer.send(topic, b"2")
            done, _ = await asyncio.wait([sent], timeout=0.5)
            assert not done
            proxy.black_hole = False
            offsets.append((await asyncio.wait_for(sent, LONG_S)).offset)
            before = proxy.accepted
            proxy.reset()
            offsets.append((await asyncio.wait_for(producer.send_and_wait(topic, b"3"), LONG_S)).offset)
            assert proxy.accepted > before
            return offsets

    assert asyncio.run(run()) == [0, 1, 2]

"""`rapport up` from outside: a process, a port, a directory; and whatever happens to them."""

import gzip
import json
import signal
import socket
import sqlite3
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.runtime.embedded import database
from tests.cli.process import StartUp, Up, run_command, touchpoint, until

pytestmark = pytest.mark.slow

TOKEN = "a token of enough characters"
PARTITION = (("partition", "0"),)


def test_a_posted_touchpoint_is_seen_and_explained(up: Up) -> None:
    """The whole way: posted, durable, visible at once, explained, told, counted."""
    page = touchpoint("way-1", "way/1", properties={"path": "/pricing"})

    receipt = up.post(page)
    view = up.client.get("/v1/customers/way%2F1").json()
    why = up.client.get("/v1/customers/way/1/why").json()

    assert receipt.json() == {"accepted": 1, "refused": []}
    assert view["signals"]["pricing"]["count"] == 1
    assert view["stages"] == {"clm": "evaluation"}
    assert why["stages"]["clm"]["rule"].startswith("count(pricing, 30d)")
    assert why["dimensions"]["attention"]["touchpoints"][0]["event"] == "Page Viewed"


def test_transitions_and_alerts_are_listed_newest_first_with_cursor_and_filters(up: Up) -> None:
    """Flushed within the interval; a page and its cursor give everything once."""
    for number in range(3):
        up.post(touchpoint(f"list-{number}", f"list-{number}", properties={"path": "/pricing"}))
    up.post(touchpoint("angry", "list-0", event="NPS Answered", properties={"score": 2}))
    listed = {"framework": "clm", "customer": "list-1"}
    until(lambda: bool(up.client.get("/v1/alerts", params={"customer": "list-0"}).json()["alerts"]))

    mine = up.client.get("/v1/transitions", params=listed).json()
    first = up.client.get("/v1/transitions", params={"limit": 2}).json()
    second = up.client.get("/v1/transitions", params={"limit": 1000, "cursor": first["next"]}).json()
    everything = up.client.get("/v1/transitions", params={"limit": 1000}).json()
    alerts = up.client.get("/v1/alerts", params={"alert": "detractor"}).json()["alerts"]

    assert {each["customer_id"] for each in mine["transitions"]} == {"list-1"}
    assert [each["to_stage"] for each in mine["transitions"]][-1] == "evaluation"
    assert first["transitions"] + second["transitions"] == everything["transitions"]
    assert everything["next"] is None
    raised = [each["raised"] for each in alerts]
    assert [(each["type"], each["customer_id"]) for each in raised] == [("alert_raised", "list-0")]
    assert up.client.get("/v1/transitions", params={"customer": "nobody"}).json() == {
        "transitions": [],
        "next": None,
    }


def test_bad_items_are_dead_letters_and_the_rest_is_stored(up: Up) -> None:
    """Answered item by item; what was refused is in the file with its bytes."""
    bad = touchpoint("bad-2", "bad", timestamp="yesterday")

    answer = up.post(touchpoint("bad-1", "bad"), bad, touchpoint("bad-3", "bad"))

    assert answer.json()["accepted"] == 2
    assert [(each["index"], each["reason"]) for each in answer.json()["refused"]] == [(1, "invalid")]
    assert up.client.get("/v1/customers/bad").json()["signals"]["activity"]["count"] == 2
    with sqlite3.connect(f"file:{up.data / database.NAME}?mode=ro", uri=True) as file:
        kept = [row[0] for row in file.execute("SELECT value FROM dead_letters")]
    file.close()
    assert any(b"bad-2" in _value(letter) for letter in kept)


def test_a_repeated_post_counts_once(up: Up) -> None:
    """A sender that got no answer sends again: the same id changes nothing."""
    item = touchpoint("twice", "twice")

    up.post(item)
    up.post(item)

    assert up.client.get("/v1/customers/twice").json()["signals"]["activity"]["count"] == 1


def test_gzip_and_json_lines_are_taken(up: Up) -> None:
    """As a tracker with a lot to say sends them."""
    lines = "\n".join(json.dumps(touchpoint(f"lines-{n}", "lines")) for n in range(5)).encode()

    answer = up.client.post(
        "/v1/touchpoints",
        content=gzip.compress(lines),
        headers={"content-encoding": "gzip", "content-type": "application/x-ndjson"},
    )

    assert answer.json() == {"accepted": 5, "refused": []}
    assert up.client.get("/v1/customers/lines").json()["signals"]["activity"]["count"] == 5


def test_ten_megabytes_are_too_large(up: Up) -> None:
    """413, and the process goes on."""
    assert up.client.post("/v1/touchpoints", content=b"[" + b" " * 10_000_000 + b"]").status_code == 413
    assert up.client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/json", "application/x-www-form-urlencoded"]
)
def test_a_page_of_another_origin_cannot_post_to_localhost(up: Up, media_type: str) -> None:
    """Also not with the content types that browsers send without asking first: nothing is stored."""
    headers = {"origin": "https://evil.example", "content-type": media_type}

    answer = up.client.post(
        "/v1/touchpoints", content=json.dumps(touchpoint("csrf", "csrf")), headers=headers
    )

    assert answer.status_code == 403
    assert up.client.get("/v1/customers/csrf").status_code == 404


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1", 200),
        ("GET /v1/customers/ada HTTP/1.1\r\nHost: rebound.example", 421),
        ("GET /healthz HTTP/1.0", 400),
        ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example", 400),
        ("GET /healthz HTTP/1.1\r\nHost:", 400),
        ("GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example", 421),
    ],
)
def test_names_are_checked_on_the_wire(up: Up, head: str, status: int) -> None:
    """What no client library sends, a raw socket does."""
    address = (up.client.base_url.host, up.client.base_url.port)
    with socket.create_connection(address, timeout=30) as wire:
        wire.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
        answer = wire.recv(100)

    assert answer.split(b" ")[1] == str(status).encode()


def test_the_conservation_identity_holds_over_the_metrics(up: Up) -> None:
    """Records read are the sum of outcomes; all that HTTP accepted has been read, and else only ticks."""
    up.post(*(touchpoint(f"sum-{n}", "sum") for n in range(10)))
    up.client.get("/v1/customers/sum")  # sees its own posts, so they have been processed

    customers = up.client.get("/v1/kpis").json()["customers"]
    # Figures are read from the table once a second at most, and the text is made four times a second.
    until(lambda: _metrics(up.client).get(("engagement_customers", PARTITION)) == customers)
    read = _metrics(up.client)

    outcomes = {
        labels["outcome"]: value for (name, labels), value in _labelled(read, "engagement_touchpoints_total")
    }
    assert read["engagement_records_read_total", ()] == sum(outcomes.values())
    accepted = read["engagement_ingest_items_total", (("result", "accepted"),)]
    assert accepted >= 10
    assert accepted == sum(outcomes.values()) - outcomes["internal"]
    assert read["engagement_lag_records", PARTITION] == 0
    assert read["engagement_lag_seconds", PARTITION] == 0
    assert read["engagement_log_bytes", ()] > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_tidily_and_a_restart_goes_on(start_up: StartUp, number: signal.Signals) -> None:
    """Exit 0, everything flushed: the next start reads no record again and answers the same."""
    first = start_up()
    first.post(*(touchpoint(f"m{n}") for n in range(50)))
    before = first.client.get("/v1/customers/ada").json()

    code, said = first.end(number)
    still_announced = (first.data / "rapport.running").exists()
    second = start_up()

    assert code == 0
    assert "rapport is up" in said.replace("rapport\x1b[0m", "rapport")
    assert first.events()[-1] == "stopped"
    assert not still_announced
    assert second.client.get("/v1/customers/ada").json()["signals"] == before["signals"]
    assert _metrics(second.client)["engagement_touchpoints_total", (("outcome", "applied"),)] == 0


def test_a_crash_loses_nothing_that_was_answered(start_up: StartUp) -> None:
    """SIGKILL right after an answer: the touchpoints are there after the restart, and once after a retry."""
    items = [touchpoint(f"m{n}") for n in range(50)]
    first = start_up()
    assert first.post(*items).json()["accepted"] == 50

    first.end(signal.SIGKILL)
    second = start_up()
    second.post(*items)

    assert second.client.get("/v1/customers/ada").json()["signals"]["activity"]["count"] == 50


def test_the_token_guards_all_but_the_probes(start_up: StartUp) -> None:
    """A port that asks for a token serves nobody without it."""
    up = start_up(env={"RAPPORT_TOKEN": TOKEN})
    bearer = {"authorization": f"Bearer {TOKEN}"}

    assert up.client.get("/metrics").status_code == 401
    assert up.post(touchpoint("m1")).status_code == 401
    assert up.client.get("/healthz").status_code == 200
    assert up.client.post("/v1/touchpoints", json=touchpoint("m1"), headers=bearer).status_code == 200
    assert up.client.get("/v1/customers/ada", headers=bearer).status_code == 200


def test_an_open_port_with_a_token_is_reached_by_address(start_up: StartUp) -> None:
    """Bound to every address: loopback and addresses are its names, other names are not."""
    up = start_up("--host", "0.0.0.0", env={"RAPPORT_TOKEN": TOKEN})
    bearer = {"authorization": f"Bearer {TOKEN}"}

    assert up.client.get("/v1/kpis", headers=bearer).status_code == 200
    assert up.client.get("/v1/kpis", headers=bearer | {"host": "10.9.8.7"}).status_code == 200
    assert up.client.get("/v1/kpis", headers=bearer | {"host": "evil.example"}).status_code == 421


def test_another_address_without_a_token_stops_the_start(tmp_path: Path) -> None:
    """A bad setting: exit 2, and the message says what to set."""
    ended = run_command("up", "--data", str(tmp_path / "d"), "--host", "0.0.0.0", "--port", "0")

    assert ended.returncode == 2
    assert "RAPPORT_TOKEN" in ended.stderr
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(("variable", "value"), [("RAPPORT_PORT", "many"), ("RAPPORT_PROT", "1")])
def test_a_bad_or_unknown_setting_stops_the_start(tmp_path: Path, variable: str, value: str) -> None:
    """Exit 2, and the variable is named."""
    ended = run_command("up", "--data", str(tmp_path / "d"), **{variable: value})

    assert ended.returncode == 2
    assert variable in ended.stderr


def test_a_taken_port_is_said_before_anything_is_touched(tmp_path: Path) -> None:
    """Exit 1; the port is named, and the way out; no directory is made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        ended = run_command("up", "--data", str(tmp_path / "d"), "--port", port)

    assert ended.returncode == 1
    assert port in ended.stderr
    assert "--port" in ended.stderr
    assert not (tmp_path / "d").exists()


def test_an_address_of_another_machine_is_said(tmp_path: Path) -> None:
    """Exit 1 with the address."""
    ended = run_command("up", "--data", str(tmp_path / "d"), "--host", "192.0.2.1", RAPPORT_TOKEN=TOKEN)

    assert ended.returncode == 1
    assert "192.0.2.1" in ended.stderr


def test_a_bad_model_is_said_with_its_place(tmp_path: Path) -> None:
    """Exit 2; file, line and column of what is wrong; no directory is made."""
    model = tmp_path / "mine.yaml"
    model.write_text("model: mine\nversion: 1\nscores:\n  engagement: mean(nothing)\n")

    ended = run_command("up", "--data", str(tmp_path / "d"), "--model", str(model), "--port", "0")

    assert ended.returncode == 2
    assert "mine.yaml:4:" in ended.stderr
    assert not (tmp_path / "d").exists()


def test_a_second_process_on_a_directory_is_refused(start_up: StartUp) -> None:
    """Exit 1; the first one is named and goes on."""
    first = start_up()

    ended = run_command("up", "--data", str(first.data), "--port", "0")

    assert ended.returncode == 1
    assert str(first.process.pid) in ended.stderr
    assert "--data" in ended.stderr
    assert first.client.get("/readyz").status_code == 200


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """Exit 1; a file stands where the directory should be."""
    (tmp_path / "file").write_text("")

    ended = run_command("up", "--data", str(tmp_path / "file" / "data"), "--port", "0")

    assert ended.returncode == 1
    assert "file/data" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_corrupt_file_is_said_and_left_alone(tmp_path: Path) -> None:
    """Exit 1; not one byte of it changes."""
    file = tmp_path / database.NAME
    file.write_bytes(b"this is no database at all" * 100)
    before = file.read_bytes()

    ended = run_command("up", "--data", str(tmp_path), "--port", "0")

    assert ended.returncode == 1
    assert "damaged" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert file.read_bytes() == before


def test_clients_that_are_answered_while_it_stops_are_answered_whole(start_up: StartUp) -> None:
    """A request under way when the signal comes is finished: accepted or refused, never cut."""
    up = start_up()
    body = json.dumps([touchpoint(f"m{n}") for n in range(200)]).encode()
    address = (up.client.base_url.host, up.client.base_url.port)
    with socket.create_connection(address, timeout=30) as wire:
        head = f"POST /v1/touchpoints HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        wire.sendall(head.encode() + body[:-1])
        until(lambda: up.client.get("/healthz").status_code == 200)

        up.process.send_signal(signal.SIGTERM)
        wire.sendall(body[-1:])
        answer = wire.recv(4096)

    assert up.process.wait(30) == 0
    assert answer.startswith(b"HTTP/1.1 200")


def _metrics(client: httpx.Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def _labelled(
    read: dict[tuple[str, tuple[tuple[str, str], ...]], float], name: str
) -> list[tuple[tuple[str, dict[str, str]], float]]:
    return [((key, dict(labels)), value) for (key, labels), value in read.items() if key == name]


def _value(letter: bytes) -> bytes:
    import base64

    return base64.b64decode(json.loads(letter)["value"])

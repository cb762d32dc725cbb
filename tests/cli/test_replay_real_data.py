"""Published answers on real data, through the command as a user would give it."""

import csv
import gzip
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.replay import command
from tests.real_data import data

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "data" / "replay"

pytestmark = [pytest.mark.slow, pytest.mark.compiled_only]


def replay(out: Path, *arguments: object) -> tuple[list[dict[str, object]], dict[str, int]]:
    """Return every customer, and the numbers of the summary by their names."""
    result = CliRunner().invoke(command, [*map(str, arguments), "--customers", str(out)])
    assert result.exit_code == 0, result.output
    table = re.findall(r"│ +([a-z][^│]*?) +│ +([\d,.]+) +│", result.stdout)
    return [json.loads(line) for line in out.read_text().splitlines()], {
        name: int(count.replace(",", "")) for name, count in table if "." not in count
    }


def day(instant: object) -> date:
    return datetime.fromisoformat(str(instant)).astimezone(UTC).date()


def weeks(start: date, end: date) -> float:
    return (end - start).days / 7


def test_the_cdnow_sample_gives_the_published_summary_of_all_customers(tmp_path: Path) -> None:
    """Repeat purchase days, recency and T at 1997-09-30, in weeks with two decimals, for all 2,357."""
    with data("cdnow/cdnow_customers_summary.csv").open() as file:
        published = {int(row["ID"]): row for row in csv.DictReader(file)}
    end = date(1997, 9, 30)

    customers, counts = replay(
        tmp_path / "customers",
        data("cdnow/CDNOW_sample.txt"),
        *("--mapping", SAMPLES / "cdnow_sample.yaml", "--until", "1997-09-30"),
    )

    assert counts["rows read"] == 6_919 == counts["applied"] + counts["after --until"]
    assert len(customers) == len(published) == 2_357
    wrong = []
    for customer in customers:
        bought = customer["signals"]["purchase"]  # type: ignore[index]
        expected = published[int(str(customer["customer_id"]))]
        first, last = day(bought["first"]), day(bought["last"])
        found = (bought["days"] - 1, weeks(first, last), weeks(first, end))
        if (
            found[0] != int(expected["frequency"])
            or abs(found[1] - float(expected["recency"])) > 0.005001
            or abs(found[2] - float(expected["T"])) > 0.005001
        ):
            wrong.append((customer["customer_id"], found, expected))
    assert wrong == []


@pytest.mark.parametrize("order", [[], ["--sort"]], ids=["by customer", "by time"])
def test_the_cdnow_master_is_counted_to_the_cent(tmp_path: Path, order: list[str]) -> None:
    """23,570 customers, 167,881 CDs, $2,500,315.63; none lost, and none of 255 equal rows merged."""
    customers, counts = replay(
        tmp_path / "customers", data("cdnow/CDNOW_master.txt"), "--mapping", SAMPLES / "cdnow.yaml", *order
    )

    signals = [customer["signals"] for customer in customers]
    assert counts["rows read"] == counts["applied"] == 69_659
    assert (counts["duplicates"], counts["late"], counts["dead letters"]) == (0, 0, 0)
    assert len(customers) == counts["customers"] == 23_570
    assert sum(each["purchase"]["count"] for each in signals) == 69_659  # type: ignore[index]
    assert sum(each["items"]["sum"] for each in signals) == 167_881  # type: ignore[index]
    assert round(sum(each["purchase"]["sum"] for each in signals), 2) == 2_500_315.63  # type: ignore[index]


def test_a_day_of_wikipedia_is_counted_to_the_character(tmp_path: Path) -> None:
    """39,244 edits by 10,531 users; robots are told from people by `where`."""
    file = data("wikipedia/edits-2015-09-12.jsonl.gz")

    customers, counts = replay(
        tmp_path / "customers",
        file,
        *("--mapping", SAMPLES / "edits.yaml", "--model", SAMPLES / "edits_model.yaml"),
    )

    sums: Counter[str] = Counter()
    edits: Counter[str] = Counter()
    for customer in customers:
        for name, signal in customer["signals"].items():  # type: ignore[attr-defined]
            sums[name] += signal["sum"]
            edits[name] += signal["count"]
    assert counts["rows read"] == counts["applied"] == 39_244
    assert len(customers) == 10_531
    assert (sums["added"], sums["deleted"]) == (9_385_573, 394_298)
    assert edits["robot_edit"] + edits["human_edit"] == 39_244
    assert edits["robot_edit"] == robots(file)


def robots(file: Path) -> int:
    """Count robots' edits with the plainest means there are."""
    return gzip.decompress(file.read_bytes()).count(b'"isRobot":true')

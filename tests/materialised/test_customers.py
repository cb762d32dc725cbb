"""Customers found in the file, held against a plain search of what they were given."""

import random

import pytest

from schemas.outputs import ScoreUpdated
from streams.materialised import customers
from streams.runtime.search import CustomerQuery, UnknownName
from tests.materialised.building import Bench, scores, told

NAMES = ("a", "é", "日本", "🦊", "ab", "a/b", "b", "aé")


def population(count: int = 200) -> list[ScoreUpdated]:
    chance = random.Random(4)
    return [
        scores(
            number,
            f"{chance.choice(NAMES)}{number}",
            stage=chance.choice(["awareness", "engagement", "dormant", None, "former"]),
            held=chance.sample(["visitor", "buyer", "former"], chance.randrange(4)),
            **{
                name: float(chance.randrange(101))
                for name in ("engagement", "churn")
                if chance.random() < 0.8
            },
        )
        for number in range(count)
    ]


def matches(update: ScoreUpdated, query: CustomerQuery) -> bool:
    """Say it again, in other words."""
    if not update.customer_id.startswith(query.prefix):
        return False
    if query.framework is not None:
        held = update.stages[query.framework]
        if query.stage not in (held if isinstance(held, list) else [held]):
            return False
    if query.score is not None:
        value = update.scores.get(query.score)
        return value is not None and (query.low or 0) <= value <= (100 if query.high is None else query.high)
    return True


QUERIES = [
    CustomerQuery(),
    CustomerQuery(prefix="a"),
    CustomerQuery(prefix="é"),
    CustomerQuery(prefix="🦊1"),
    CustomerQuery(prefix="nobody"),
    CustomerQuery(framework="clm", stage="engagement"),
    CustomerQuery(framework="clm", stage="dormant", prefix="a"),
    CustomerQuery(framework="habits", stage="visitor"),
    CustomerQuery(framework="habits", stage="buyer", prefix="b"),
    CustomerQuery(score="engagement"),
    CustomerQuery(score="engagement", low=90.0),
    CustomerQuery(score="churn", low=20.0, high=60.0, prefix="a"),
    CustomerQuery(score="churn", high=0.0),
    CustomerQuery(framework="habits", stage="visitor", score="engagement", low=50.0),
    CustomerQuery(framework="clm", stage="awareness", score="churn", high=50.0),
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("few", [0, 2_000])
def test_every_customer_who_matches_is_found_once_and_in_order(
    bench: Bench, query: CustomerQuery, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By code point, a page after the other, whether or not an index on the score is of use."""
    monkeypatch.setattr(customers, "STRETCH", 30)
    monkeypatch.setattr(customers, "FEW", few)
    everybody = population()
    bench.take(*map(told, everybody))

    found, after, pages = [], None, 0
    while True:
        asked = CustomerQuery(
            prefix=query.prefix, framework=query.framework, stage=query.stage, score=query.score,
            low=query.low, high=query.high, after=after, limit=7,
        )  # fmt: skip
        with bench.file.reading() as connection:
            page = bench.intake.customers.find(connection, asked)
        found += [each.customer_id for each in page.customers]
        after, pages = page.next, pages + 1
        assert len(page.customers) <= 7
        assert pages < 100
        if after is None:
            break

    assert found == sorted(each.customer_id for each in everybody if matches(each, query))


def test_a_line_says_what_the_latest_scores_say(bench: Bench) -> None:
    """Also after the customer moved: it is found in the new stage alone."""
    bench.take(told(scores(1, "ada", stage="awareness", held=["visitor"], engagement=3.0)))

    bench.take(told(scores(2, "ada", stage="dormant", held=["buyer"], engagement=1.5)))

    places = [("clm", "awareness"), ("clm", "dormant"), ("habits", "visitor"), ("habits", "buyer")]
    queries = [CustomerQuery(framework=framework, stage=stage) for framework, stage in places]
    with bench.file.reading() as connection:
        [line] = bench.intake.customers.find(connection, CustomerQuery()).customers
        counts = [len(bench.intake.customers.find(connection, query).customers) for query in queries]
    assert line.scores == {"engagement": 1.5, "churn": None}
    assert line.stages == {"clm": "dormant", "habits": ["buyer"]}
    assert counts == [0, 1, 0, 1]


def test_who_is_at_a_level_is_at_those_below_it(bench: Bench) -> None:
    """Only the highest is told."""
    bench.take(
        told(scores(1, "none")), told(scores(2, "low", tier="low")), told(scores(3, "high", tier="high")),
        told(scores(4, "former", tier="former")),
    )  # fmt: skip

    with bench.file.reading() as connection:
        found = {
            level: [
                each.customer_id
                for each in bench.intake.customers.find(
                    connection, CustomerQuery(framework="tier", stage=level)
                ).customers
            ]
            for level in ("low", "high")
        }

    assert found == {"low": ["high", "low"], "high": ["high"]}


@pytest.mark.parametrize(
    "query",
    [
        CustomerQuery(framework="none", stage="awareness"),
        CustomerQuery(framework="clm", stage="none"),
        CustomerQuery(score="none"),
    ],
)
def test_an_unknown_name_is_refused(bench: Bench, query: CustomerQuery) -> None:
    """The answer names what there is."""
    with bench.file.reading() as connection, pytest.raises(UnknownName, match="there are: "):
        bench.intake.customers.find(connection, query)

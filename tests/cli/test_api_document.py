"""The API held to its OpenAPI document by schemathesis, which asks for what it allows, and for more."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from streams.dashboard.document import OPERATIONS
from tests.cli.edge import Edge

# Where what is right by itself may be wrong beside the others; and where items are refused one by one.
EXCLUDED = {
    "GET /v1/customers": [positive_data_acceptance],
    "POST /v1/touchpoints": [positive_data_acceptance, negative_data_rejection],
}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    opened = Edge(tmp_path_factory.mktemp("edge"))
    opened.populate(60, 1_500)
    opened.run.start()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def document(edge: Edge) -> Iterator[Any]:
    with edge.served() as url:
        yield schemathesis.openapi.from_url(f"{url}/v1/openapi.json")


def test_every_route_is_in_the_document(document: Any) -> None:
    """And none is there that is not served; each has an id of its own."""
    found = document.get_all_operations()

    served = {result.ok().label for result in found}

    assert served == set(OPERATIONS)
    assert len({name for name, _ in OPERATIONS.values()}) == len(OPERATIONS)


@pytest.mark.parametrize("route", sorted(set(OPERATIONS) - {"GET /v1/events"}))
def test_every_answer_is_as_the_document_says(document: Any, route: str) -> None:
    """No failure, no status, media type or body that is not written there, nothing wrong taken for right."""
    method, path = route.split()
    operation = document[path][method]
    modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(max_examples=60)
    @given(case=st.one_of(modes))
    def asked(case: Case) -> None:
        case.call_and_validate(excluded_checks=EXCLUDED.get(route, []))

    asked()

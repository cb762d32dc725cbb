"""How the service itself is, told also while it is not well."""

from typing import Any

from httpx import Client


def test_what_hinders_is_told_while_there_is_no_state(client: Client, service: Any) -> None:
    """Just then somebody wants to know; figures that nobody has are left out."""
    service.recovering, service.trouble = True, "the state is being read back"

    status = client.get("/v1/status")

    assert status.status_code == 200
    assert (status.json()["ready"], status.json()["hindrance"]) == (False, "the state is being read back")
    assert (status.json()["outcomes"], status.json()["row_bytes"]) == ({}, None)


def test_a_service_that_is_well_says_what_it_holds(client: Client, service: Any) -> None:
    """Partitions with their customers, and what a customer takes."""
    service.known = {"a", "b"}

    status = client.get("/v1/status").json()

    assert (status["ready"], status["behind"], status["row_bytes"]) == (True, 0, 1_000)
    assert [each["customers"] for each in status["partitions"]] == [2]

"""A Kafka with TLS, SASL and permissions: workers do their work there, and who is not let in hears why."""

from pathlib import Path
from typing import Any

import pytest

from tests.kafka.commands import environment, rapport
from tests.kafka.conftest import Fresh
from tests.kafka.secured import SecuredBroker, all_that_a_worker_needs, token
from tests.kafka.trial import trial

WRONG: dict[str, tuple[dict[str, str], list[str]]] = {
    "password": ({"sasl_password": "byron"}, ["does not let ada in", "RAPPORT_SASL_PASSWORD"]),
    "authority": ({"ca_file": "other.pem"}, ["none that is trusted", "other.pem", "RAPPORT_CA_FILE"]),
    "host": ({"broker": "127.0.0.1"}, ["is for another name", "127.0.0.1", "RAPPORT_BROKER"]),
}
MORE: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "mechanism": ("SCRAM-SHA-256", {}, ["SCRAM-SHA-256", "RAPPORT_SASL_MECHANISM"]),
    "plain password": ("PLAIN", {"sasl_password": "byron"}, ["does not let ada in", "RAPPORT_SASL_PASSWORD"]),
    "system's authorities": ("PLAIN", {"ca_file": ""}, ["the system's", "RAPPORT_CA_FILE"]),
    "old token": ("OAUTHBEARER", {"oauth_token_file": "old"}, ["the token", "RAPPORT_OAUTH_TOKEN_FILE"]),
    "no token": ("OAUTHBEARER", {"oauth_token_file": "none"}, ["oauth_token_file", "No such file"]),
    "no name": ("PLAIN", {"security": "tls"}, ["has no name", "RAPPORT_SECURITY to sasl_tls"]),
    "no TLS": ("PLAIN", {"security": "sasl_plaintext", "ca_file": ""}, ["RAPPORT_SECURITY to sasl_tls"]),
    "no certificate": ("NONE", {}, ["client's certificate", "RAPPORT_CERT_FILE"]),
}


def chosen(secured: SecuredBroker, mechanism: str, changes: dict[str, str]) -> dict[str, Any]:
    """Return the settings of a way in, but for the changes; certificates and tokens by their names."""
    settings: dict[str, Any] = secured.way_in(mechanism) | changes
    if changes.get("broker"):
        settings["broker"] = secured.sasl.replace("localhost", changes["broker"])
    for each in ("ca_file", "oauth_token_file"):
        if changes.get(each):
            settings[each] = secured.file(changes[each])
    if changes.get("security") == "tls":
        del settings["sasl_username"], settings["sasl_password"]
    return settings


def test_a_worker_comes_in_with_scram_and_loses_nothing(
    secured: SecuredBroker, names: Fresh, tmp_path: Path
) -> None:
    """Over TLS, with only the permissions that the README names: every output is there, exactly once."""
    secured.allow(all_that_a_worker_needs(names.app, names.prefix))
    with trial(secured, names, tmp_path, seed=41, partitions=2, **secured.way_in()) as run:
        run.fleet.start()
        run.fleet.wait_until_ready()
        run.flow()

        run.wait_until_flowing()

        run.settle()


@pytest.mark.parametrize("mechanism", ["PLAIN", "OAUTHBEARER", "NONE"])
def test_the_other_ways_in(secured: SecuredBroker, names: Fresh, mechanism: str) -> None:
    """By password, by token, and by a client's certificate without a name."""
    settings = secured.way_in(mechanism)
    if mechanism == "NONE":
        settings |= {"cert_file": secured.file("client.crt"), "key_file": secured.file("client.key")}

    planned = rapport(environment(secured, names, **settings), "topics", "plan")

    assert planned.returncode == 0, planned.stdout + planned.stderr


@pytest.mark.parametrize("command", [("worker",), ("doctor",), ("topics", "plan")])
@pytest.mark.parametrize("what", WRONG)
def test_who_is_not_let_in_hears_why(
    secured: SecuredBroker, names: Fresh, what: str, command: tuple[str, ...]
) -> None:
    """One line with the setting to change, at once."""
    changes, words = WRONG[what]
    variables = environment(secured, names, metrics_port=0, **chosen(secured, "SCRAM-SHA-512", changes))

    see_it_refused(rapport(variables, *command), words)


@pytest.mark.parametrize("what", MORE)
def test_each_way_to_be_wrong_has_its_way_out(secured: SecuredBroker, names: Fresh, what: str) -> None:
    """Mechanisms, tokens, certificates and ports that are not those of the broker."""
    mechanism, changes, words = MORE[what]
    Path(secured.file("old")).write_text(token(lifetime_s=-100), encoding="utf-8")

    see_it_refused(
        rapport(environment(secured, names, **chosen(secured, mechanism, changes)), "doctor"), words
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"security": "tls"}, ["does not speak TLS", "RAPPORT_SECURITY to plaintext"]),
        (
            {"security": "sasl_plaintext", "sasl_username": "ada", "sasl_password": "p"},
            ["asks nobody's name", "RAPPORT_SECURITY to plaintext"],
        ),
    ],
)
def test_a_broker_without_security_is_told_from_one_with_it(
    secured: SecuredBroker, names: Fresh, settings: dict[str, str], words: list[str]
) -> None:
    """Its plain port is tried as if it were a secured one."""
    see_it_refused(rapport(environment(secured, names, **settings), "doctor"), words)


def see_it_refused(ended: Any, words: list[str]) -> None:
    """See that a command ended with 1 and one line that holds the words."""
    said = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert (ended.returncode, len(said)) == (1, 1), ended.stdout + ended.stderr
    assert all(word in said[0] for word in words), said[0]

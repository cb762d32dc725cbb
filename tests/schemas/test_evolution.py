"""The contract only grows: readers of yesterday's payloads still read, and closed sets stay closed."""

import json
from enum import StrEnum

import msgspec
import pytest

from schemas.dead_letter import DeadLetterReason
from schemas.json_schema import PUBLIC, document
from schemas.outputs import MoveDirection, Severity
from schemas.touchpoint import INTERNAL_KINDS, Channel, Direction, Kind, Subject, Touchpoint

# The fields that a payload of the first version had to have. A later field has a default: no line grows.
FIRST_VERSION = {
    "Touchpoint": "message_id event timestamp",
    "ScoreUpdated": "type id customer_id at model model_version scores levels mix stages",
    "Rfm": "recency_ms frequency monetary",
    "StageChanged": "type id customer_id at model model_version framework from_stage to_stage direction "
    "dwell_ms because",
    "Because": "rule values touchpoints trigger",
    "Contribution": "event points share",
    "Trigger": "kind",
    "AlertRaised": "type id customer_id at model model_version alert severity message because",
    "AlertResolved": "type id customer_id at model model_version alert raised_id because",
    "DeadLetter": "reason message value",
    "LateTouchpoint": "customer_id value late_by_ms",
    "CustomerView": "customer_id as_of first last scores dimensions mix levels stages signals answers "
    "open_alerts recent rfm next_due",
    "SignalView": "count days sum first last",
    "AnswerView": "value at",
    "OpenAlert": "alert since",
    "RecentChange": "at kind what to",
    "Why": "customer_id as_of scores dimensions stages alerts",
    "ScoreWhy": "value touchpoints",
    "StageWhy": "stage since rule values others",
    "RuleReading": "rule holds values",
    "StageReading": "rule holds values",
    "PartitionKpis": "as_of customers new_today active stages scores answers transitions alerts_open "
    "alerts_raised signals segments outcomes",
    "ScoreFigures": "customers sum bins",
    "AnswerFigures": "answers sum values",
    "Receipt": "accepted refused",
    "RefusedItem": "index reason message",
    "TransitionPage": "transitions next",
    "AlertBook": "alerts next",
    "AlertEntry": "state raised",
    "Acknowledgement": "by at",
    "Acknowledge": "note",
    "CustomerPage": "customers next",
    "CustomerLine": "customer_id as_of scores levels stages",
    "TouchpointPage": "touchpoints next",
    "TouchpointLine": "message_id event at",
    "ScoreHistory": "points next",
    "ScorePoint": "at scores",
    "KpiHistory": "step points",
    "KpiPoint": "start kpis",
    "Flows": "framework kind days as_of stages flows by_day",
    "StageFlow": "stage customers mean_ms entered left",
    "Flow": "from_stage to_stage moves",
    "ModelInfo": "name version digest currency frameworks dimensions scores signals questions alerts "
    "touchpoints unmapped segments goals findings",
    "FrameworkInfo": "name kind levels dwell_ms hard stages",
    "StageInfo": "name when",
    "QuestionInfo": "name low high window_ms figure",
    "AlertInfo": "name kind severity when message cooldown_ms",
    "EntryInfo": "event where type signals dimensions answers matched",
    "Finding": "severity line reason",
    "Status": "version mode started now ready hindrance behind outcomes partitions row_bytes readers",
    "PartitionStatus": "partition as_of customers",
    "Health": "status",
    "Session": "guarded name scope",
    "Problem": "title status detail",
}

MINIMAL = {
    "message_id": "m1",
    "event": "Page Viewed",
    "timestamp": "2025-03-03T09:30:00+01:00",
    "customer_id": "c1",
}


def definitions() -> dict[str, dict[str, object]]:
    """Return the schema of every published struct by its name."""
    return {
        name: schema for public in PUBLIC for name, schema in json.loads(document(public))["$defs"].items()
    }


def required_fields(schema: dict[str, object]) -> set[str]:
    """Return the fields that a payload must have, as the schema says."""
    required = schema["required"]
    assert isinstance(required, list)
    return set(required)


@pytest.mark.parametrize("name", FIRST_VERSION)
def test_a_payload_of_the_first_version_is_still_complete(name: str) -> None:
    """A field added since has a default: no more is asked for than at first."""
    required = required_fields(definitions()[name])

    assert required <= set(FIRST_VERSION[name].split())


def test_every_struct_has_its_first_version_on_record() -> None:
    """A new struct enters the table with the fields that it requires when it is first published."""
    structs = {name for name, schema in definitions().items() if schema.get("type") == "object"}

    assert structs == FIRST_VERSION.keys()


def test_a_required_field_that_came_later_is_seen() -> None:
    """Planted: a health answer that also demands a reason would break its readers."""
    changed = msgspec.defstruct("Health", [("status", str), ("reason", str)])
    (_,), schemas = msgspec.json.schema_components([changed])

    surplus = required_fields(schemas["Health"]) - set(FIRST_VERSION["Health"].split())

    assert surplus == {"reason"}


def test_what_a_touchpoint_leaves_out_has_the_documented_meaning() -> None:
    """Four fields are enough: a customer acted, on some channel, and it is a `track` call."""
    touchpoint = msgspec.json.decode(json.dumps(MINIMAL), type=Touchpoint)

    assert touchpoint.subject is Subject.CUSTOMER
    assert touchpoint.kind is Kind.TRACK
    assert touchpoint.direction is Direction.IN
    assert touchpoint.channel is Channel.OTHER
    assert touchpoint.properties is None


def test_unknown_fields_of_a_touchpoint_are_ignored() -> None:
    """A tracker may send more than Rapport reads."""
    plain = msgspec.json.decode(json.dumps(MINIMAL), type=Touchpoint)

    touchpoint = msgspec.json.decode(json.dumps({**MINIMAL, "library": {"name": "t.js"}}), type=Touchpoint)

    assert touchpoint == plain


@pytest.mark.parametrize("field", ["subject", "kind", "direction", "channel"])
@pytest.mark.parametrize("value", ["carrier_pigeon", "", "TRACK", None, 3])
def test_the_sets_of_a_touchpoint_are_closed(field: str, value: object) -> None:
    """A value outside its set is refused, never taken for another."""
    payload = json.dumps({**MINIMAL, field: value})

    with pytest.raises(msgspec.ValidationError, match=rf"\$\.{field}"):
        msgspec.json.decode(payload, type=Touchpoint)


@pytest.mark.parametrize("kind", sorted(INTERNAL_KINDS))
def test_a_touchpoint_cannot_be_of_an_internal_kind(kind: str) -> None:
    """Time and model changes enter the log from Rapport alone."""
    payload = json.dumps({**MINIMAL, "kind": kind})

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(payload, type=Touchpoint)


@pytest.mark.parametrize(
    ("closed", "values"),
    [
        (Subject, "customer account business"),
        (Kind, "track identify page screen group alias delete"),
        (Direction, "in out"),
        (Channel, "web mobile email sms push social chat phone in_person store community api other"),
        (MoveDirection, "forward back lateral"),
        (Severity, "info warning critical"),
        (
            DeadLetterReason,
            "not_json invalid no_subject too_large key_mismatch unsupported_version internal_kind future "
            "internal_error",
        ),
    ],
)
def test_a_closed_set_holds_the_published_values(closed: type[StrEnum], values: str) -> None:
    """They are metric labels, topic values and operands of rules: none goes, and a new one is added here."""
    assert [member.value for member in closed] == values.split()


@pytest.mark.parametrize(
    ("field", "fits", "too_much"),
    [
        ("message_id", "m" * 128, "m" * 129),
        ("message_id", "m", ""),
        ("customer_id", "c" * 256, "c" * 257),
        ("customer_id", "c", ""),
        ("account_id", "a" * 256, "a" * 257),
        ("account_id", "a", ""),
        ("event", "e" * 256, "e" * 257),
        ("event", "e", ""),
        ("timestamp", "2025-03-03T09:30:00Z", "2025-03-03T09:30:00"),
        ("received_at", "2025-03-03T09:30:00-05:00", "2025-03-03"),
        ("consent", {"marketing": True}, {"marketing": "yes"}),
        ("properties", {"revenue": 1}, [1]),
    ],
)
def test_a_field_is_bounded_on_both_sides(field: str, fits: object, too_much: object) -> None:
    """The last value that fits is taken; the first that does not is refused and its field named."""
    msgspec.json.decode(json.dumps({**MINIMAL, field: fits}), type=Touchpoint)

    with pytest.raises(msgspec.ValidationError, match=rf"\$\.{field}"):
        msgspec.json.decode(json.dumps({**MINIMAL, field: too_much}), type=Touchpoint)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_refused(number: str) -> None:
    """Not-a-number and the infinities are no JSON, wherever they stand."""
    payload = json.dumps(MINIMAL)[:-1] + f', "properties": {{"revenue": {number}}}}}'

    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(payload, type=Touchpoint)


def test_a_payload_nested_too_deep_is_refused() -> None:
    """Depth costs a refusal, never the process."""
    depth = 5000
    payload = json.dumps(MINIMAL)[:-1] + f', "properties": {{"deep": {"[" * depth}{"]" * depth}}}}}'

    with pytest.raises(RecursionError):
        msgspec.json.decode(payload, type=Touchpoint)

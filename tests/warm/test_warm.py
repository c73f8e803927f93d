"""`make warm` shows the price, changes only after a yes, and undoes what it can: also after it stopped half way."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import StringIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from chalicelib.petitions.find import petition_as_stored
from stack.console import Failure
from stack.ready.stage import StackDescription
from stack.ready.verdict import Expected
from stack.warm.__main__ import main, revert, warm
from stack.warm.act import Warming
from stack.warm.plan import UNIT_USD, CapacityChange, CapacityKind, plan
from tests.actors import a_published_petition
from tests.fakes import FakeTables
from tests.ready.accounts import DEFAULT, NEW, OUTPUTS, PARAMETERS, STACK, Limits, values

FUNCTIONS = {f"{name}Name": f"prod-{name}" for name in ("StaffAuthorizer", "RelayMail", "SendMail", "StoreOverflow")}
STAGE = StackDescription(STACK, {**OUTPUTS, **FUNCTIONS}, PARAMETERS)
EVENING = Expected(1_000, 3_600)


class Aws:
    """Lambda's reservations and DynamoDB's warm throughput. `calls_left`: how many calls work before one is refused."""

    def __init__(self, calls_left: int = 100) -> None:
        self.reserved: dict[str, int] = {}
        self.warmed: dict[str, int] = {}
        self.calls_left = calls_left

    def clients(self, service: str, region: str) -> Any:
        return self

    def _called(self, service: str, operation: str, asked: dict[str, Any]) -> None:
        """Refuse what botocore's model refuses."""
        validate_parameters(asked, _client(service).meta.service_model.operation_model(operation).input_shape)
        if self.calls_left == 0:
            raise ClientError({"Error": {"Code": "LimitExceededException", "Message": "not now"}}, operation)
        self.calls_left -= 1

    def put_function_concurrency(self, **asked: Any) -> None:
        self._called("lambda", "PutFunctionConcurrency", asked)
        self.reserved[asked["FunctionName"]] = asked["ReservedConcurrentExecutions"]

    def delete_function_concurrency(self, **asked: Any) -> None:
        self._called("lambda", "DeleteFunctionConcurrency", asked)
        self.reserved.pop(asked["FunctionName"], None)

    def update_table(self, **asked: Any) -> None:
        self._called("dynamodb", "UpdateTable", asked)
        self.warmed[asked["TableName"]] = asked["WarmThroughput"]["WriteUnitsPerSecond"]


@cache
def _client(service: str) -> Any:
    session: Any = boto3.session.Session("x", "x", region_name="eu-west-2")
    return session.client(service)


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def warming(aws: Aws, tables: FakeTables) -> Warming:
    a_published_petition(tables, shards=10)
    return Warming(aws.clients, tables)


def planned(limits: Limits) -> tuple[list[CapacityChange], list[str]]:
    return plan(values(limits), STAGE, EVENING)


def yes() -> bool:
    return True


ALL, LEFT = planned(replace(DEFAULT, shards=10, pace=500, rate=600))


def output_of(act: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> str:
    act()
    return capsys.readouterr().out


def test_everything_is_changed_after_a_yes(aws: Aws, warming: Warming, tables: FakeTables) -> None:
    warm(warming, ALL, LEFT, yes)
    assert aws.warmed == {"signatures": 8_000}
    assert aws.reserved == {
        "prod-StaffAuthorizer": 20,
        "prod-RelayMail": 32,
        "prod-SendMail": 125,
        "prod-StoreOverflow": 3,
    }
    assert petition_as_stored("safe-children", tables).shards > 10


def test_the_price_is_shown_before_the_question(warming: Warming, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> bool:
        assert f"${4_000 * UNIT_USD:,.2f} once; stays: it can never be lowered" in capsys.readouterr().out
        return False

    with pytest.raises(Failure, match="nothing was changed"):
        warm(warming, ALL, LEFT, refuse)


def test_a_no_changes_nothing(aws: Aws, warming: Warming) -> None:
    with pytest.raises(Failure):
        warm(warming, ALL, LEFT, lambda: False)
    assert (aws.warmed, aws.reserved, warming.recorded_changes()) == ({}, {}, [])


def test_revert_restores_what_was_before_and_says_what_stays(
    aws: Aws, warming: Warming, capsys: pytest.CaptureFixture[str]
) -> None:
    with_reservation = [replace(each, before=7) if each.target == "prod-RelayMail" else each for each in ALL]
    warm(warming, with_reservation, LEFT, yes)
    output = output_of(lambda: revert(warming), capsys)
    assert aws.reserved == {"prod-RelayMail": 7}
    assert "stays: warm throughput of signatures, up to 8,000" in output
    assert "stays: tally shards of safe-children" in output
    assert "Nothing to undo" in output_of(lambda: revert(warming), capsys)


@pytest.mark.parametrize("working", range(5))
def test_a_run_that_stops_half_way_says_so_and_can_be_continued_or_undone(
    working: int, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    a_published_petition(tables, shards=10)
    aws = Aws(working)
    warming = Warming(aws.clients, tables)
    with pytest.raises(Failure, match=r"only \d of 6 changed; not: .*make warm REVERT=1"):
        warm(warming, ALL, LEFT, yes)
    aws.calls_left = 1
    with pytest.raises(Failure, match="Run make warm REVERT=1 again"):
        revert(warming)
    aws.calls_left = 100
    revert(warming)
    assert aws.reserved == {}
    warm(warming, ALL, LEFT, yes)
    assert len(aws.reserved) == 4


def test_a_second_run_keeps_what_the_first_one_found(aws: Aws, warming: Warming) -> None:
    change = CapacityChange(CapacityKind.RESERVED, "prod-SendMail", 0, 48)
    warm(warming, [change], [], yes)
    warm(warming, [replace(change, before=48, after=125)], [], yes)
    assert warming.recorded_changes() == [CapacityChange(CapacityKind.RESERVED, "prod-SendMail", 0, 125)]
    revert(warming)
    assert aws.reserved == {}


def test_the_command_shows_the_price_changes_after_a_yes_and_reverts(
    aws: Aws, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command. The account is read from botocore's stubs."""
    a_published_petition(tables, shards=10)
    found = values(replace(DEFAULT, shards=10, pace=500, rate=600))
    for name, stub in {
        "describe_stack": lambda *_: STAGE,
        "clients": lambda _: aws.clients,
        "read_all": lambda *_, **__: found,
        "Tables": lambda *_: tables,
    }.items():
        monkeypatch.setattr(f"stack.warm.__main__.{name}", stub)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    crowd = ["--stage", "prod", "--expect", "1000/s", "--for", "1h"]
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(Failure, match="set YES=1"):
        main(crowd)
    assert (aws.warmed, aws.reserved) == ({}, {})
    assert "In all $2.60 once" in capsys.readouterr().out
    monkeypatch.setenv("YES", "1")
    main(crowd)
    assert aws.warmed == {"signatures": 8_000}
    assert aws.reserved["prod-RelayMail"] == 32
    main([*crowd, "--revert"])
    assert aws.reserved == {}
    assert "stays: warm throughput of signatures, up to 8,000" in capsys.readouterr().out


def test_a_new_account_can_reserve_nothing() -> None:
    changes, left = planned(NEW)
    assert not [each for each in changes if each.kind is CapacityKind.RESERVED]
    assert any("Lambda keeps 100" in why for why in left)


def test_what_cannot_be_read_is_not_changed() -> None:
    found = values(DEFAULT, denied=["describe_table", "get_function_concurrency", "query"])
    changes, left = plan(found, STAGE, EVENING)
    assert changes == []
    assert "warm throughput: the table's value could not be read" in left

"""`make warm` shows the price, changes capacity only after a yes, and can undo that, also if it stopped half way."""

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
from stack.ready.forecast import Expected, service_times
from stack.ready.stage import StackDescription
from stack.warm.__main__ import main, revert, warm
from stack.warm.act import Warming
from stack.warm.plan import UNIT_USD, CapacityChange, CapacityKind, plan
from tests.actors import a_published_petition
from tests.fakes import FakeTables
from tests.ready.accounts import DEFAULT, NEW, OUTPUTS, PARAMETERS, STACK, Limits, values

FUNCTIONS = {f"{name}Name": f"prod-{name}" for name in ("StaffAuthorizer", "RelayMail", "SendMail", "StoreOverflow")}
STAGE = StackDescription(STACK, {**OUTPUTS, **FUNCTIONS}, PARAMETERS)
CROWD = Expected(1_000, 3_600)


class FakeAws:
    """Lambda's reservations and DynamoDB's warm throughput. After `calls_left` calls, each call is refused."""

    def __init__(self, calls_left: int = 100) -> None:
        self.reserved: dict[str, int] = {}
        self.warmed: dict[str, int] = {}
        self.calls_left = calls_left

    def clients(self, service: str, region: str) -> Any:
        return self

    def _count_call(self, service: str, operation: str, request: dict[str, Any]) -> None:
        """Refuse a request that botocore's model refuses, and every call once none is left."""
        validate_parameters(request, _client(service).meta.service_model.operation_model(operation).input_shape)
        if self.calls_left == 0:
            raise ClientError({"Error": {"Code": "LimitExceededException", "Message": "not now"}}, operation)
        self.calls_left -= 1

    def put_function_concurrency(self, **request: Any) -> None:
        self._count_call("lambda", "PutFunctionConcurrency", request)
        self.reserved[request["FunctionName"]] = request["ReservedConcurrentExecutions"]

    def delete_function_concurrency(self, **request: Any) -> None:
        self._count_call("lambda", "DeleteFunctionConcurrency", request)
        self.reserved.pop(request["FunctionName"], None)

    def update_table(self, **request: Any) -> None:
        self._count_call("dynamodb", "UpdateTable", request)
        self.warmed[request["TableName"]] = request["WarmThroughput"]["WriteUnitsPerSecond"]


@cache
def _client(service: str) -> Any:
    session: Any = boto3.session.Session("x", "x", region_name="eu-west-2")
    return session.client(service)


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def warming(aws: FakeAws, tables: FakeTables) -> Warming:
    a_published_petition(tables, shards=10)
    return Warming(aws.clients, tables)


def plan_for(limits: Limits) -> tuple[list[CapacityChange], list[str]]:
    with pytest.MonkeyPatch.context() as patch:  # Storing a signature takes 0.02 s, whatever was measured last.
        patch.setattr("stack.warm.plan.service_times", lambda: replace(service_times(), store=0.02))
        return plan(values(limits), STAGE, CROWD)


def agree() -> bool:
    return True


CHANGES, UNCHANGED_REASONS = plan_for(replace(DEFAULT, shards=10, mail_per_second=500, emails_a_second=600))


def output_of(act: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> str:
    act()
    return capsys.readouterr().out


def test_everything_is_changed_after_a_yes(aws: FakeAws, warming: Warming, tables: FakeTables) -> None:
    warm(warming, CHANGES, UNCHANGED_REASONS, agree)
    assert aws.warmed == {"signatures": 8_000}
    reserved = {"StaffAuthorizer": 20, "RelayMail": 32, "SendMail": 125, "StoreOverflow": 4}
    assert aws.reserved == {f"prod-{name}": number for name, number in reserved.items()}
    assert petition_as_stored("safe-children", tables).shards > 10


def test_the_price_is_shown_before_the_question(warming: Warming, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> bool:
        assert f"${4_000 * UNIT_USD:,.2f} once; stays: it can never be lowered" in capsys.readouterr().out
        return False

    with pytest.raises(Failure, match="nothing was changed"):
        warm(warming, CHANGES, UNCHANGED_REASONS, refuse)


def test_a_refusal_changes_nothing(aws: FakeAws, warming: Warming) -> None:
    with pytest.raises(Failure):
        warm(warming, CHANGES, UNCHANGED_REASONS, lambda: False)
    assert (aws.warmed, aws.reserved, warming.recorded_changes()) == ({}, {}, [])


def test_revert_restores_the_earlier_values_and_prints_which_changes_stay(
    aws: FakeAws, warming: Warming, capsys: pytest.CaptureFixture[str]
) -> None:
    with_reservation = [replace(each, before=7) if each.target == "prod-RelayMail" else each for each in CHANGES]
    warm(warming, with_reservation, UNCHANGED_REASONS, agree)
    output = output_of(lambda: revert(warming), capsys)
    assert aws.reserved == {"prod-RelayMail": 7}
    assert "stays: warm throughput of signatures, up to 8,000" in output
    assert "stays: tally shards of safe-children" in output
    assert "Nothing to undo" in output_of(lambda: revert(warming), capsys)


@pytest.mark.parametrize("calls_left", range(5))
def test_a_run_that_stops_half_way_reports_that_and_can_be_continued_or_undone(
    calls_left: int, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    a_published_petition(tables, shards=10)
    aws = FakeAws(calls_left)
    warming = Warming(aws.clients, tables)
    with pytest.raises(Failure, match=r"only \d of 6 changed; not: .*make warm REVERT=1"):
        warm(warming, CHANGES, UNCHANGED_REASONS, agree)
    aws.calls_left = 1
    with pytest.raises(Failure, match="Run make warm REVERT=1 again"):
        revert(warming)
    aws.calls_left = 100
    revert(warming)
    assert aws.reserved == {}
    warm(warming, CHANGES, UNCHANGED_REASONS, agree)
    assert len(aws.reserved) == 4


def test_a_second_run_keeps_the_values_that_the_first_run_found(aws: FakeAws, warming: Warming) -> None:
    change = CapacityChange(CapacityKind.RESERVED, "prod-SendMail", 0, 48)
    warm(warming, [change], [], agree)
    warm(warming, [replace(change, before=48, after=125)], [], agree)
    assert warming.recorded_changes() == [CapacityChange(CapacityKind.RESERVED, "prod-SendMail", 0, 125)]
    revert(warming)
    assert aws.reserved == {}


def test_the_command_prints_the_price_warms_after_a_yes_and_reverts(
    aws: FakeAws, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command. The account is read from botocore's stubs."""
    a_published_petition(tables, shards=10)
    account_values = values(replace(DEFAULT, shards=10, mail_per_second=500, emails_a_second=600))
    for name, stub in {
        "describe_stack": lambda *_: STAGE,
        "clients": lambda _: aws.clients,
        "read_all": lambda *_, **__: account_values,
        "Tables": lambda *_: tables,
    }.items():
        monkeypatch.setattr(f"stack.warm.__main__.{name}", stub)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    command = ["--stage", "prod", "--expect", "1000/s", "--for", "1h"]
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(Failure, match="set YES=1"):
        main(command)
    assert (aws.warmed, aws.reserved) == ({}, {})
    assert "In all $2.60 once" in capsys.readouterr().out
    monkeypatch.setenv("YES", "1")
    main(command)
    assert aws.warmed == {"signatures": 8_000}
    assert aws.reserved["prod-RelayMail"] == 32
    main([*command, "--revert"])
    assert aws.reserved == {}
    assert "stays: warm throughput of signatures, up to 8,000" in capsys.readouterr().out


def test_a_new_account_can_reserve_nothing() -> None:
    changes, unchanged_reasons = plan_for(NEW)
    assert not [each for each in changes if each.kind is CapacityKind.RESERVED]
    assert any("Lambda keeps 100" in reason for reason in unchanged_reasons)


def test_a_capacity_that_cannot_be_read_is_not_changed() -> None:
    account_values = values(DEFAULT, denied=["describe_table", "get_function_concurrency", "query"])
    changes, unchanged_reasons = plan(account_values, STAGE, CROWD)
    assert changes == []
    assert "warm throughput: the table's value could not be read" in unchanged_reasons

"""`make warm` shows the price, changes capacity only after a yes, and can undo that, also if it stopped half way."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from chalicelib.core.errors import Denied
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
from tests.warm.fake_aws import FakeAws

FUNCTIONS = {f"{name}Name": f"prod-{name}" for name in ("StaffAuthorizer", "RelayMail", "SendMail", "StoreOverflow")}
STAGE = StackDescription(STACK, {**OUTPUTS, **FUNCTIONS}, PARAMETERS)
CROWD = Expected(1_000, 3_600)


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def warming(aws: FakeAws, tables: FakeTables) -> Warming:
    a_published_petition(tables, shards=10)
    return Warming(aws.clients, tables)


def plan_for(limits: Limits) -> tuple[list[CapacityChange], list[str]]:
    # Storing a signature takes 0.02 s, whatever was measured last.
    times = replace(service_times(), store=0.02)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stack.warm.plan.service_times", lambda: times)
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
    with_reservation: list[CapacityChange] = []
    for change in CHANGES:
        had_reservation = change.target == "prod-RelayMail"
        with_reservation.append(replace(change, before=7) if had_reservation else change)
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


def test_a_refused_change_does_not_keep_the_others_from_being_made(tables: FakeTables) -> None:
    a_published_petition(tables, shards=10)
    aws = FakeAws(refused=["UpdateTable"])
    text = r"only 5 of 6 changed; not: warm throughput of signatures \(.*LimitExceededException.*not now\)\. Run"
    with pytest.raises(Failure, match=text):
        warm(Warming(aws.clients, tables), CHANGES, UNCHANGED_REASONS, agree)
    assert len(aws.reserved) == 4
    assert petition_as_stored("safe-children", tables).shards > 10


@pytest.mark.parametrize("error", [NoCredentialsError(), ClientError({"Error": {}}, "GetItem"), Denied("storage")])
def test_without_access_to_the_record_of_changes_nothing_is_changed_and_the_failure_says_what_to_do(
    error: Exception, warming: Warming, tables: FakeTables, aws: FakeAws
) -> None:
    rights = "docs/ready-policy.json and docs/warm-policy.json"
    tables.fail_next(error)
    with pytest.raises(Failure, match=f"nothing was changed: .*{rights}. Then run make warm again"):
        warm(warming, CHANGES, UNCHANGED_REASONS, agree)
    tables.fail_next(error)
    with pytest.raises(Failure, match=f"nothing was undone: .*{rights}. Then run make warm REVERT=1 again"):
        revert(warming)
    assert (aws.warmed, aws.reserved) == ({}, {})


def test_the_failure_has_the_text_of_aws(warming: Warming, tables: FakeTables) -> None:
    denied = Denied("storage")
    denied.__cause__ = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetItem")
    tables.fail_next(denied)
    with pytest.raises(Failure, match=r"AccessDeniedException.*GetItem"):
        revert(warming)


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

"""Metrics in log lines: what CloudWatch reads from whole flows, with few dimensions."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.aws.table import Change, NewItem
from chalicelib.core import keys, log
from chalicelib.core.errors import Conflicted, MailRefused, Throttled
from chalicelib.core.metrics import NAMESPACE, Metric
from chalicelib.edge.batch import RunFailed
from tests.actors import (
    ALICE,
    BOB,
    MINUTE,
    NOW,
    a_petition,
    confirmed,
    fields_of,
    identity_of,
    item_of,
    json_of,
    request_of,
)
from tests.fake_site import JSON, FakeSite, schedule_event, stream_event
from tests.fakes import FakeTables
from tests.log_lines import Lines

API_PATH, FORM_PATH = "/api/petitions/safe-children/signatures", "/petitions/safe-children/signatures"
_CONFIGURED = log._configure_once


def metrics_in(lines: list[dict[str, Any]], petition: str | None = None) -> Counter[str]:
    """Return the sums that CloudWatch computes for the stage, or for one of its petitions."""
    wanted = ["stage", "petition"] if petition else ["stage"]
    sums: Counter[str] = Counter()
    for line in lines:
        for block in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert block["Namespace"] == NAMESPACE
            for dimensions in block["Dimensions"]:
                assert set(dimensions) <= line.keys()
            is_about_petition = petition is None or line.get("petition") == petition
            if is_about_petition and wanted in block["Dimensions"]:
                names = {metric["Name"] for metric in block["Metrics"]}
                sums.update({name: line[name] for name in names})
    return sums


def test_signing_is_one_line_with_its_metrics_in_it(fake_site: FakeSite, lines: Lines) -> None:
    fake_site.post_json(API_PATH, json_of())
    (line,) = lines()
    assert (line["event"], line["stage"], line["petition"], line["Accepted"]) == ("signed", "test", "safe-children", 1)
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "Petitions",
            "Dimensions": [["stage"]],
            "Metrics": [{"Name": "Accepted", "Unit": "Count"}],
        }
    ]


def test_new_and_repeated_signatures_and_refusals_have_their_own_metric_and_unknown_petitions_no_dimension(
    fake_site: FakeSite, lines: Lines
) -> None:
    fake_site.post_json(API_PATH, json_of())
    fake_site.post_json(API_PATH, json_of())
    fake_site.post_form(FORM_PATH, fields_of(BOB))
    fake_site.post_json(API_PATH, json_of(name=""))
    fake_site.post(API_PATH, b"{", JSON)
    fake_site.post_json("/api/petitions/made-up/signatures", json_of())
    fake_site.get("/api/petitions/made-up/count")
    assert metrics_in(lines()) == {"Accepted": 2, "Repeated": 1, "Refused": 4}
    assert "made-up" not in {line.get("petition") for line in lines() if "_aws" in line}


def test_confirming_and_withdrawing_count_once(fake_site: FakeSite, lines: Lines) -> None:
    fake_site.post_json(API_PATH, json_of())
    petition = a_petition()
    item = item_of(fake_site.tables, petition, identity_of(petition))
    fake_site.invoke("relay_mail", stream_event([("1", None, item)]))
    fake_site.clock.forward(2 * MINUTE)
    fake_site.deliver("send_mail", fake_site.queue.messages)
    for purpose in ("confirm", "withdraw"):
        link = fake_site.last_link(purpose)
        for _ in range(2):
            fake_site.post(link, b"", "application/x-www-form-urlencoded")
    written = lines()
    sums = metrics_in(written)
    assert (sums["Confirmed"], sums["Withdrawn"]) == (1, 1)
    assert (sums["MailRequested"], sums["MailSent"], sums["MailAge"]) == (1, 1, 120)
    assert metrics_in(written, "safe-children") == {"Confirmed": 1}, "each metric of a petition costs money"


def test_refused_and_delayed_email_have_their_own_metrics(fake_site: FakeSite, lines: Lines) -> None:
    petition = a_petition()
    fake_site.post_json(API_PATH, json_of())
    request = request_of(fake_site.tables, petition, identity_of(petition)).model_dump()
    fake_site.mailer.failures = [Throttled("mail"), MailRefused()]
    fake_site.deliver("send_mail", [request])
    fake_site.deliver("send_mail", [request])
    sums = metrics_in(lines())
    assert (sums["MessageLater"], sums["MailRefused"], sums["MailSent"]) == (1, 1, 0)


def test_conflicts_are_counted_where_they_are_retried(
    fake_site: FakeSite, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.begin("request")
    conflicts = iter([True, True, False])
    transact = FakeTables.transact

    def transact_with_conflicts(self: FakeTables, writes: list[Change | NewItem]) -> None:
        if next(conflicts, False):
            raise Conflicted("storage")
        transact(self, writes)

    monkeypatch.setattr(FakeTables, "transact", transact_with_conflicts)
    confirmed(fake_site.tables, a_petition())
    log.end()
    assert metrics_in(lines()) == {"Accepted": 1, "ConflictRetried": 2, "Confirmed": 1}


def test_a_process_counts_its_cold_start_with_its_first_line(
    environment: dict[str, str], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "configure", lambda _: None)
    monkeypatch.setattr(log, "_configure_once", _CONFIGURED.__wrapped__)
    log.begin("first")
    monkeypatch.setattr(log, "_configure_once", lambda: None)
    log.end(status=200)
    log.begin("second")
    log.end(status=200)
    assert metrics_in(lines()) == {Metric.COLD_START: 1}


@pytest.mark.parametrize("drift", [0, 1, -3])
def test_the_recount_reports_drift_even_if_it_is_zero(fake_site: FakeSite, lines: Lines, drift: int) -> None:
    confirmed(fake_site.tables, a_petition(), ALICE, NOW - 5 * MINUTE)
    fake_site.tables.update(Change(keys.tally_shard("safe-children", 0, NOW.date()), add={"cGB": drift}))
    fake_site.invoke("recount_tallies", schedule_event())
    written = lines()
    (line,) = [line for line in written if line["event"] == "recounted"]
    assert line["Drift"] == abs(drift)
    assert {"Drift", "PendingDrift"} <= metrics_in(written).keys()


def test_a_failed_recount_reports_no_drift(fake_site: FakeSite, lines: Lines) -> None:
    fake_site.tables.fail_next(Throttled("storage"))
    with pytest.raises(RunFailed):
        fake_site.invoke("recount_tallies", schedule_event())
    assert "Drift" not in metrics_in(lines())
    assert [line for line in lines() if line["event"] == "run_failed"]

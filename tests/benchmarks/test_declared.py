"""Cost and model use the settings of the template."""

from benchmarks import declared
from benchmarks.cost.quantities import BUSY, MAIL_EVENTS, invocations, lines
from benchmarks.lambdas import STREAM_READERS
from benchmarks.model.limits import Account
from benchmarks.results import read
from chalicelib.mail.rate_limit import senders_for


def test_the_model_has_as_many_workers_as_the_template() -> None:
    default = Account("default")
    assert default.senders == declared.maximum_concurrency("SendMail") == senders_for(12)
    assert Account("raised").senders == senders_for(Account("raised").mail_rate)
    assert default.storers == declared.maximum_concurrency("StoreOverflow") > 0
    assert [STREAM_READERS[name].parallelization_factor for name in ("relay", "project")] == [4, 1]


def test_a_delivered_email_costs_no_event() -> None:
    assert set(declared.mail_events()) == {"bounce", "complaint", "reject"}
    assert MAIL_EVENTS == invocations(BUSY)["feedback"] == 0
    all_lines = lines(read()["way"], 400, 250_000, BUSY)
    quantities = [line.quantity for line in all_lines if line.price == "topic_publish"]
    assert quantities == [0]

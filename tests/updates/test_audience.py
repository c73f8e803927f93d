"""Before an update goes out, staff see how many get it, how long it takes, and who has no text in their language."""

from datetime import timedelta

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.updates.publish import sending_time
from tests.actors import ALICE, BOB, CHARLIE, change_item, confirmed, item_of
from tests.fake_mailer import FakeQuota
from tests.fake_site import FakeSite, stream_event
from tests.updates.sending import ask, draft_update, subscribe

HOUR = timedelta(hours=1)
WELSH = {"title": "Atebodd", "markdown": "Do."}


def project_all(site: FakeSite, petition: Petition, identities: list[str]) -> None:
    images = [item_of(site.tables, petition, identity) for identity in identities]
    changes = [(str(number), None, image) for number, image in enumerate(images)]
    site.invoke("project_signatures", stream_event(changes))


def audience(site: FakeSite, path: str) -> dict[str, object]:
    answer = ask(site, "GET", f"{path}/audience")
    assert answer.status_code == 200, answer.body
    return dict(answer.json_body)


def test_only_those_who_asked_and_can_be_reached_are_counted(fake_site: FakeSite, petition: Petition) -> None:
    [alice, bounced] = subscribe(fake_site, petition, [ALICE, BOB])
    change_item(fake_site.tables, petition, bounced, undeliverable="bounced")
    without_updates = confirmed(fake_site.tables, petition, CHARLIE)
    project_all(fake_site, petition, [alice, bounced, without_updates])
    fake_site.other_queue.messages.append({})
    fake_site.quota.most = 1
    found = audience(fake_site, draft_update(fake_site))
    assert (found["people"], found["waiting"], found["seconds"]) == (1, 1, 1.5 * 86_400), "of both emails"
    assert found["languages"] == [{"language": "en", "people": 1, "text_in": "en"}]


@pytest.mark.parametrize(("translations", "text"), [({}, "en"), ({"cy": WELSH}, "cy")])
def test_who_signed_in_a_language_without_text_gets_the_updates_own(
    fake_site: FakeSite, petition: Petition, translations: dict[str, object], text: str
) -> None:
    [alice] = subscribe(fake_site, petition, [ALICE], language="cy")
    project_all(fake_site, petition, [alice])
    found = audience(fake_site, draft_update(fake_site, translations=translations))
    assert found["languages"] == [{"language": "cy", "people": 1, "text_in": text}]


@pytest.mark.parametrize(
    ("emails", "quota", "duration"),
    [
        (0, FakeQuota(), timedelta()),
        (7_200, FakeQuota(), HOUR),  # Two a second: a fifth of ten.
        (7_200, FakeQuota(most=-1), HOUR),
        (7_200, FakeQuota(failures=[Unavailable("mail quota")]), HOUR),
        (40_000, FakeQuota(), 40_000 / 7_200 * HOUR),  # Just today's part of 50,000.
        (80_000, FakeQuota(), 24 * HOUR),
        (80_000, FakeQuota(used=0.8), 48 * HOUR),
        (40_000, FakeQuota(used=0.9), 24 * HOUR),
    ],
)
def test_sending_takes_as_long_as_the_rate_or_the_daily_quota_allows(
    emails: int, quota: FakeQuota, duration: timedelta
) -> None:
    assert sending_time(emails, 10, quota) == duration

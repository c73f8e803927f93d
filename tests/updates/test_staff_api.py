"""Staff draft, edit, test, publish and cancel updates. Each action is in the activity log."""

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import entries
from tests.actors import ALICE, DAY, NOW
from tests.fake_site import FakeSite
from tests.updates.sending import TEXT, UPDATES, asked, drafted, published, send_once, subscribed, worked


def test_a_draft_can_be_edited_and_nobody_sees_it(fake_site: FakeSite, petition: Petition) -> None:
    path = drafted(fake_site)
    answer = asked(fake_site, "PUT", path, TEXT | {"title": "She answered", "language": "cy"})
    assert answer.status_code == 200
    body = asked(fake_site, "GET", path).json_body
    assert (body["title"], body["language"], body["state"], body["created_by"]) == (
        "She answered",
        "cy",
        "draft",
        "bob",
    )
    assert "<strong>yes</strong>" in body["html"]
    assert fake_site.get("/api/petitions/safe-children/updates").json_body["updates"] == []
    assert "She answered" not in fake_site.get("/petitions/safe-children").body.decode()


def test_a_test_goes_to_the_given_address_only(fake_site: FakeSite, petition: Petition) -> None:
    subscribed(fake_site, petition, [ALICE])
    path = drafted(fake_site)
    assert asked(fake_site, "POST", f"{path}/test", {"email": "bob@charity.example"}).status_code == 202
    send_once(fake_site)
    [mail] = fake_site.mailer.mails
    assert (mail.to, mail.subject) == ("bob@charity.example", "[Test] The Home Secretary answered")
    assert "This is a test. Only you have got it." in mail.text
    assert "List-Unsubscribe" not in mail.headers
    assert asked(fake_site, "GET", path).json_body["state"] == "draft"


def test_each_of_two_tests_goes_to_its_own_address(fake_site: FakeSite, petition: Petition) -> None:
    path = drafted(fake_site)
    for name in ("bob", "bea"):
        assert asked(fake_site, "POST", f"{path}/test", {"email": f"{name}@charity.example"}).status_code == 202
    send_once(fake_site)
    assert sorted(mail.to for mail in fake_site.mailer.mails) == ["bea@charity.example", "bob@charity.example"]


def test_a_published_update_cannot_be_changed_or_tested(fake_site: FakeSite, petition: Petition) -> None:
    path = published(fake_site)
    assert asked(fake_site, "PUT", path, TEXT).status_code == 409
    assert asked(fake_site, "POST", f"{path}/test", {"email": "bob@charity.example"}).status_code == 409
    assert asked(fake_site, "POST", f"{path}/publish").status_code == 202, "publishing twice changes nothing"
    worked(fake_site)
    assert asked(fake_site, "POST", f"{path}/publish").status_code == 409
    assert asked(fake_site, "POST", f"{path}/cancel").json_body["state"] == "sent"


def test_a_cancelled_draft_is_never_published(fake_site: FakeSite, petition: Petition) -> None:
    path = drafted(fake_site)
    for _ in range(2):
        assert asked(fake_site, "POST", f"{path}/cancel").json_body["state"] == "cancelled"
    assert asked(fake_site, "POST", f"{path}/publish").status_code == 409


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"title": " "}, "title", "Enter a title of up to 150 characters"),
        ({"markdown": "x" * 10_001}, "markdown", "Enter a text of up to 10,000 characters"),
        ({"language": "fr"}, "language", "Choose a language that this site has"),
        ({"html": "<b>"}, "html", "There is no such field"),
    ],
)
def test_a_wrong_field_is_named(
    fake_site: FakeSite, petition: Petition, changes: dict[str, object], field: str, message: str
) -> None:
    answer = asked(fake_site, "POST", UPDATES, TEXT | changes)
    assert answer.status_code == 422
    assert answer.json_body["errors"] == [{"field": field, "message": message}]


def test_a_past_time_is_refused(fake_site: FakeSite, petition: Petition) -> None:
    path = drafted(fake_site)
    answer = asked(fake_site, "POST", f"{path}/publish", {"at": "2026-11-24T12:00:00Z"})
    assert answer.status_code == 422
    assert answer.json_body["errors"][0]["field"] == "at"
    assert asked(fake_site, "GET", path).json_body["state"] == "draft"


@pytest.mark.parametrize("path", [f"{UPDATES}/nobody", f"{UPDATES}/{'a' * 40}", f"{UPDATES}/a%23b"])
def test_an_unknown_update_is_404(fake_site: FakeSite, petition: Petition, path: str) -> None:
    assert asked(fake_site, "GET", path).status_code == 404


def test_every_action_is_in_the_activity_log(fake_site: FakeSite, petition: Petition) -> None:
    path = drafted(fake_site)
    asked(fake_site, "PUT", path, TEXT)
    asked(fake_site, "POST", f"{path}/test", {"email": "bob@charity.example"})
    asked(fake_site, "POST", f"{path}/publish")
    asked(fake_site, "POST", f"{path}/cancel")
    logged = [entry.action for entry in entries(NOW - DAY, NOW + DAY, fake_site.tables)]
    assert {action.name for action in logged} == {
        f"update.{verb}" for verb in ("drafted", "edited", "tested", "published", "cancelled")
    }
    assert not [action for action in logged if "bob@charity.example" in str(action)]

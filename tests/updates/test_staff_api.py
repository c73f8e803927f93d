"""Staff draft, edit, test, publish and cancel updates. Each action is in the activity log."""

import pytest

from chalicelib.petitions.model import Petition
from tests.actors import ALICE
from tests.fake_site import FakeSite
from tests.letters.lettering import send_all
from tests.updates.sending import (
    TEXT,
    UPDATES_PATH,
    ask,
    draft_update,
    publish_update,
    run_until_done,
    subscribe,
)


def test_a_draft_can_be_edited_and_is_not_public(fake_site: FakeSite, petition: Petition) -> None:
    path = draft_update(fake_site)
    answer = ask(fake_site, "PUT", path, TEXT | {"title": "She answered", "language": "cy"})
    assert answer.status_code == 200
    body = ask(fake_site, "GET", path).json_body
    assert (body["title"], body["language"], body["state"], body["created_by"]) == (
        "She answered",
        "cy",
        "draft",
        "bob",
    )
    assert body["actions"] == ["test", "publish", "cancel"]
    assert "<strong>yes</strong>" in body["html"]
    assert fake_site.get("/api/petitions/safe-children/updates").json_body["updates"] == []
    assert "She answered" not in fake_site.get("/petitions/safe-children").body.decode()


def test_each_of_two_test_emails_goes_to_the_given_address_only(fake_site: FakeSite, petition: Petition) -> None:
    subscribe(fake_site, petition, [ALICE])
    path = draft_update(fake_site)
    testers = ["bea@charity.example", "bob@charity.example"]
    for tester in testers:
        assert ask(fake_site, "POST", f"{path}/test", {"email": tester}).status_code == 202
    send_all(fake_site)
    assert sorted(mail.to for mail in fake_site.mailer.mails) == testers
    mail = fake_site.mailer.mails[0]
    assert mail.subject == "[Test] The Home Secretary answered"
    assert "This is a test. Only you have got it." in mail.text
    assert "List-Unsubscribe" not in mail.headers
    assert ask(fake_site, "GET", path).json_body["state"] == "draft"


def test_a_published_update_cannot_be_changed_or_tested(fake_site: FakeSite, petition: Petition) -> None:
    path = publish_update(fake_site)
    assert ask(fake_site, "PUT", path, TEXT).status_code == 409
    assert ask(fake_site, "POST", f"{path}/test", {"email": "bob@charity.example"}).status_code == 409
    assert ask(fake_site, "POST", f"{path}/publish").status_code == 202, "publishing twice changes nothing"
    run_until_done(fake_site)
    assert ask(fake_site, "POST", f"{path}/publish").status_code == 409
    assert ask(fake_site, "POST", f"{path}/cancel").json_body["state"] == "sent"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"title": " "}, "title", "Enter a title of up to 150 characters"),
        ({"markdown": "x" * 10_001}, "markdown", "Enter a text of up to 10,000 characters"),
        ({"language": "fr"}, "language", "Choose a language that this site has"),
        ({"html": "<b>"}, "html", "There is no such field"),
    ],
)
def test_an_error_names_the_invalid_field(
    fake_site: FakeSite, petition: Petition, changes: dict[str, object], field: str, message: str
) -> None:
    answer = ask(fake_site, "POST", UPDATES_PATH, TEXT | changes)
    assert answer.status_code == 422
    assert answer.json_body["errors"] == [{"field": field, "message": message}]


def test_a_past_time_is_refused(fake_site: FakeSite, petition: Petition) -> None:
    path = draft_update(fake_site)
    answer = ask(fake_site, "POST", f"{path}/publish", {"at": "2026-11-24T12:00:00Z"})
    assert answer.status_code == 422
    assert answer.json_body["errors"][0]["field"] == "at"
    assert ask(fake_site, "GET", path).json_body["state"] == "draft"


@pytest.mark.parametrize("path", [f"{UPDATES_PATH}/nobody", f"{UPDATES_PATH}/{'a' * 40}", f"{UPDATES_PATH}/a%23b"])
def test_an_unknown_update_is_404(fake_site: FakeSite, petition: Petition, path: str) -> None:
    assert ask(fake_site, "GET", path).status_code == 404

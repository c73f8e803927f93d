"""The link that stops all email about a petition: GET only shows a page. POST stops email, or allows it again."""

from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from tests.actors import DAY, MINUTE, a_petition, identity_of, request_of, signed
from tests.fake_site import FakeSite, token_in
from tests.signatures.test_links import post, sign_and_email_alice


def count_emails_after_signing(fake_site: FakeSite) -> int:
    before = len(fake_site.mailer.mails)
    fake_site.clock.forward(DAY)
    identity = signed(fake_site.tables, a_petition(), now=fake_site.clock())
    request = request_of(fake_site.tables, a_petition(), identity)
    kind = SIGNATURE_KINDS[request.kind]
    function = "send_mail" if kind.priority == "urgent" else "send_other_mail"
    assert fake_site.deliver(function, [request.model_dump()]) == []
    return len(fake_site.mailer.mails) - before


def test_opening_the_link_changes_nothing(fake_site: FakeSite) -> None:
    sign_and_email_alice(fake_site)
    page = fake_site.get(fake_site.last_link("stop"))
    assert page.status_code == 200
    assert 'method="post"' in page.body.decode()
    assert count_emails_after_signing(fake_site) == 1


def test_the_button_stops_email_and_the_same_link_allows_it_again(fake_site: FakeSite) -> None:
    sign_and_email_alice(fake_site)
    link = fake_site.last_link("stop")
    for _ in range(2):
        assert "no more email" in post(fake_site, link).body.decode()
    assert count_emails_after_signing(fake_site) == 0
    assert "Allow emails again" in fake_site.get(link).body.decode()
    for _ in range(2):
        assert "We can email you again" in post(fake_site, link, emails="again").body.decode()
    assert count_emails_after_signing(fake_site) == 1


def test_signing_again_does_not_undo_the_choice_and_the_response_is_the_same(fake_site: FakeSite) -> None:
    """Otherwise anybody who knows the address could undo the owner's choice."""
    sign_and_email_alice(fake_site)
    fields = {"name": "A", "email": "alice.achterberg@mail.example", "consent": {"sign": True}}
    answers = []
    for _ in range(2):
        fake_site.clock.forward(MINUTE)
        answers.append(fake_site.post_json("/api/petitions/safe-children/signatures", fields))
        post(fake_site, fake_site.last_link("stop"))
    assert answers[0].body == answers[1].body
    assert count_emails_after_signing(fake_site) == 0


def test_a_link_for_another_purpose_stops_nothing(fake_site: FakeSite) -> None:
    sign_and_email_alice(fake_site)
    for purpose in ("confirm", "withdraw", "unsubscribe"):
        token = token_in(fake_site.last_link(purpose))
        assert fake_site.post_form("/stop", {"token": token}).status_code == 400
    assert fake_site.post_form("/stop", {}).status_code == 400
    assert identity_of(a_petition()) in str(fake_site.tables.items)


def test_the_link_works_when_the_signature_is_deleted_and_expires_after_three_years(fake_site: FakeSite) -> None:
    identity = sign_and_email_alice(fake_site)
    link = fake_site.last_link("stop")
    fake_site.tables.items = {key: item for key, item in fake_site.tables.items.items() if key.sk != identity}
    assert post(fake_site, link).status_code == 200
    fake_site.clock.forward(3 * 366 * DAY)
    assert post(fake_site, link).status_code == 410

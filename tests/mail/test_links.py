"""The link that stops all email about a petition: GET shows, POST acts, and only its holder can undo it."""

from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from tests.actors import DAY, MINUTE, a_petition, confirmed, identity_of, item_of, request_of, signed
from tests.served import Served, token_in
from tests.signatures.test_links import alice_is_mailed, post


def mails_after_signing(served: Served) -> int:
    before = len(served.mailer.mails)
    served.clock.forward(DAY)
    identity = signed(served.tables, a_petition(), now=served.clock())
    request = request_of(served.tables, a_petition(), identity)
    kind = SIGNATURE_KINDS[request.kind]
    function = "send_mail" if kind.priority == "urgent" else "send_other_mail"
    assert served.deliver(function, [request.model_dump()]) == []
    return len(served.mailer.mails) - before


def test_opening_the_link_changes_nothing(served: Served) -> None:
    alice_is_mailed(served)
    page = served.get(served.last_link("stop"))
    assert page.status_code == 200
    assert 'method="post"' in page.body.decode()
    assert mails_after_signing(served) == 1


def test_the_button_stops_email_and_the_same_link_allows_it_again(served: Served) -> None:
    alice_is_mailed(served)
    link = served.last_link("stop")
    for _ in range(2):
        assert "no more email" in post(served, link).body.decode()
    assert mails_after_signing(served) == 0
    assert "Allow emails again" in served.get(link).body.decode()
    for _ in range(2):
        assert "We can email you again" in post(served, link, emails="again").body.decode()
    assert mails_after_signing(served) == 1


def test_a_confirmed_signature_stays_and_counts(served: Served) -> None:
    alice_is_mailed(served)
    link = served.last_link("stop")
    identity = confirmed(served.tables, a_petition())
    post(served, link)
    assert item_of(served.tables, a_petition(), identity)["state"] == "confirmed"


def test_signing_again_does_not_undo_the_choice_and_looks_the_same(served: Served) -> None:
    """Otherwise whoever knows the address could undo it."""
    alice_is_mailed(served)
    fields = {"name": "A", "email": "alice.achterberg@mail.example", "consent": {"sign": True}}
    answers = []
    for _ in range(2):
        served.clock.forward(MINUTE)
        answers.append(served.post_json("/api/petitions/safe-children/signatures", fields))
        post(served, served.last_link("stop"))
    assert answers[0].body == answers[1].body
    assert mails_after_signing(served) == 0


def test_a_link_for_another_purpose_stops_nothing(served: Served) -> None:
    alice_is_mailed(served)
    for purpose in ("confirm", "withdraw", "unsubscribe"):
        token = token_in(served.last_link(purpose))
        assert served.post_form("/stop", {"token": token}).status_code == 400
    assert served.post_form("/stop", {}).status_code == 400
    assert identity_of(a_petition()) in str(served.tables.items)


def test_the_link_works_when_the_signature_is_gone_and_ends_after_three_years(served: Served) -> None:
    identity = alice_is_mailed(served)
    link = served.last_link("stop")
    served.tables.items = {key: item for key, item in served.tables.items.items() if key.sk != identity}
    assert post(served, link).status_code == 200
    served.clock.forward(3 * 366 * DAY)
    assert post(served, link).status_code == 410

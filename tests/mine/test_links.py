"""Alice asks for a link to her signatures by email, and uses it. The whole way, on fakes of AWS."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from chalice.test import HTTPResponse

from chalicelib.aws.email import Mail
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import Unavailable
from chalicelib.mail.budget import choice_of, is_stopped, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.mine.link import LIFETIME
from chalicelib.petitions.edit import revise, with_changes
from chalicelib.petitions.model import Petition
from chalicelib.signatures.owner import MOVE_LIFETIME
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import exact_count
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    LIMIT_KEYS,
    MINUTE,
    OPENED,
    Person,
    a_published_petition,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
    signed,
    subject_of,
)
from tests.fake_site import FakeSite, link_in, schedule_event, token_in
from tests.log_lines import Lines

NEW = Person("Alice Achterberg", "alice@new.example")
PATH = "/my-signatures"


@pytest.fixture
def other(fake_site: FakeSite, petition: Petition) -> Petition:
    return a_published_petition(fake_site.tables, slug="another", title="Another petition")


def ask(fake_site: FakeSite, email: str = ALICE.email) -> HTTPResponse:
    return fake_site.post_form(PATH, {"email": email})


def deliver(fake_site: FakeSite) -> list[Mail]:
    """Deliver what the queue has, and return the emails of that."""
    messages, before = [*fake_site.other_queue.messages], len(fake_site.mailer.mails)
    fake_site.other_queue.messages.clear()
    for message in messages:
        assert fake_site.deliver("send_other_mail", [message]) == []
    return fake_site.mailer.mails[before:]


def opened(fake_site: FakeSite, email: str = ALICE.email) -> str:
    """Ask for a link, and return the token in the email."""
    assert ask(fake_site, email).status_code == 200
    [mail] = deliver(fake_site)
    return token_in(link_in(mail, "my-signatures"))


def text_of(answer: HTTPResponse) -> str:
    return re.sub(r"\s+", " ", answer.body.decode())


def show(fake_site: FakeSite, token: str) -> str:
    answer = fake_site.get(f"{PATH}?token={quote(token)}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return text_of(answer)


def do(fake_site: FakeSite, token: str, action: str, **fields: str) -> HTTPResponse:
    sent = {"token": token, "do": action, "petition": "safe-children", **fields}
    return fake_site.post_form(f"{PATH}/change", sent)


def test_every_address_gets_the_same_answer_by_the_same_work(fake_site: FakeSite, petition: Petition) -> None:
    tables = fake_site.tables
    confirmed(tables, petition)
    change_item(tables, petition, confirmed(tables, petition, BOB), undeliverable="bounced")
    withdraw(key_of(petition, confirmed(tables, petition, CHARLIE)), petition, fake_site.clock(), tables)
    ask(fake_site, "first@mail.example")  # It fills the caches of petitions and groups.
    seen = set()
    everybody = (ALICE.email, BOB.email, CHARLIE.email, "nobody@mail.example")
    for email in everybody:
        tables.calls.clear()
        answer = ask(fake_site, email)
        seen.add((answer.status_code, answer.body, str(answer.headers), tuple(tables.calls)))
    assert len(seen) == 1
    assert len(fake_site.other_queue.messages) == len(everybody) + 1
    assert "Check your inbox" in text_of(answer)
    assert [mail.to for mail in deliver(fake_site)] == [ALICE.email]
    again = set()
    for email in everybody:
        tables.calls.clear()
        ask(fake_site, email)
        again.add(tuple(tables.calls))
    assert len(again) == 1
    assert len(fake_site.other_queue.messages) == len(everybody)
    assert deliver(fake_site) == []


def test_a_request_stores_no_address(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    stored = dict(fake_site.tables.items)
    for email in (ALICE.email, "nobody@mail.example"):
        ask(fake_site, email)
    new = [item for key, item in fake_site.tables.items.items() if key not in stored]
    assert "@" not in str(new) + str(fake_site.other_queue.messages)


def test_a_request_without_an_address_is_asked_again(fake_site: FakeSite, petition: Petition) -> None:
    for typed, error in (
        ("", "Enter your email address"),
        ("=nobody", "in the correct format"),
        ("a" * 15_000, "format"),
    ):
        answer = ask(fake_site, typed)
        assert answer.status_code == 422
        assert error in text_of(answer)
    assert fake_site.other_queue.messages == []


def test_an_address_gets_one_link_in_five_minutes(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    for _ in range(3):
        ask(fake_site)
    assert len(deliver(fake_site)) == 1
    fake_site.clock.forward(10 * MINUTE)
    ask(fake_site)
    assert len(deliver(fake_site)) == 1


@pytest.mark.parametrize("ends", ["before she asks", "before it is sent"])
def test_nobody_gets_a_link_after_the_retention_of_the_petition(
    fake_site: FakeSite, petition: Petition, ends: str
) -> None:
    """There is no address left: SES would refuse the email."""
    confirmed(fake_site.tables, petition)
    if ends == "before it is sent":
        ask(fake_site)
    closes_at = fake_site.clock() - MINUTE
    revise(
        with_changes(petition, retention_months=1, closes_at=closes_at - 40 * DAY, opened_at=OPENED - 80 * DAY),
        fake_site.tables,
    )
    forget_all()
    ask(fake_site)
    assert deliver(fake_site) == []


def test_an_owner_who_stopped_our_email_gets_no_link(fake_site: FakeSite, petition: Petition, other: Petition) -> None:
    identity = confirmed(fake_site.tables, petition)
    choice = choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), petition.slug)
    stop(choice, subject_of(petition, identity), fake_site.clock(), fake_site.tables)
    ask(fake_site)
    assert deliver(fake_site) == []
    confirmed(fake_site.tables, other)  # An owner who then signs another petition wants email.
    fake_site.clock.forward(10 * MINUTE)
    assert petition.title in show(fake_site, opened(fake_site))


def test_the_page_shows_all_signatures_of_the_mailbox_and_no_others(
    fake_site: FakeSite, petition: Petition, other: Petition
) -> None:
    confirmed(fake_site.tables, petition, postcode="M1 2AB", updates=True)
    signed(fake_site.tables, other)
    confirmed(fake_site.tables, petition, BOB)
    page = show(fake_site, opened(fake_site, f" {ALICE.email.upper()} "))
    for text in (petition.title, other.title, ALICE.name, "M1 2AB", "United Kingdom", "Signed on 24 November 2026"):
        assert text in page
    assert page.count("<li>Confirmed</li>") == 1
    assert page.count("Not confirmed yet") == 1
    assert BOB.name not in page


def test_another_mailbox_that_counts_as_the_same_person_is_not_shown(
    fake_site: FakeSite, petition: Petition, other: Petition
) -> None:
    """Perhaps alice+news@ is the mailbox of somebody else."""
    confirmed(fake_site.tables, petition)
    confirmed(fake_site.tables, other, Person("Mallory", "alice.achterberg+news@mail.example"))
    token = opened(fake_site, "alice.achterberg+news@mail.example")
    assert fake_site.mailer.mails[-1].to == "alice.achterberg+news@mail.example"
    page = show(fake_site, token)
    assert other.title in page
    assert petition.title not in page
    # Alice signs it again, with her own spelling.
    change_item(fake_site.tables, other, identity_of(other), email=ALICE.email)
    assert "no more signatures" in show(fake_site, token)


def test_a_held_or_removed_signature_looks_confirmed(
    fake_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.mine.shown.file_sheet", lambda *shown: repr(shown).encode())
    identity = confirmed(fake_site.tables, petition)
    token = opened(fake_site)
    page = show(fake_site, token)
    file = fake_site.post_form(f"{PATH}/file", {"token": token}).body
    confirmed_at = item_of(fake_site.tables, petition, identity)["confirmed_at"]
    gone = {"removed_at": confirmed_at, "removal": "r", "removed_from": "confirmed"}
    change_item(fake_site.tables, petition, identity, state="removed", **gone)
    assert show(fake_site, token) == page
    assert fake_site.post_form(f"{PATH}/file", {"token": token}).body == file
    change_item(fake_site.tables, petition, identity, state="held", held="network", owner_confirmed_at=confirmed_at)
    del fake_site.tables.items[key_of(petition, identity)]["confirmed_at"]
    assert show(fake_site, token) == page
    assert fake_site.post_form(f"{PATH}/file", {"token": token}).body == file


def test_the_link_is_emailed_in_the_language_of_the_signature(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, language="cy")
    ask(fake_site)
    assert 'lang="cy"' in deliver(fake_site)[0].html


def test_a_link_ends_after_a_day(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    token = opened(fake_site)
    fake_site.clock.forward(LIFETIME)
    answers = [fake_site.get(f"{PATH}?token={token}"), do(fake_site, token, "withdraw")]
    for answer in answers:
        assert answer.status_code == 410
        assert ALICE.name not in text_of(answer)
        assert "Email me a link" in text_of(answer)
    assert fake_site.post_form(f"{PATH}/file", {"token": token}).status_code == 410
    assert item_of(fake_site.tables, petition, identity_of(petition))["state"] == "confirmed"


@pytest.mark.parametrize("token", ["", "x", "a.b", "~~~.x", "a" * 9000, "\udcff", "é"])
def test_a_damaged_link_opens_nothing(fake_site: FakeSite, petition: Petition, token: str) -> None:
    sent = token.encode(errors="surrogatepass").decode(errors="replace")
    for path in (f"{PATH}/change", f"{PATH}/file", f"{PATH}/move"):
        assert fake_site.post_form(path, {"token": sent, "do": "withdraw"}).status_code == 400
    assert fake_site.get(f"{PATH}/move?token={quote(sent)}").status_code == 400
    if sent:
        assert fake_site.get(f"{PATH}?token={quote(sent)}").status_code == 400


def test_a_link_for_something_else_does_not_open_the_page(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    ask(fake_site)
    [mail] = deliver(fake_site)
    stop_token = token_in(link_in(mail, "stop"))
    assert fake_site.get(f"{PATH}?token={stop_token}").status_code == 400


def test_alice_corrects_her_details(fake_site: FakeSite, petition: Petition) -> None:
    identity = confirmed(fake_site.tables, petition)
    token = opened(fake_site)
    for _ in range(2):
        page = text_of(do(fake_site, token, "correct", name="Alice Brown", postcode="sw1a1aa"))
        assert "Your details are saved." in page
        assert "<strong>Alice Brown</strong>, United Kingdom, SW1A 1AA" in page
    answer = do(fake_site, token, "correct", name="http://spam.example", postcode="NO")
    assert answer.status_code == 422
    assert 'href="#safe-children-name"' in text_of(answer)
    assert 'id="safe-children-postcode-error"' in text_of(answer)
    assert item_of(fake_site.tables, petition, identity)["name"] == "Alice Brown"


def test_alice_withdraws_one_signature_and_the_others_stay(
    fake_site: FakeSite, petition: Petition, other: Petition
) -> None:
    confirmed(fake_site.tables, petition)
    confirmed(fake_site.tables, other)
    page = show(fake_site, opened(fake_site))
    form = re.search(r'name="token" value="([^"]+)"> <input type="hidden" name="petition" value="safe-children"', page)
    assert form
    for _ in range(2):
        page = text_of(do(fake_site, form[1], "withdraw"))
        assert "Your signature is withdrawn" in page
        assert petition.title not in page
        assert other.title in page
    assert exact_count(petition, fake_site.clock(), fake_site.tables).confirmed == 0
    assert exact_count(other, fake_site.clock(), fake_site.tables).confirmed == 1


def test_after_the_last_withdrawal_the_link_opens_nothing_personal(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    token = opened(fake_site)
    for _ in range(2):
        page = text_of(do(fake_site, token, "withdraw"))
        assert "Your signature is withdrawn" in page
        assert ALICE.email not in page
    assert "ask for another link" in show(fake_site, token)
    assert fake_site.post_form(f"{PATH}/file", {"token": token}).status_code == 410


def test_alice_chooses_her_email(fake_site: FakeSite, petition: Petition) -> None:
    identity = confirmed(fake_site.tables, petition, updates=True)
    token, choice = opened(fake_site), choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), petition.slug)
    do(fake_site, token, "stop-updates")
    assert not item_of(fake_site.tables, petition, identity)["updates"]
    assert "no email about this petition" in text_of(do(fake_site, token, "stop-email"))
    assert is_stopped(choice, fake_site.tables)
    do(fake_site, token, "allow-email")
    assert not is_stopped(choice, fake_site.tables)
    assert do(fake_site, token, "sign").status_code == 422


def test_one_button_stops_the_email_of_every_signature(
    fake_site: FakeSite, petition: Petition, other: Petition
) -> None:
    identities = {each.slug: confirmed(fake_site.tables, each, updates=True) for each in (petition, other)}
    token, button = opened(fake_site), 'value="stop-all"'
    assert button in show(fake_site, token)
    stopped = fake_site.post_form(f"{PATH}/change", {"token": token, "do": "stop-all"})
    assert "no more email about these petitions" in text_of(stopped)
    for each in (petition, other):
        assert is_stopped(choice_of(mailbox_of(ALICE.email, LIMIT_KEYS), each.slug), fake_site.tables)
        assert not item_of(fake_site.tables, each, identities[each.slug])["updates"]
    assert button not in show(fake_site, token)


def test_the_file_has_what_we_hold(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    answer = fake_site.post_form(f"{PATH}/file", {"token": opened(fake_site)})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.body.startswith(b"%PDF")


def move_asked(fake_site: FakeSite, to: str = NEW.email) -> str:
    """Ask to move all signatures, and return the token in the email to the new address."""
    page = text_of(do(fake_site, opened(fake_site), "move", email=to))
    assert f"We’ll email {to}" in page
    mails = deliver(fake_site)
    [mail] = [each for each in mails if each.to == to]
    for private in (ALICE.name, ALICE.email, "Keep trafficked"):
        assert private not in mail.text + mail.html + mail.subject
    return token_in(link_in(mail, "my-signatures/move"))


def test_alice_moves_all_her_signatures(fake_site: FakeSite, petition: Petition, other: Petition) -> None:
    confirmed(fake_site.tables, petition)
    confirmed(fake_site.tables, other)
    confirmed(fake_site.tables, other, NEW)  # She has signed this one with both.
    token = move_asked(fake_site)
    question = fake_site.get(f"{PATH}/move?token={token}")
    assert ALICE.name not in text_of(question)
    assert petition.title not in text_of(question)
    assert item_of(fake_site.tables, petition, identity_of(petition))["state"] == "confirmed"
    for _ in range(2):
        assert "Your signatures have moved" in text_of(fake_site.post_form(f"{PATH}/move", {"token": token}))
        for each in (petition, other):
            assert exact_count(each, fake_site.clock(), fake_site.tables).confirmed == 1
            assert item_of(fake_site.tables, each, identity_of(each))["state"] == "withdrawn"
            assert item_of(fake_site.tables, each, identity_of(each, NEW))["email"] == NEW.email
    assert "have moved" in text_of(fake_site.get(f"{PATH}/move?token={token}"))


def test_alice_cannot_move_to_an_address_that_lasts_minutes(fake_site: FakeSite, petition: Petition) -> None:
    """It would be held if she signed with it."""
    confirmed(fake_site.tables, petition)
    answer = do(fake_site, opened(fake_site), "move", email="alice@a.mailinator.com")
    assert answer.status_code == 422
    assert "Enter an address that you will keep" in text_of(answer)
    assert deliver(fake_site) == []


def test_a_move_that_crashed_goes_on_with_the_same_link(
    fake_site: FakeSite, petition: Petition, other: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(fake_site.tables, petition)
    confirmed(fake_site.tables, other)
    token = move_asked(fake_site)
    transact = fake_site.tables.transact
    monkeypatch.setattr(fake_site.tables, "transact", crash_after_one(transact))
    assert fake_site.post_form(f"{PATH}/move", {"token": token}).status_code == 503
    states = [item_of(fake_site.tables, each, identity_of(each))["state"] for each in (petition, other)]
    assert sorted(states) == ["confirmed", "withdrawn"]
    monkeypatch.setattr(fake_site.tables, "transact", transact)
    assert fake_site.post_form(f"{PATH}/move", {"token": token}).status_code == 200
    for each in (petition, other):
        assert item_of(fake_site.tables, each, identity_of(each, NEW))["state"] == "confirmed"
        assert exact_count(each, fake_site.clock(), fake_site.tables).confirmed == 1


def crash_after_one(transact: Callable[..., None]) -> Callable[..., None]:
    done: list[object] = []

    def maybe_crash(writes: object) -> None:
        if done:
            raise Unavailable("storage")
        done.append(writes)
        transact(writes)

    return maybe_crash


@pytest.mark.parametrize("typed", [ALICE.email.upper(), "", "nobody"])
def test_a_wrong_new_address_is_asked_again(fake_site: FakeSite, petition: Petition, typed: str) -> None:
    confirmed(fake_site.tables, petition)
    answer = do(fake_site, opened(fake_site), "move", email=typed)
    assert answer.status_code == 422
    assert 'id="email-error"' in text_of(answer)


def test_an_earlier_wish_to_move_no_longer_works(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    first = move_asked(fake_site, "typo@new.example")
    fake_site.clock.forward(10 * MINUTE)
    second = move_asked(fake_site)
    assert fake_site.post_form(f"{PATH}/move", {"token": first}).status_code == 410
    assert fake_site.post_form(f"{PATH}/move", {"token": second}).status_code == 200
    assert fake_site.post_form(f"{PATH}/move", {"token": first}).status_code == 410


def test_one_signature_does_not_send_email_to_many_strangers(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    token, to = opened(fake_site), []
    for number in range(30):
        do(fake_site, token, "move", email=f"stranger@mail-{number}.example")
        to += [mail.to for mail in deliver(fake_site)]
        fake_site.clock.forward(MINUTE)
    assert len(to) == 3


def test_a_new_address_that_nobody_confirms_is_forgotten(fake_site: FakeSite, petition: Petition) -> None:
    identity = confirmed(fake_site.tables, petition)
    token = move_asked(fake_site)
    assert NEW.email in str(item_of(fake_site.tables, petition, identity))
    fake_site.clock.forward(MOVE_LIFETIME + MINUTE)
    assert fake_site.post_form(f"{PATH}/move", {"token": token}).status_code == 410
    fake_site.invoke("check_mail", {**schedule_event(), "task": "sweep"})
    deliver(fake_site)
    assert NEW.email not in str(item_of(fake_site.tables, petition, identity))


def test_who_stops_email_to_the_new_address_changes_nothing_at_the_old_one(
    fake_site: FakeSite, petition: Petition
) -> None:
    identity = confirmed(fake_site.tables, petition, updates=True)
    move_asked(fake_site)
    fake_site.post_form("/stop", {"token": token_in(link_in(fake_site.mailer.mails[-1], "stop"))})
    assert item_of(fake_site.tables, petition, identity)["updates"]
    fake_site.clock.forward(DAY / 2)
    do(fake_site, opened(fake_site), "move", email=NEW.email)
    assert [mail.to for mail in deliver(fake_site)] == []


def test_a_bounced_link_makes_the_address_undeliverable(fake_site: FakeSite, petition: Petition) -> None:
    identity = confirmed(fake_site.tables, petition)
    ask(fake_site)
    [mail] = deliver(fake_site)
    event = {
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent"},
        "mail": {"tags": {name: [value] for name, value in mail.tags.items()}},
    }
    fake_site.deliver("receive_feedback", [event])
    assert item_of(fake_site.tables, petition, identity)["undeliverable"] == "bounced"
    fake_site.clock.forward(10 * MINUTE)
    ask(fake_site)
    assert deliver(fake_site) == []


def test_the_log_has_ids_only(fake_site: FakeSite, petition: Petition, lines: Lines) -> None:
    confirmed(fake_site.tables, petition)
    token = move_asked(fake_site)
    fake_site.post_form(f"{PATH}/move", {"token": token})
    written = str(lines())
    assert "moved" in written
    assert not [text for text in (ALICE.email, NEW.email, ALICE.name, token) if text in written]

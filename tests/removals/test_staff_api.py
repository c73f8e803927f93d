"""Staff try a removal, remove, undo and release, and the public reads how many signatures were removed and why."""

import json
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.core.rights import Right
from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, issue
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.runner.worker import run_address_job
from chalicelib.signatures.confirm import confirm, read_corrections
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.withdraw import withdraw
from chalicelib.statements.freeze import freeze
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    NOW,
    TOKEN_KEYS,
    Person,
    bobs_token,
    change_item,
    confirmed,
    item_of,
    key_of,
    request_of,
    signed,
    subject_of,
)
from tests.fake_site import FakeSite, context, sqs_event
from tests.fakes import FakeTables
from tests.updates.sending import ask

PATH = "/api/staff/petitions/safe-children"
REMOVALS = f"{PATH}/removals"
REASON = "One network signed for many people"


def run_jobs(fake_site: FakeSite) -> None:
    while fake_site.address_jobs.messages:
        message = fake_site.address_jobs.messages.pop(0)
        assert not run_address_job(sqs_event([message]), context())["batchItemFailures"]
    forget_all()


def start(fake_site: FakeSite, path: str, **body: Any) -> str:
    answer = ask(fake_site, "POST", path, body)
    assert answer.status_code == 202, answer.body
    run_jobs(fake_site)
    return str(answer.json_body["id"])


def remove(fake_site: FakeSite, condition: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
    removal = start(fake_site, REMOVALS, condition=condition, reason=REASON, dry_run=dry_run)
    return shown(fake_site, removal)


def shown(fake_site: FakeSite, removal: str) -> dict[str, Any]:
    answer: dict[str, Any] = ask(fake_site, "GET", f"{REMOVALS}/{removal}").json_body
    return answer


def public(fake_site: FakeSite) -> dict[str, Any]:
    forget_all()
    fake_site.clock.forward(DAY / 24 / 60)
    answer: dict[str, Any] = json.loads(fake_site.get("/api/petitions/safe-children").body)
    return answer


def test_a_dry_run_counts_and_changes_nothing(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE, source="one-site")
    confirmed(fake_site.tables, petition, CHARLIE)
    signed(fake_site.tables, petition, BOB)
    tried = remove(fake_site, {"domain": "MAIL.example"}, dry_run=True)
    assert (tried["state"], tried["matched"], tried["counted"], tried["removed"]) == ("tried", 2, 2, 0)
    assert (tried["confirmed_before"], tried["confirmed_after"]) == (2, 0)
    assert tried["effect"]["source"] == [{"key": "direct", "count": 1}, {"key": "one-site", "count": 1}]
    assert (tried["usual"]["source"], tried["usual"]["day"]) == (2, 3), "it is about the whole petition"
    assert public(fake_site)["count"] == 2


def test_only_what_several_people_share_is_shown_and_kept(fake_site: FakeSite, petition: Petition) -> None:
    for number in range(5):
        confirmed(fake_site.tables, petition, Person("Ann Ash", f"ann{number}@mail.example"))
    confirmed(fake_site.tables, petition, BOB)
    tried = remove(fake_site, {}, dry_run=True)
    assert tried["effect"]["domain"] == [{"key": "mail.example", "count": 5}]
    assert tried["effect"]["first-name"] == [{"key": "ann", "count": 5}]
    assert tried["effect"]["country"] == [{"key": "GB", "count": 6}]
    stored = fake_site.tables.items[keys.job("removal", tried["id"])]
    assert "charity.example" not in f"{stored['effect']}"
    assert stored["sample"]["domain"] == {"0": 5, "1": 1} or stored["sample"]["domain"] == {"0": 1, "1": 5}


def test_a_try_without_a_condition_shows_what_is_frequent_among_all(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE)
    tried = shown(fake_site, start(fake_site, REMOVALS, condition={}, reason="", dry_run=True))
    assert (tried["state"], tried["matched"]) == ("tried", 1)
    assert tried["effect"]["source"] == [{"key": "direct", "count": 1}]


def test_a_removal_is_subtracted_said_in_public_and_undone(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE)
    confirmed(fake_site.tables, petition, BOB)
    removed = remove(fake_site, {"domain": "mail.example"})
    assert (removed["state"], removed["removed"]) == ("removed", 1)
    assert (removed["confirmed_before"], removed["confirmed_after"]) == (2, 1)
    assert ask(fake_site, "GET", REMOVALS).json_body["removals"] == [removed]
    now_public = public(fake_site)
    assert (now_public["count"], now_public["removed"]) == (1, [{"count": 1, "on": "2026-11-24", "reason": REASON}])
    assert f"24 November 2026</time>: {REASON}" in fake_site.get("/petitions/safe-children").body.decode()
    assert start(fake_site, f"{REMOVALS}/{removed['id']}/undo") == removed["id"]
    undone = shown(fake_site, removed["id"])
    assert (undone["state"], undone["removed"], undone["put_back"]) == ("undone", 0, 1)
    now_public = public(fake_site)
    undone = {"count": 0, "on": "2026-11-24", "reason": REASON, "put_back": 1, "put_back_on": "2026-11-24"}
    assert (now_public["count"], now_public["removed"]) == (2, [undone])
    page = fake_site.get("/petitions/safe-children").body.decode()
    assert f"24 November 2026</time>: {REASON} (put back on" in page
    sentence = f"1 signature was removed on 24 November 2026: {REASON} (put back on 24 November 2026: 1)"
    with_removals = petition_as_stored(petition.slug, fake_site.tables)
    assert freeze(with_removals, fake_site.clock(), fake_site.tables).removed == [sentence]


def test_a_try_does_not_show_what_few_signatures_have_of_a_person(fake_site: FakeSite, petition: Petition) -> None:
    """Bob may not see names, but ids are in the activity log."""
    alices = [confirmed(fake_site.tables, petition, Person("Alice", f"a{number}@mail.example")) for number in range(5)]
    effect = remove(fake_site, {"ids": alices}, dry_run=True)["effect"]
    assert (effect["first-name"], effect["domain"]) == (
        [{"key": "alice", "count": 5}],
        [{"key": "mail.example", "count": 5}],
    )
    effect = remove(fake_site, {"ids": alices[1:]}, dry_run=True)["effect"]
    assert (effect["first-name"], effect["domain"], effect["country"]) == ([], [], [{"key": "GB", "count": 4}])


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"network": "n1"}, {ALICE}),
        ({"domain": "charity.example"}, {BOB}),
        ({"domain": "*.Example"}, {ALICE, BOB}),
        ({"domain": "*.mail.example"}, set()),
        ({"source": "one-site"}, {BOB}),
        ({"source": "other"}, {BOB}),
        ({"name": "alice*"}, {ALICE}),
        ({"name": "*B?kker"}, set()),
        ({"name": "*ko*[a-z]*"}, set()),
        ({"from": "2026-11-24T12:00:01Z"}, {BOB}),
        ({"to": "2026-11-24T12:00:01Z"}, {ALICE}),
        ({"domain": "charity.example", "source": "another"}, set()),
        ({"version": "0123456789ab"}, set()),
    ],
)
def test_a_condition_means_those_to_whom_all_of_it_applies(
    fake_site: FakeSite, petition: Petition, condition: dict[str, str], fits: set[Any]
) -> None:
    identities = {
        ALICE: confirmed(fake_site.tables, petition, ALICE),
        BOB: confirmed(fake_site.tables, petition, BOB, NOW + DAY, source="one-site"),
    }
    change_item(fake_site.tables, petition, identities[ALICE], network="n1")
    change_item(fake_site.tables, petition, identities[BOB], counted_source="other")
    remove(fake_site, condition)
    states = {person: item_of(fake_site.tables, petition, identity)["state"] for person, identity in identities.items()}
    assert {person for person, state in states.items() if state == "removed"} == fits


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"condition": {}, "reason": "All"}, "body"),
        ({"condition": {"domain": "x.example"}}, "reason"),
        ({"condition": {"domain": "x.example"}, "reason": "x" * 201}, "reason"),
        ({"condition": {"name": "*****"}, "reason": "Stars"}, "condition.name"),
        ({"condition": {"ids": ["~"]}, "reason": "Ids"}, "condition.ids.0"),
        ({"condition": {"email": "a@b.example"}, "reason": "Unknown"}, "condition.email"),
        ({"condition": {"from": "2026-11-25T00:00:00Z", "to": "2026-11-24T00:00:00Z"}, "reason": "Span"}, "condition"),
    ],
)
def test_a_removal_that_makes_no_sense_is_refused(
    fake_site: FakeSite, petition: Petition, body: dict[str, Any], field: str
) -> None:
    answer = ask(fake_site, "POST", REMOVALS, body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]


def test_a_second_removal_does_not_take_what_the_first_took(fake_site: FakeSite, petition: Petition) -> None:
    identity = confirmed(fake_site.tables, petition, ALICE)
    first, second = (remove(fake_site, {"domain": "mail.example"}) for _ in range(2))
    assert (first["removed"], second["matched"]) == (1, 0)
    start(fake_site, f"{REMOVALS}/{second['id']}/undo")
    assert item_of(fake_site.tables, petition, identity)["state"] == "removed"
    start(fake_site, f"{REMOVALS}/{first['id']}/undo")
    assert item_of(fake_site.tables, petition, identity)["state"] == "confirmed"


def test_what_comes_back_counts_on_the_day_of_the_undo(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE)
    removed = remove(fake_site, {"domain": "mail.example"})
    fake_site.clock.forward(DAY)
    token = bobs_token(fake_site.tables, fake_site.clock(), Right.MANAGE, Right.COUNTS)
    fake_site.post(f"{REMOVALS}/{removed['id']}/undo", b"", "", authorization=f"Bearer {token}")
    run_jobs(fake_site)
    url = f"{PATH}/counts?by=day"
    days = fake_site.get(url, authorization=f"Bearer {token}").json_body["breakdown"]
    assert days == [{"key": "2026-11-25", "confirmed": 1}]


def test_who_withdraws_after_a_removal_is_subtracted_once_and_stays_away(
    fake_site: FakeSite, petition: Petition
) -> None:
    identity = confirmed(fake_site.tables, petition, ALICE)
    confirmed(fake_site.tables, petition, BOB)
    removed = remove(fake_site, {"domain": "mail.example"})
    withdraw(key_of(petition, identity), petition, NOW, fake_site.tables)
    start(fake_site, f"{REMOVALS}/{removed['id']}/undo")
    assert public(fake_site)["count"] == 1
    assert "name" not in item_of(fake_site.tables, petition, identity)


def confirm_as_owner(tables: FakeTables, petition: Petition, identity: str) -> SignatureState:
    subject = subject_of(petition, identity)
    return confirm(subject, read_corrections({}, "GB"), petition, NOW, tables, issued=NOW).state


def test_a_held_signature_counts_only_when_staff_release_it(fake_site: FakeSite, petition: Petition) -> None:
    early, late = signed(fake_site.tables, petition, ALICE), signed(fake_site.tables, petition, CHARLIE)
    for identity in (early, late):
        change_item(fake_site.tables, petition, identity, held="disposable")
    assert confirm_as_owner(fake_site.tables, petition, early) is SignatureState.HELD
    assert public(fake_site)["count"] == 0
    released = start(fake_site, f"{PATH}/held/release", condition={}, reason="They called us")
    assert shown(fake_site, released)["state"] == "released"
    assert public(fake_site)["count"] == 1
    assert confirm_as_owner(fake_site.tables, petition, late) is SignatureState.CONFIRMED
    assert public(fake_site)["count"] == 2


def test_a_held_signature_shows_its_owner_what_any_other_shows(fake_site: FakeSite, petition: Petition) -> None:
    pages = []
    for person, held in ((ALICE, None), (CHARLIE, "network")):
        identity = signed(fake_site.tables, petition, person)
        if held:
            change_item(fake_site.tables, petition, identity, held=held)
        token = issue(Purpose.CONFIRM, subject_of(petition, identity), NOW + CONFIRM_LIFETIME, TOKEN_KEYS)
        for _ in range(2):
            answer = fake_site.post_form("/confirm", {"token": token, "name": "A B"})
            pages.append((answer.status_code, answer.body.decode().replace(token, "")))
        signed(fake_site.tables, petition, person, NOW + DAY)
        fake_site.deliver("send_mail", [request_of(fake_site.tables, petition, identity).model_dump()])
        assert "already signed" in fake_site.mailer.mails[-1].subject
    assert pages[:2] == pages[2:]


def test_a_link_to_confirm_does_not_bring_a_removed_signature_back(fake_site: FakeSite, petition: Petition) -> None:
    identity = signed(fake_site.tables, petition, ALICE)
    remove(fake_site, {"domain": "mail.example"})
    assert "mail_kind" not in item_of(fake_site.tables, petition, identity)
    assert confirm_as_owner(fake_site.tables, petition, identity) is SignatureState.REMOVED
    assert public(fake_site)["count"] == 0


def test_only_who_manages_petitions_may_remove(fake_site: FakeSite, petition: Petition) -> None:
    token = bobs_token(fake_site.tables, NOW, Right.COUNTS)
    assert fake_site.get(f"{PATH}/held", authorization=f"Bearer {token}").status_code == 403

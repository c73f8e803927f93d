"""The supporters' actions, in any order and with any faults, and the answers that the site must give."""

import copy
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalice.test import HTTPResponse
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chalicelib.petitions.find import PETITION_SECONDS
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.shedding.level import Level, set_level
from tests.actors import NOW, Person, fields_of, identity_of, json_of
from tests.fake_site import FORM, token_in
from tests.faults.injection import Faults
from tests.flows.ledger import NEVER
from tests.flows.recovery import deliver_everything
from tests.flows.ways import CORRECTIONS, COUNTRIES, FAULTS, INDEXES, SIGNERS, SOURCES, SPELLINGS, WAYS, Way
from tests.flows.world import ReceivedEmail, World

# By route: status, body and location of the answer to a signing.
SIGNING_ANSWERS = {
    "json": (202, b'{"status":"check-your-inbox"}', None),
    "form": (303, b"", "/petitions/safe-children/thanks"),
}
STATE_BY_HEADING = {"Your signature is counted": "confirmed", "Your signature is withdrawn": "withdrawn"}
# The page says nothing of a hold or a removal.
SHOWN_AS = {"held": "confirmed", "removed": "confirmed"}
PERSONAL_FIELDS = {"name", "email", "country", "postcode", "source", "counted_source"}
SLUG = "safe-children"


def is_kept(item: Mapping[str, Any] | None, now: datetime) -> bool:
    """Return whether this item of the table is a signature that is neither withdrawn nor expired."""
    if item is None or item["state"] == "withdrawn":
        return False
    return bool(item.get("expires_at", NEVER) > now.timestamp())


def page_of(answer: HTTPResponse) -> str:
    """Return the state of the signature that the page shows, or else the answer's status."""
    text = answer.body.decode()
    for heading, state in STATE_BY_HEADING.items():
        if heading in text:
            return state
    return str(answer.status_code)


def expected_page(email: ReceivedEmail, before: Mapping[str, Any], petition: Petition, now: datetime) -> str:
    """Return what the page must show after the person confirms, in the words of `page_of`."""
    if petition.state is PetitionState.REMOVED:
        return "410"
    if before.get("state", "pending") != "pending":
        return SHOWN_AS.get(before["state"], str(before["state"]))
    has_ended = now >= email.link_expiry or email.is_older_than(before.get("withdrawn_at"))
    if not before or has_ended:
        return "410"
    return "confirmed" if petition.is_confirmable_at(now) else "410"


def assert_confirmed_item(before: Mapping[str, Any], after: Mapping[str, Any], corrections: Mapping[str, str]) -> None:
    """Assert that the item has the corrections that the person made when they confirmed."""
    assert after["name"] == corrections.get("name", before["name"])
    assert after["updates"] is (corrections.get("updates") == "yes"), "only a ticked box gives consent"
    for version in ("text_version", "consent_version"):
        assert after[version] == before[version], "the version changed, though no page showed another"


def assert_withdrawn_item(item: Mapping[str, Any] | None) -> None:
    """Assert that the signature has no personal data, or is deleted."""
    if item is not None:
        assert item["state"] == "withdrawn"
        assert not PERSONAL_FIELDS & item.keys()


def assert_names_nobody(page: str) -> None:
    for person in SPELLINGS:
        assert person.name not in page
        assert person.email not in page


class Supporters(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.promised: dict[str, datetime] = {}
        self.last_unsettled_at = NOW

    @property
    def is_settled(self) -> bool:
        """Whether no cache can have an old version of the petition, because the last fault or change is long ago."""
        return self.world.now >= self.last_unsettled_at + timedelta(seconds=PETITION_SECONDS)

    def note_faults(self, faults: Faults) -> None:
        if faults:
            self.last_unsettled_at = self.world.now

    @initialize(ways=st.lists(WAYS, min_size=1, max_size=3))
    def start_with_some_signatures(self, ways: list[Way]) -> None:
        for way in ways:
            self.follow(way)

    @rule(way=WAYS)
    def follow_a_way(self, way: Way) -> None:
        self.follow(way)

    def follow(self, way: Way) -> None:
        """Sign, perhaps repeatedly. Get the email. Perhaps change the petition, then confirm or withdraw."""
        level = Level.ACCEPT_ONLY if way.faulty_step == "store_overflow" else Level.NORMAL
        set_level(level, self.world.tables)
        for _ in range(way.times):
            answer = self._sign_by_json(way.signer, way.country, way.source, way.faults_at("sign"))
            self._check_answer("json", way.signer, answer, way.faults_at("sign"))
            deliver_everything(self.world, way.outage, way.faulty_step, way.faults)
            if way.faults:
                deliver_everything(self.world, way.outage)  # What failed is redelivered, perhaps in the same minute.
            self.world.site.clock.forward(timedelta(seconds=62))
        self.change(way.change)
        self.world.site.clock.forward(timedelta(seconds=way.seconds))
        if self.world.emails and way.last_step:
            self._take_last_step(self.world.emails[-1], way.last_step, way.faults_at(way.last_step))

    def _take_last_step(self, email: ReceivedEmail, step: str, faults: Faults) -> None:
        if step == "withdraw":
            self._withdraw(email, faults)
        elif email.mail.tags["kind"] == "confirm":
            self._confirm(email, {}, faults)

    def change(self, change: str) -> None:
        """Change the petition as staff can."""
        raise NotImplementedError

    @rule(signer=SIGNERS, country=COUNTRIES, source=SOURCES, faults=FAULTS)
    def sign_by_json(self, signer: Person, country: str, source: str | None, faults: Faults) -> None:
        answer = self._sign_by_json(signer, country, source, faults)
        self._check_answer("json", signer, answer, faults)

    @rule(signer=SIGNERS, country=COUNTRIES, source=SOURCES, faults=FAULTS)
    def sign_by_form(self, signer: Person, country: str, source: str | None, faults: Faults) -> None:
        fields = fields_of(signer, country=country, source=source or "")
        path = f"/petitions/{SLUG}/signatures"
        answer = self.world.run("sign", lambda: self.world.site.post_form(path, fields), faults)
        self._check_answer("form", signer, answer, faults)

    def _sign_by_json(self, signer: Person, country: str, source: str | None, faults: Faults) -> HTTPResponse | None:
        form = json_of(signer, country=country, consent={"sign": True, "updates": True}, source=source)
        path = f"/api/petitions/{SLUG}/signatures"
        return self.world.run("sign", lambda: self.world.site.post_json(path, form), faults)

    def _check_answer(self, route: str, person: Person, answer: HTTPResponse | None, faults: Faults) -> None:
        self.note_faults(faults)
        if answer is None:
            return
        status, accepted = answer.status_code, SIGNING_ANSWERS[route]
        if status == accepted[0]:
            assert (status, answer.body, answer.headers.get("Location")) == accepted
            self._check_promise(identity_of(self.world.petition, person))
            return
        if self.is_settled:
            is_open = self.world.petition.state_at(self.world.now) is PetitionState.OPEN
            assert not is_open, f"signing an open petition was refused: {status}"
        assert status in (409, 410) or (faults and status == 503)

    def _check_promise(self, identity: str) -> None:
        """Assert that the signature is in the table or in the overflow queue, as 202 promises."""
        is_stored = is_kept(self.world.item(identity), self.world.now)
        waiting = [message["signature_id"] for message in self.world.site.overflow.messages]
        assert is_stored or identity in waiting, "the answer was 202, but the signature is not stored"
        self.promised[identity] = self.world.now

    @precondition(lambda self: self.world.emails)
    @rule(index=INDEXES, purpose=st.sampled_from(["confirm", "withdraw", "unsubscribe"]))
    def open_a_link(self, index: int, purpose: str) -> None:
        email = self._email(index)
        if f"/{purpose}?token=" not in email.mail.text:
            return
        before, link = self._whole_state(), email.link(purpose)
        answer = self.world.run("get", lambda: self.world.site.get(link))
        assert answer is not None
        assert answer.status_code < 500
        assert self._whole_state() == before, "GET changed something"

    def _whole_state(self) -> list[object]:
        channels = [list(channel.messages) for channel in self.world.channels.values()]
        return [copy.deepcopy(self.world.tables.items), channels, len(self.world.site.mailer.mails)]

    @precondition(lambda self: self.world.emails)
    @rule(index=INDEXES, corrections=CORRECTIONS, faults=FAULTS)
    def confirm(self, index: int, corrections: dict[str, str], faults: Faults) -> None:
        email = self._email(index)
        if email.mail.tags["kind"] == "confirm":
            self._confirm(email, corrections, faults)

    def _confirm(self, email: ReceivedEmail, corrections: Mapping[str, str], faults: Faults) -> None:
        before = self.world.item(email.identity) or {}
        page = self._post(email, "confirm", corrections, faults)
        after = self.world.item(email.identity) or {}
        if page in STATE_BY_HEADING.values():
            assert SHOWN_AS.get(after["state"], after["state"]) == page
        if faults or not self.is_settled:
            return
        assert page == expected_page(email, before, self.world.petition, self.world.now)
        if before.get("state") == "pending" and page == "confirmed":
            assert_confirmed_item(before, after, corrections)

    @precondition(lambda self: self.world.emails)
    @rule(index=INDEXES, withdraws=st.booleans(), faults=FAULTS)
    def withdraw_or_unsubscribe(self, index: int, withdraws: bool, faults: Faults) -> None:
        email = self._email(index)
        if withdraws:
            self._withdraw(email, faults)
        elif "/unsubscribe?token=" in email.mail.text:
            self._unsubscribe(email, faults)

    def _withdraw(self, email: ReceivedEmail, faults: Faults) -> None:
        page = self._post(email, "withdraw", {}, faults)
        if page == "withdrawn":
            assert_withdrawn_item(self.world.item(email.identity))
        else:
            assert faults

    def _unsubscribe(self, email: ReceivedEmail, faults: Faults) -> None:
        """Unsubscribe with one click, as an email program does."""
        link, body = email.link("unsubscribe"), b"List-Unsubscribe=One-Click"
        answer = self.world.run("unsubscribe", lambda: self.world.site.post(link, body, FORM), faults)
        if answer is None or answer.status_code != 200:
            assert faults
            return
        item = self.world.item(email.identity) or {}
        assert not item.get("updates")

    def _email(self, index: int) -> ReceivedEmail:
        """Return an email by number, counted from the newest."""
        return self.world.emails[-1 - index % len(self.world.emails)]

    def _post(self, email: ReceivedEmail, purpose: str, corrections: Mapping[str, str], faults: Faults) -> str:
        """Return the state that the page shows, or else its status; "" if the process was killed."""
        fields = {"token": token_in(email.link(purpose)), **corrections}
        answer = self.world.run(purpose, lambda: self.world.site.post_form(f"/{purpose}", fields), faults)
        self.note_faults(faults)
        if answer is None:
            return ""
        page = page_of(answer)
        assert answer.status_code < 500 or faults
        if page in STATE_BY_HEADING.values():
            assert_names_nobody(answer.body.decode())
        return page

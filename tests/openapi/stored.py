"""The items that are stored before each request, and the tokens that replace the placeholders of a request."""

from dataclasses import replace
from functools import cache
from typing import Any

from chalicelib.aws.table import Change, Item
from chalicelib.core import keys, tokens
from chalicelib.core.keys import Key, picture
from chalicelib.core.rights import Right
from chalicelib.core.tokens import Purpose, Subject
from chalicelib.mine.link import mailbox_hash
from chalicelib.signatures.model import Moving
from chalicelib.staff.invitations import accept, invitation, opened
from chalicelib.staff.tokens import new_token, store_token
from chalicelib.statements.freeze import freeze, statement_token, store_short_code
from chalicelib.updates.find import add_update
from chalicelib.updates.model import UpdateState
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    LIMIT_KEYS,
    LINKS,
    NOW,
    OPENED,
    TOKEN_KEYS,
    a_petition,
    a_published_petition,
    bobs_token,
    identity_of,
    signed,
)
from tests.exporting import a_result, an_export, store_export
from tests.exports.subscribers import list_requests
from tests.fake_site import FakeSite
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER
from tests.openapi.cases import Case
from tests.partnering import a_partner, oaks_token
from tests.partners import partner_requests
from tests.reminders.reminding import store_reminding
from tests.removals.removing import store_removal
from tests.retention.retaining import store_retention
from tests.updates.sending import an_update

NEW_ADDRESS = "alice@new.example"
EXPORT_STATES = ("waiting", "done", "failed", "cancelled", "expired")


@cache
def stored_items() -> dict[Key, Item]:
    tables = FakeTables()
    a_published_petition(tables)
    a_published_petition(tables, slug="closed", closes_at=NOW - DAY)
    a_published_petition(tables, slug="removed", state="removed")
    a_published_petition(tables, slug="a-draft", opened_at=NOW + DAY)
    tables.put(picture("safe-children", "0123456789abcdef"), {"jpeg": "aGFyYm91cg=="})
    a_partner(tables)
    partner_requests.add_imports(tables)
    list_requests.add_lists(tables)
    identity = signed(tables, a_petition())
    moving = Moving(to=NEW_ADDRESS, until=NOW + DAY).model_dump()
    tables.update(Change(keys.signature("safe-children", identity), assign={"moving": moving}))
    _add_exports(tables)
    _add_updates(tables)
    store_reminding(tables, job_id="closed.done", state="done")
    store_reminding(tables, job_id="lettered.waiting")
    store_removal(tables)
    store_removal(tables, job_id="lettered.waiting", state="waiting")
    a_published_petition(tables, slug="lettered", letter=LETTER)
    ended = {"opened_at": NOW - 99 * DAY, "closes_at": NOW - 60 * DAY, "retention_months": 1}
    a_published_petition(tables, slug="ended", **ended)
    a_published_petition(tables, slug="emptied", **ended, emptied_at=NOW - DAY)
    store_retention(tables, job_id="ended.done", state="done")
    store_retention(tables, job_id="lettered.waiting")
    return tables.items


def _add_updates(tables: FakeTables) -> None:
    for state in (UpdateState.DRAFT, UpdateState.PAUSED, UpdateState.CANCELLED):
        add_update(an_update(update_id=state.value, state=state), tables)


def _add_exports(tables: FakeTables) -> None:
    """Store an export in every state, and one that blocks the next request. An expired export was done long ago."""
    for state in EXPORT_STATES:
        fields: dict[str, Any] = {"job_id": f"closed.{state}", "state": state}
        if state == "expired":
            fields |= {"state": "done", "requested_at": NOW - 8 * DAY}
        if state in ("done", "expired"):
            fields["result"] = a_result()
        if state == "failed":
            fields["why"] = "Why."
        store_export(tables, an_export(**fields))
    tables.put(keys.latest_job("export", "closed"), {"job_id": "closed.waiting"})


def with_tokens(text: str, site: FakeSite) -> str:
    """Return the text with tokens in place of <bob>, <confirm-expired> and the other placeholders."""
    text = _with_link_tokens(text)
    text = text.replace("<alices-id>", identity_of(a_petition()))
    if "<statement>" in text:
        statement = freeze(a_petition(), NOW, site.tables)
        text = text.replace("<statement>", statement_token(statement, TOKEN_KEYS))
    if "<short>" in text:
        text = text.replace("<short>", store_short_code("token", site.tables))
    if "<bobs-id>" in text:
        text = text.replace("<bobs-id>", bobs_token(site.tables).split("_")[1])
    if "<oak>" in text:
        text = text.replace("<oak>", oaks_token(site.tables))
    if "<invitation" in text:
        text = text.replace("<invitation>", _invitation(site)).replace("<invitation-used>", _used_invitation(site))
    if "<bob>" in text:
        text = text.replace("<bob>", bobs_token(site.tables, NOW, *Right))
    return text


def filled_in(case: Case, site: FakeSite) -> Case:
    """Return the request with tokens in place of the placeholders."""
    headers = {name: with_tokens(value, site) for name, value in case.headers.items()}
    body = with_tokens(case.body.decode(), site).encode()
    return replace(case, url=with_tokens(case.url, site), headers=headers, body=body)


def _invitation(site: FakeSite) -> str:
    """Invite somebody, and return the token of the link."""
    invited = invitation(
        new_token("dora", [Right.COUNTS], NOW, NOW + DAY).stored, BOB.email, new_token("bob", [], NOW, NOW + DAY).stored
    )
    store_token(invited, site.tables)
    return tokens.issue(Purpose.INVITATION, (invited.stored.token_id,), NOW + DAY, TOKEN_KEYS)


def _used_invitation(site: FakeSite) -> str:
    link_token = _invitation(site)
    accept(opened(link_token, "another", NOW, TOKEN_KEYS, site.tables), NOW, site.tables)
    return link_token


def _with_link_tokens(text: str) -> str:
    """Replace the placeholders that stand for the token of a link in Alice's email."""
    mailbox, new = (mailbox_hash(email, LIMIT_KEYS) for email in (ALICE.email, NEW_ADDRESS))
    for kind, (slug, expires) in {**TOKEN_KINDS, "-left": ("safe-children", NOW + DAY)}.items():
        hashed = new if kind == "-left" else mailbox  # This link is of a mailbox that the signature has left.
        for purpose, found in ((Purpose.MY_SIGNATURES, hashed), (Purpose.MOVE, new)):
            placeholder = f"<{purpose}{kind}>"
            if placeholder in text:
                token = tokens.issue(purpose, (slug, identity_of(a_petition()), found), expires, TOKEN_KEYS)
                text = text.replace(placeholder, token)
    for purpose in (*LINKS, Purpose.STOP):
        for kind, (slug, expires) in TOKEN_KINDS.items():
            placeholder = f"<{purpose}{kind}>"
            if placeholder in text:
                subject = Subject(slug, identity_of(a_petition()), "GB", "direct")
                text = text.replace(placeholder, tokens.issue(purpose, subject, expires, TOKEN_KEYS))
    return text


# The slug and the expiry of a token, by the end of its placeholder.
TOKEN_KINDS = {
    "": ("safe-children", NOW + DAY),
    "-nobody": ("nobody", NOW + DAY),
    "-removed": ("removed", NOW + DAY),
    "-expired": ("safe-children", OPENED),
}

"""Store and undo the choice of a mailbox's owner to get no more email about a petition.

The choice is on the address's item in the limits table, which never expires while it has a choice. A signature may
expire or be withdrawn. If the choice were on the signature, anybody could then have email sent to the address again, by
signing. Only the link in an email, or a staff token with Right.PEOPLE, can undo the choice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Change, Item, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.errors import Conflicted
from chalicelib.core.keys import Key
from chalicelib.core.tokens import WITHDRAW_LIFETIME, Purpose, Subject, issue
from chalicelib.mail.budget import FORGET_AFTER
from chalicelib.mail.model import Mailbox, mailbox_of
from chalicelib.signatures.withdraw import unsubscribe

ATTEMPTS = 5


@dataclass(frozen=True)
class Choice:
    """What the owner may stop: email to this address about this petition. Both are hashes (mail/model.py)."""

    address_id: str
    petition_hash: str

    @property
    def key(self) -> Key:
        return keys.address_limit(self.address_id)


def choice_of(mailbox: Mailbox, slug: str) -> Choice:
    """Return the choice that the mailbox's owner can make. `is_stopped` says whether the owner has made it."""
    return Choice(mailbox.address_id, mailbox.hash_of_petition(slug))


def stop_token(subject: Subject, choice: Choice, now: datetime, secrets: dict[str, str]) -> str:
    """Return the token of the link that stops email.

    The token contains all that `stop` needs, so the link also works if the signature is no longer stored.
    """
    payload = (subject.slug, subject.signature_id, choice.address_id, choice.petition_hash)
    return issue(Purpose.STOP, payload, now + WITHDRAW_LIFETIME, secrets)


def stop(choice: Choice, subject: Subject, now: datetime, tables: Tables) -> None:
    """Stop all email to the address about the petition, and unsubscribe the signature from updates. Idempotent.

    The signature stays.
    """
    tables.update(Change(choice.key, add={"stopped": {choice.petition_hash}}, remove=["expires_at"]))
    unsubscribe(subject.key, now, tables)


def is_stopped(choice: Choice, tables: Tables) -> bool:
    item = tables.get(choice.key, consistent=True)
    return choice.petition_hash in _stopped_hashes(item)


def is_unwanted(address: str, slug: str, limit_keys: Mapping[str, str], tables: Tables) -> bool:
    """Return whether the address's owner stopped email about the petition.

    Call this for an email to a signer, unless the budget (budget.py) limits it: then the budget reads the choice.
    """
    choice = choice_of(mailbox_of(address, limit_keys), slug)
    return is_stopped(choice, tables)


def addresses_that_stopped(
    addresses: Sequence[str], slug: str, limit_keys: Mapping[str, str], tables: Tables
) -> set[str]:
    """Return those addresses whose owner stopped email about the petition. `addresses`: a hundred at most."""
    choices = {address: choice_of(mailbox_of(address, limit_keys), slug) for address in addresses}
    # Several addresses may belong to one mailbox, and batch_get refuses equal keys.
    all_keys = [choice.key for choice in choices.values()]
    distinct_keys = list(dict.fromkeys(all_keys))
    items = tables.batch_get(distinct_keys, consistent=True)
    hashes_by_partition = {item["pk"]: _stopped_hashes(item) for item in items}
    stopped_addresses = set()
    for address, choice in choices.items():
        hashes = hashes_by_partition.get(choice.key.pk, set())
        if choice.petition_hash in hashes:
            stopped_addresses.add(address)
    return stopped_addresses


def stopped_petitions(mailbox: Mailbox, slugs: Iterable[str], tables: Tables) -> set[str]:
    """Return those of the slugs whose petition may send no email to this mailbox."""
    item = tables.get(mailbox.key, consistent=True)
    stopped = _stopped_hashes(item)
    return {slug for slug in slugs if mailbox.hash_of_petition(slug) in stopped}


def resume(choice: Choice, now: datetime, tables: Tables) -> None:
    """Undo `stop`: the petition may email the address again, for example after a new signature. Idempotent.

    The signature stays unsubscribed from updates.
    """
    for _ in range(ATTEMPTS):
        item = tables.get(choice.key, consistent=True) or {}
        if choice.petition_hash not in _stopped_hashes(item):
            return
        if tables.try_update(_resuming_change(choice, item, now)):
            return
    raise Conflicted("storage")


def _stopped_hashes(item: Item | None) -> set[str]:
    if item is None:
        return set()
    return set(item.get("stopped", ()))


def _resuming_change(choice: Choice, item: Item, now: datetime) -> Change:
    """Return the change that removes the choice. If no other choice remains, the item may expire again."""
    stopped = _stopped_hashes(item)
    remaining = stopped - {choice.petition_hash}
    when = is_still("stopped", stopped)
    if remaining:
        return Change(choice.key, assign={"stopped": remaining}, when=when)
    # The budget (budget.py) needs the item during the present interval, and then for FORGET_AFTER. Every interval is
    # shorter than FORGET_AFTER, so twice FORGET_AFTER is enough.
    expires = int((now + 2 * FORGET_AFTER).timestamp())
    return Change(choice.key, assign={"expires_at": expires}, remove=["stopped"], when=when)

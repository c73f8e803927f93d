"""The budget limits the emails to one address, across all petitions.

Anybody can sign with somebody else's address. So after each email to an address, the interval until the next email is
longer. An email that comes too early waits for its turn, when the interval is over. If the owner of the address has
stopped email about a petition (`stop`), such emails are never sent.

All this is in one item for each address, which never expires while it has an owner's choice. The choice is not on the
signature, which may expire or be withdrawn: anybody could then have email sent again, by signing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.table import Change, Item, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.core.times import iso
from chalicelib.core.tokens import WITHDRAW_LIFETIME, Purpose, Subject, issue
from chalicelib.mail.model import Mailbox, MailRequest, mailbox_of
from chalicelib.signatures.withdraw import unsubscribe

# After the first email, after the second, ... The last interval repeats. docs/security.md has the reasons.
INTERVALS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=3), timedelta(hours=6))
# Begin with the first interval again when the last has been over for this long.
FORGET_AFTER = timedelta(days=1)
# At most, for the email that has waited longest. The sweep (sweep.py) queues that email within 15 minutes.
TURN_KEPT_FOR = timedelta(hours=1)
ATTEMPTS = 5


@dataclass(frozen=True)
class Allowance:
    next_at: datetime
    is_stopped: bool


@dataclass(frozen=True)
class _WaitingEmail:
    request_hash: str
    since: str

    def is_behind_another(self, stored: Item) -> bool:
        """Return whether `stored`, the address's item, keeps the next turn for an email that has waited longer."""
        if stored.get("waiting") == self.request_hash:
            return False
        other_since: str | None = stored.get("waiting_since")
        return other_since is not None and other_since < self.since


def read_allowance(to: Mailbox, slug: str, now: datetime, tables: Tables) -> Allowance:
    item = tables.get(to.key, consistent=True) or {}
    return _allowance(item, to.hash_of_petition(slug), now)


def take_email(to: Mailbox, slug: str, request: MailRequest, now: datetime, tables: Tables) -> Allowance:
    """Take one email from the budget if an email may be sent now. Then the returned `next_at` is `now`.

    Otherwise take nothing. If two senders try at once, only one of them takes an email. A retry of the same request
    takes no second email. The next turn is kept for the email that was requested first, so that nobody can use up all
    turns by signing again and again. A new address needs only one write. Raise Unavailable if it is unknown whether the
    write succeeded.
    """
    email = _WaitingEmail(to.hash_of_request(request), request.requested_at)
    stored = Item()  # Correct for a new address. For any other, the first write fails and returns the item.
    for _ in range(ATTEMPTS):
        try:
            tables.update(_change_that_takes(email, to, stored, now))
            return Allowance(now, is_stopped=False)
        except ConditionFailed as failure:
            stored = Item(failure.item or {})
        allowance = _allowance(stored, to.hash_of_petition(slug), now)
        if stored.get("taken_by") == email.request_hash:  # An earlier attempt took the email for this request.
            return Allowance(now, allowance.is_stopped)
        if allowance.is_stopped:
            return allowance
        due = _turn_of(email, stored, now, earliest=allowance.next_at)
        if due > now:
            _ask_for_next_turn(email, to, stored, tables)
            return Allowance(due, is_stopped=False)
        # `stored` was out of date. Try again with the present values.
    raise Conflicted("storage")


def _turn_of(email: _WaitingEmail, stored: Item, now: datetime, earliest: datetime) -> datetime:
    """Return `earliest`, or later if the next turn is kept for another email.

    After the interval, the turn is kept for as long as the interval lasted, but for TURN_KEPT_FOR at most.
    """
    if not email.is_behind_another(stored):
        return earliest
    kept_for = min(TURN_KEPT_FOR, _interval_after(stored["sent"]))
    interval_ends_at: datetime = datetime.fromisoformat(stored["next_at"])  # Unlike `earliest`, perhaps in the past.
    return max(now, interval_ends_at + kept_for)


def _interval_after(sent_count: int) -> timedelta:
    return INTERVALS[min(sent_count, len(INTERVALS)) - 1]


def _ask_for_next_turn(email: _WaitingEmail, to: Mailbox, stored: Item, tables: Tables) -> None:
    """An older email that waits for the turn keeps it. If the item has changed meanwhile, store nothing."""
    if stored.get("waiting") == email.request_hash or email.is_behind_another(stored):
        return
    waiting = {"waiting": email.request_hash, "waiting_since": email.since}
    is_unchanged = is_still("next_at", stored["next_at"]) & is_still("waiting", stored.get("waiting"))
    tables.try_update(Change(to.key, assign=waiting, when=is_unchanged))


def _allowance(item: Item, petition_hash: str, now: datetime) -> Allowance:
    next_at = now
    if "next_at" in item:
        next_at = max(now, datetime.fromisoformat(item["next_at"]))
    return Allowance(next_at, is_stopped=petition_hash in item.get("stopped", ()))


def _change_that_takes(email: _WaitingEmail, to: Mailbox, stored: Item, now: datetime) -> Change:
    """The condition: `next_at` and `stopped` are still as in `stored`. An item with `stopped` never expires."""
    is_new_or_forgotten = stored.get("next_at", "") <= iso(now - FORGET_AFTER)  # "" sorts before every time.
    sent_count = 1 if is_new_or_forgotten else stored["sent"] + 1
    next_at = now + _interval_after(sent_count)
    assign: Item = {"sent": sent_count, "next_at": iso(next_at), "taken_by": email.request_hash}
    stopped = stored.get("stopped")
    if not stopped:
        expires = next_at + FORGET_AFTER
        assign["expires_at"] = int(expires.timestamp())
    is_unchanged = is_still("next_at", stored.get("next_at")) & is_still("stopped", stopped)
    return Change(to.key, assign=assign, remove=("waiting", "waiting_since"), when=is_unchanged)


@dataclass(frozen=True)
class Choice:
    """What the owner may stop: email to this address about this petition. Both are hashes (mail/model.py)."""

    address_id: str
    petition_hash: str

    @property
    def key(self) -> Key:
        return keys.address_limit(self.address_id)


def choice_of(mailbox: Mailbox, slug: str) -> Choice:
    return Choice(mailbox.address_id, mailbox.hash_of_petition(slug))


def stop_token(subject: Subject, choice: Choice, now: datetime, secrets: dict[str, str]) -> str:
    """The token contains all that `stop` needs, so the link works even if the signature is no longer stored."""
    payload = (subject.slug, subject.signature_id, choice.address_id, choice.petition_hash)
    return issue(Purpose.STOP, payload, now + WITHDRAW_LIFETIME, secrets)


def stop(choice: Choice, subject: Subject, now: datetime, tables: Tables) -> None:
    """Stop all email to the address about the petition, and unsubscribe the signature from updates. Idempotent."""
    tables.update(Change(choice.key, add={"stopped": {choice.petition_hash}}, remove=["expires_at"]))
    unsubscribe(subject.key, now, tables)


def is_stopped(choice: Choice, tables: Tables) -> bool:
    item = tables.get(choice.key, consistent=True)
    return choice.petition_hash in _stopped_hashes(item)


def is_unwanted(address: str, slug: str, limit_keys: Mapping[str, str], tables: Tables) -> bool:
    """For an email to a signer that the budget does not limit: otherwise the budget reads the choice."""
    choice = choice_of(mailbox_of(address, limit_keys), slug)
    return is_stopped(choice, tables)


def addresses_that_stopped(
    addresses: Sequence[str], slug: str, limit_keys: Mapping[str, str], tables: Tables
) -> set[str]:
    """`addresses`: a hundred at most."""
    choices = {address: choice_of(mailbox_of(address, limit_keys), slug) for address in addresses}
    # Several addresses may belong to one mailbox, and batch_get refuses equal keys.
    distinct_keys = list(dict.fromkeys(choice.key for choice in choices.values()))
    items = tables.batch_get(distinct_keys, consistent=True)
    hashes_by_partition = {item["pk"]: _stopped_hashes(item) for item in items}
    stopped = {address: hashes_by_partition.get(choice.key.pk, set()) for address, choice in choices.items()}
    return {address for address, choice in choices.items() if choice.petition_hash in stopped[address]}


def stopped_petitions(mailbox: Mailbox, slugs: Iterable[str], tables: Tables) -> set[str]:
    item = tables.get(mailbox.key, consistent=True)
    stopped = _stopped_hashes(item)
    return {slug for slug in slugs if mailbox.hash_of_petition(slug) in stopped}


def resume(choice: Choice, now: datetime, tables: Tables) -> None:
    """Undo `stop`, for example after a new signature, which stays unsubscribed from updates. Idempotent."""
    for _ in range(ATTEMPTS):
        item = tables.get(choice.key, consistent=True) or {}
        if choice.petition_hash not in _stopped_hashes(item):
            return
        if tables.try_update(_resuming_change(choice, item, now)):
            return
    raise Conflicted("storage")


def _stopped_hashes(item: Item | None) -> set[str]:
    return set((item or {}).get("stopped", ()))


def _resuming_change(choice: Choice, item: Item, now: datetime) -> Change:
    """If no other choice remains, the item may expire again."""
    stopped = _stopped_hashes(item)
    remaining = stopped - {choice.petition_hash}
    when = is_still("stopped", stopped)
    if remaining:
        return Change(choice.key, assign={"stopped": remaining}, when=when)
    # The budget needs the item during the present interval, and then for FORGET_AFTER, which no interval exceeds.
    expires = int((now + 2 * FORGET_AFTER).timestamp())
    return Change(choice.key, assign={"expires_at": expires}, remove=["stopped"], when=when)

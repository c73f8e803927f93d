"""Ask for the email with the link to "my signatures".

Anybody can type any address. So a request does the same work for every address: the same reads, one write and one
message. If the address may not have the email, these are about a signature that does not exist, and the sender drops
it. The request stores no address.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from time import monotonic

from chalicelib.aws.table import Tables
from chalicelib.core.address import Address, AddressError, read_address, signature_id
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.settings import Settings
from chalicelib.core.times import iso
from chalicelib.mail.budget import stopped_petitions
from chalicelib.mail.kind import Outbox
from chalicelib.mail.model import MailRequest, mailbox_of
from chalicelib.mine.kinds import LINKS, MOVES, MOVES_OVER, link_key, move_key
from chalicelib.mine.link import mailbox_hash
from chalicelib.petitions.find import cached_petitions
from chalicelib.signatures.form import MISSING
from chalicelib.signatures.look_up import StoredSignature, find_signatures, identities_of
from chalicelib.signatures.model import Moving
from chalicelib.signatures.sign import wait_for_step

# An address gets at most one link in this time, within the budget of the address (mail/budget.py).
WINDOW = timedelta(minutes=5)


def address_in_form(fields: Mapping[str, str]) -> Address:
    """Raise Invalid."""
    typed = fields.get("email", "")
    try:
        if not typed.strip():
            raise AddressError(MISSING["email"])
        return read_address(typed)
    except AddressError as error:
        raise Invalid([FieldError("email", str(error))]) from error


def ask_for_link(address: Address, now: datetime, settings: Settings, outbox: Outbox, tables: Tables) -> None:
    """Request the email, if the address has a signature and may have it. Idempotent within WINDOW."""
    started = monotonic()
    petitions = cached_petitions(tables)
    if petitions:
        identities = identities_of(address, petitions, settings.signature_keys)
        stored = find_signatures(identities, now, tables)
        slugs = [petition.slug for petition in petitions]
        stopped = stopped_petitions(mailbox_of(address.deliverable, settings.limit_keys), slugs, tables)
        chosen = _chosen(address, (each for each in stored if each.petition.slug not in stopped), now, settings)
        if chosen is None or any(each.signature.undeliverable for each in stored):
            nobody = signature_id("", address.canonical, settings.signature_keys[petitions[0].key_version])
            key = link_key(petitions[0].slug, nobody, _window(now))
        else:
            key = link_key(chosen.petition.slug, chosen.signature_id, _window(now))
        # If the email was sent or dropped already, the sender ignores the message: known addresses may have to wait.
        same_work = MailRequest(kind=LINKS.kind, key=key, requested_at=iso(now))
        outbox.send_now([LINKS.find_or_request(key, now, tables) or same_work])
    wait_for_step(started, is_new=False)


def _chosen(
    address: Address, stored: Iterable[StoredSignature], now: datetime, settings: Settings
) -> StoredSignature | None:
    """Return the newest signature, if possible one with the mailbox that was typed: its mailbox gets the link."""
    typed = mailbox_hash(address.deliverable, settings.limit_keys)

    def preference(found: StoredSignature) -> tuple[bool, datetime]:
        is_as_typed = mailbox_hash(found.signature.email or "", settings.limit_keys) == typed
        return is_as_typed, found.signature.signed_at

    present = [each for each in stored if each.signature.email and not each.signature.is_withdrawn_or_expired(now)]
    return max(present, key=preference, default=None)


def ask_new_address(
    found: StoredSignature, moving: Moving, now: datetime, settings: Settings, outbox: Outbox, tables: Tables
) -> None:
    """Request the email to the new address, and that the address is forgotten when the time for its link is over."""
    key = move_key(found, mailbox_hash(moving.to, settings.limit_keys), _window(now))
    for state in (MOVES_OVER, MOVES):
        request = state.find_or_request(key, now, tables)
        outbox.send_now([request] if request else [])


def _window(now: datetime) -> str:
    return f"{int(now.timestamp() // WINDOW.total_seconds()):x}"

"""What the owner of an address changes after signing: the details of a signature, or the address.

Both addresses agree to a move: the owner of the old one asks for it (`moving`), and the owner of the new one confirms
by a link in an email. A signature's key is a hash of the address, so the moved signature is a new item. ONE transaction
stores it and withdraws the old item, and leaves the tally as it is: at every moment, the signature counts once.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.aws.table import Attr, Change, Condition, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.address import Address
from chalicelib.core.errors import ConditionFailed, Conflicted
from chalicelib.core.keys import Key
from chalicelib.core.times import exact
from chalicelib.petitions.model import Petition
from chalicelib.signatures import store
from chalicelib.signatures.confirm import corrected_attributes, read_corrections
from chalicelib.signatures.counted import wait_after_conflict, withdraw_and_subtract
from chalicelib.signatures.look_up import StoredSignature
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS, Moving, Signature, SignatureState
from chalicelib.signatures.withdraw import withdrawal

ATTEMPTS = 6
MOVE_LIFETIME = timedelta(days=3)
_SIGNED = (SignatureState.CONFIRMED, SignatureState.HELD, SignatureState.REMOVED)
# If any of these has changed since it was read, a move would lose the change.
_MOVED_ATTRIBUTES = (
    "state", "email", "name", "country", "postcode", "source", "counted_source", "by_partner", "updates", "updates_at",
    "unsubscribed_at", "confirmed_at", "confirmed_with", "owner_confirmed_at", "signed_at", "submitted_at",
    "withdrawn_at", "held", "removal", "removed_from", "moved_at",
)  # fmt: skip
# What belongs to the old address, and not to the signature.
_OF_ADDRESS = (
    "mail_kind", "mail_requested_at", "mail_nudged_at", "mail_due_at", "mail_network", "mailed_at", "reminded_at",
    "undeliverable", "moving", "moved_to", "taken_back_at", "restored_at",
)  # fmt: skip


def is_movable(signature: Signature) -> bool:
    """Return whether its owner has confirmed it. Otherwise the link in its own email confirms it, or not."""
    return signature.state in _SIGNED and not signature.waits_for_owner


def correct(found: StoredSignature, fields: Mapping[str, str], now: datetime, tables: Tables) -> None:
    """Store the name and postcode that the owner sends. Idempotent; nothing if it is withdrawn meanwhile.

    Raise Invalid, or Conflicted if the signature changes during each attempt.
    """
    sent = {name: fields[name] for name in ("name", "postcode") if name in fields}
    for _ in range(ATTEMPTS):
        stored = store.find(found.key, tables)
        if stored is None or stored.email != found.signature.email:
            return
        country = stored.country or ""
        corrected = stored.model_copy(update=corrected_attributes(read_corrections(sent, country), country))
        if corrected == stored:
            return
        when = store.is_counted_as(stored) & is_still("email", stored.email)
        corrected = corrected.model_copy(update={"changed_at": now})
        if tables.try_update(store.change_to(found.key, stored, corrected, when)):
            return
    raise Conflicted


def ask_to_move(found: StoredSignature, to: Address, now: datetime, tables: Tables) -> Moving:
    """Store the new address on this signature. Raise ConditionFailed if the signature has left its own address."""
    moving = Moving(to=to.deliverable, until=(now + MOVE_LIFETIME).replace(microsecond=0))
    when = is_still("email", found.signature.email)
    tables.update(Change(found.key, assign={"moving": moving.model_dump()}, when=when))
    return moving


def forget_move(found: StoredSignature, tables: Tables) -> None:
    """Remove the new address, unless the owner has asked for another move since. Idempotent."""
    if moving := found.signature.moving:
        tables.try_update(Change(found.key, remove=["moving"], when=is_still("moving", moving.model_dump())))


def move(found: StoredSignature, to: Address, identity: str, now: datetime, tables: Tables) -> None:
    """Move a confirmed signature. `identity`: the id that the new address has in the petition.

    If the new address has signed the petition too, withdraw the old signature: then the person counts once. If that one
    is held and the old one counts, the old one takes its place. Idempotent: a signature that has left its address
    stays. Raise Conflicted if one of both changes during each attempt.
    """
    key, new_key = found.key, keys.signature(found.petition.slug, identity)
    for attempt in range(ATTEMPTS):
        stored = store.find(key, tables)
        if stored is None or not is_movable(stored) or stored.email != found.signature.email:
            return
        try:
            _move_as_read(found.petition, key, stored, new_key, to, now, tables)
            return
        except ConditionFailed:
            continue  # Somebody signed, withdrew, corrected or moved meanwhile: read both again.
        except Conflicted:
            wait_after_conflict(attempt)
    raise Conflicted


def _move_as_read(
    petition: Petition, key: Key, stored: Signature, new_key: Key, to: Address, now: datetime, tables: Tables
) -> None:
    """Raise ConditionFailed if one of both signatures has changed since it was read."""
    if new_key == key:  # The same person for us, such as a.lice@gmail.com.
        changes = {"email": to.deliverable, "changed_at": now, "moving": None, "undeliverable": None}
        changed = stored.model_copy(update=changes)
        tables.update(store.change_to(key, stored, changed, _is_still_as(stored)))
        return
    present = store.find(new_key, tables)
    if present and is_movable(present) and not _counts_instead(stored, present):
        left = _departure(key, stored, now, moved_to=new_key.sk)
        # Only a condition: of two moves that cross, one finds that the other signature has left, and does nothing.
        is_present = Change(new_key, remove=["moved_to"], when=_is_still_as(present))
        withdraw_and_subtract(petition, stored, left, now, tables, is_present)
    else:
        left = _departure(key, stored, now, moved_to=new_key.sk, moved_at=exact(now))
        tables.transact([_arrival(new_key, present, stored, to, now), left])


def _counts_instead(stored: Signature, present: Signature) -> bool:
    """A signature that counts takes the place of a held one: otherwise its person would no longer count."""
    return (stored.state, present.state) == (SignatureState.CONFIRMED, SignatureState.HELD)


def _departure(key: Key, stored: Signature, now: datetime, **marks: str) -> Change:
    left = withdrawal(key, stored, now)
    # DynamoDB refuses to assign and remove one attribute.
    remaining = [name for name in left.remove if name not in marks]
    return replace(left, assign={**left.assign, **marks}, remove=remaining, when=_is_still_as(stored))


def _arrival(key: Key, present: Signature | None, stored: Signature, to: Address, now: datetime) -> Change:
    """Store the signature at its new address, if there is still only `present`: nothing, or no confirmed signature."""
    old = present.model_dump(exclude_none=True) if present else {}
    kept = {"mails": present.mails if present else 0, "withdrawn_at": present.withdrawn_at if present else None}
    changes = {**dict.fromkeys(_OF_ADDRESS), **kept, "email": to.deliverable, "moved_at": now}
    new = stored.model_copy(update=changes).model_dump(exclude_none=True)
    removed = [name for name in {*old, *MAIL_REQUEST_FIELDS} if name not in new] if old else []
    when = _is_still_as(present) if present else Attr("state").not_exists()
    return Change(key, assign=new, remove=removed, when=when)


def _is_still_as(stored: Signature) -> Condition:
    values = stored.model_dump(include=set(_MOVED_ATTRIBUTES))
    condition: Condition = Attr("letter").exists() if stored.letter else Attr("letter").not_exists()
    for name in _MOVED_ATTRIBUTES:
        condition &= is_still(name, values[name])
    return condition

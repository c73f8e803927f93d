"""Take signatures from a partner: each person once, however often and under which identifiers they are sent.

The receipt is claimed before the signature is stored and settled after it is counted. After a crash at any point, the
same call continues. `Signature.receipt` names the receipt that a signature came with, so a repeated call knows
whether its own earlier attempt stored it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, Conflicted, FieldError, Invalid, Unavailable
from chalicelib.core.tokens import Subject
from chalicelib.partners import store
from chalicelib.partners.form import Sent
from chalicelib.partners.model import Counts, Partner, Receipt, Result
from chalicelib.partners.register import keep_wording
from chalicelib.petitions.model import Petition
from chalicelib.signatures.address import ID_BYTES, signature_id
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.look_up import held_as
from chalicelib.signatures.model import Signature, State
from chalicelib.signatures.origin import Origin
from chalicelib.signatures.sign import Outcome, SigningContext, sign

ATTEMPTS = 3
CONFLICT = FieldError("identifier", "This identifier was sent before with another email address")


class Taken(NamedTuple):
    """What became of one signature. `errors` only if it is invalid."""

    result: Result
    errors: Sequence[FieldError] = ()


@dataclass(frozen=True)
class Receiving:
    """What signatures are received with. `channel`: api, osdi or import. `job_id`: of an import."""

    partner: Partner
    petition: Petition
    channel: str
    context: SigningContext
    job_id: str | None = None

    @property
    def tables(self) -> Tables:
        return self.context.tables

    def receipt_of(self, sent: Sent, now: datetime) -> Receipt:
        """Return a new receipt. Its digest reveals no identifier without the secret."""
        secret, petition = self.context.secrets[self.petition.key_version], self.petition
        text = f"{petition.slug}\0{self.partner.source}\0{sent.identifier}"
        return Receipt(
            slug=petition.slug,
            source=self.partner.source,
            digest=digest(secret.encode(), text.encode(), sha256)[:ID_BYTES].hex(),
            signature_id=signature_id(petition.slug, sent.form.email.canonical, secret),
            version=sent.consent.version,
            obtained_at=sent.consent.obtained_at,
            received_at=now,
            channel=self.channel,
            job_id=self.job_id,
            row=sent.row,
        )

    def origin_of(self, sent: Sent, receipt: Receipt, *, is_known: bool) -> Origin:
        """`is_known`: the signature exists, so it needs no email from us."""
        return Origin(
            obtained_by=self.partner.name,
            channel=self.channel,
            consent_version=sent.consent.version,
            source=self.partner.source,
            confirms_by_email=self.partner.counts is Counts.AFTER_EMAIL and not is_known,
            receipt=receipt.digest,
        )


def take_each(each_sent: Sequence[Sent], receiving: Receiving, now: datetime) -> list[Taken]:
    """Take up to a hundred signatures, in order. Raise Unavailable: some may be stored, and a repeat is safe."""
    fresh = [receiving.receipt_of(sent, now) for sent in each_sent]
    stored = store.find_receipts(fresh, receiving.tables)
    wordings = Wordings(receiving.partner, now, receiving.tables)
    taken = []
    for sent, receipt in zip(each_sent, fresh, strict=True):
        taken.append(_take_valid(sent, receipt, stored.get(receipt.digest), wordings, receiving, now))
    return taken


class Wordings:
    """Keeps each wording of a batch once."""

    def __init__(self, partner: Partner, now: datetime, tables: Tables) -> None:
        self._known = {partner.version: partner.wording}
        self._partner, self._now, self._tables = partner, now, tables

    def keep(self, sent: Sent) -> None:
        """Raise Invalid if the version stands for another wording."""
        consent = sent.consent
        if self._known.get(consent.version) != consent.wording:
            keep_wording(self._partner.source, consent.version, consent.wording, self._now, self._tables)
            self._known[consent.version] = consent.wording


def _take_valid(
    sent: Sent, receipt: Receipt, stored: Receipt | None, wordings: Wordings, receiving: Receiving, now: datetime
) -> Taken:
    try:
        wordings.keep(sent)
        return Taken(_take(sent, receipt, stored, receiving, now))
    except Invalid as invalid:
        return Taken(Result.INVALID, invalid.errors)


def _take(sent: Sent, fresh: Receipt, stored: Receipt | None, receiving: Receiving, now: datetime) -> Result:
    receipt = _claimed(fresh, stored, receiving.tables)
    if receipt.result is not None:
        return _known_result(receipt, fresh, receiving)
    result = _stored_and_counted(sent, receipt, receiving, now)
    store.settle(receipt, result, receiving.tables)
    return result


def _claimed(fresh: Receipt, stored: Receipt | None, tables: Tables) -> Receipt:
    """Return the receipt as stored. Raise Invalid if the identifier belongs to another person."""
    for _ in range(ATTEMPTS):
        if stored is None:
            try:
                store.claim(fresh, tables)
                return fresh
            except ConditionFailed as failure:
                stored = store.as_receipt(dict(failure.item or {}))
        if stored.undone_at is None:
            break
        if store.claim_again(fresh, stored, tables):
            return fresh
        stored = store.find_receipts([fresh], tables).get(fresh.digest)
    else:
        raise Conflicted("storage")
    if stored.signature_id != fresh.signature_id:
        raise Invalid([CONFLICT])
    return stored


def _known_result(receipt: Receipt, fresh: Receipt, receiving: Receiving) -> Result:
    """Return the result of a signature that was settled before."""
    if receipt.result and receipt.is_same_row(fresh):
        return receipt.result
    signature = _find(receipt, receiving)
    is_live = signature is not None and signature.state is not State.WITHDRAWN
    return Result.EXISTING if is_live and receipt.result is not Result.SUPPRESSED else Result.SUPPRESSED


def _stored_and_counted(sent: Sent, receipt: Receipt, receiving: Receiving, now: datetime) -> Result:
    before = _find(receipt, receiving)
    if before is not None and _is_suppressed(before):
        return Result.SUPPRESSED
    origin = receiving.origin_of(sent, receipt, is_known=before is not None and not before.is_over(now))
    signed = sign(sent.form, receiving.petition, origin, now, receiving.context)
    if signed.outcome is Outcome.OVERFLOWED:
        raise Unavailable("storage")  # The queue has it. The partner sends it again, and then it is counted.
    signature = _find(receipt, receiving)
    is_own = signature is not None and signature.receipt == receipt.digest
    if receiving.partner.counts is Counts.AT_ONCE and signature is not None and signature.state is State.PENDING:
        _confirm(sent, receipt, signature, receiving, now, is_own=is_own)
    return Result.ACCEPTED if is_own else Result.EXISTING


def _confirm(
    sent: Sent, receipt: Receipt, signature: Signature, receiving: Receiving, now: datetime, *, is_own: bool
) -> None:
    """Count it. What a stranger may have typed here before is replaced by what the partner vouches for."""
    vouched = {} if is_own else {"name": sent.form.name, "updates": sent.form.consent.updates}
    subject = Subject(receipt.slug, receipt.signature_id, signature.country or "", signature.source or "")
    confirm(subject, Corrections.model_validate(vouched), receiving.petition, now, receiving.tables)


def _is_suppressed(signature: Signature) -> bool:
    """Return whether its person withdrew, was erased, or cannot be reached by email."""
    if signature.state is State.WITHDRAWN:
        return signature.taken_back_at is None
    return signature.state is State.PENDING and signature.undeliverable is not None


def _find(receipt: Receipt, receiving: Receiving) -> Signature | None:
    held = held_as(receiving.petition, receipt.signature_id, receiving.tables)
    return held.signature if held else None

"""From whom and how we receive signatures; the receipt and the origin (who, which wording, which channel) of each."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import digest

from chalicelib.aws.table import Tables
from chalicelib.core.address import HASH_BYTES, signature_id
from chalicelib.partners.form import SentSignature
from chalicelib.partners.model import CountsWhen, Partner, Receipt
from chalicelib.partners.register import store_wording
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import MailKind
from chalicelib.signatures.sign import Origin, SigningContext


@dataclass(frozen=True)
class ReceivingContext:
    """`channel`: partner, osdi or import. `job_id`: the id of the import, or None for an API."""

    partner: Partner
    petition: Petition
    channel: str
    signing: SigningContext
    job_id: str | None = None

    @property
    def tables(self) -> Tables:
        return self.signing.tables

    def receipt_of(self, submission: SentSignature, now: datetime) -> Receipt:
        """The digest is keyed, so nobody can find the identifier by guessing."""
        petition = self.petition
        secret = self.signing.secrets[petition.key_version]
        address = submission.form.email.canonical
        # \0 distinguishes an address from an identifier with the same text.
        identifier = submission.identifier or f"\0{address}"
        text = f"{petition.slug}\0{self.partner.source}\0{identifier}"
        keyed_hash = digest(secret.encode(), text.encode(), sha256)
        return Receipt(
            slug=petition.slug,
            source=self.partner.source,
            digest=keyed_hash[:HASH_BYTES].hex(),
            signature_id=signature_id(petition.slug, address, secret),
            version=submission.consent.version,
            obtained_at=submission.consent.obtained_at,
            received_at=now,
            channel=self.channel,
            job_id=self.job_id,
            row=submission.row,
        )

    def origin_of(self, submission: SentSignature, receipt: Receipt, *, has_signed: bool) -> Origin:
        """`has_signed`: the person has signed already, so we request no email."""
        needs_email = self.partner.counts is CountsWhen.AFTER_EMAIL and not has_signed
        # In an import, nobody waits for the email. So the people who sign now come first.
        mail_kind = MailKind.CONFIRM_IMPORTED if self.job_id else MailKind.CONFIRM
        return Origin(
            obtained_by=self.partner.name,
            channel=self.channel,
            consent_version=submission.consent.version,
            source=self.partner.source,
            mail_kind=mail_kind if needs_email else None,
            receipt=receipt.digest,
            counts_at_once=self.partner.counts is CountsWhen.AT_ONCE,
        )


class Wordings:
    def __init__(self, partner: Partner, now: datetime, tables: Tables) -> None:
        self._stored = {partner.version: partner.wording}  # By version. `create_partner` has stored the usual wording.
        self._partner, self._now, self._tables = partner, now, tables

    def store(self, submission: SentSignature) -> None:
        """Store the signature's wording. Raise Invalid if another wording is stored with this version."""
        consent = submission.consent
        if self._stored.get(consent.version) != consent.wording:
            store_wording(self._partner.source, consent.version, consent.wording, self._now, self._tables)
            self._stored[consent.version] = consent.wording

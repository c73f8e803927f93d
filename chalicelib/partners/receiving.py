"""The settings for receiving a partner's signatures, and the receipts and origins that follow from them."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import digest

from chalicelib.aws.table import Tables
from chalicelib.core.address import ID_BYTES, signature_id
from chalicelib.partners.form import SentSignature
from chalicelib.partners.model import Counts, Partner, Receipt
from chalicelib.partners.register import keep_wording
from chalicelib.petitions.model import Petition
from chalicelib.signatures.origin import Origin
from chalicelib.signatures.sign import SigningContext


@dataclass(frozen=True)
class Receiving:
    """The settings for receiving signatures. `channel`: api, osdi or import. `job_id`: the id of an import."""

    partner: Partner
    petition: Petition
    channel: str
    context: SigningContext
    job_id: str | None = None

    @property
    def tables(self) -> Tables:
        return self.context.tables

    def receipt_of(self, sent: SentSignature, now: datetime) -> Receipt:
        """Return a new receipt. Its digest reveals no identifier without the secret."""
        secret, petition = self.context.secrets[self.petition.key_version], self.petition
        named = sent.identifier or f"\0{sent.form.email.canonical}"
        text = f"{petition.slug}\0{self.partner.source}\0{named}"
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

    def origin_of(self, sent: SentSignature, receipt: Receipt, *, is_known: bool) -> Origin:
        """Return the origin of a signature that a partner sent. `is_known`: it exists, so it needs no email."""
        return Origin(
            obtained_by=self.partner.name,
            channel=self.channel,
            consent_version=sent.consent.version,
            source=self.partner.source,
            confirms_by_email=self.partner.counts is Counts.AFTER_EMAIL and not is_known,
            receipt=receipt.digest,
        )


class Wordings:
    """Keeps each wording of a batch once."""

    def __init__(self, partner: Partner, now: datetime, tables: Tables) -> None:
        self._known = {partner.version: partner.wording}
        self._partner, self._now, self._tables = partner, now, tables

    def keep(self, sent: SentSignature) -> None:
        """Raise Invalid if the version stands for another wording."""
        consent = sent.consent
        if self._known.get(consent.version) != consent.wording:
            keep_wording(self._partner.source, consent.version, consent.wording, self._now, self._tables)
            self._known[consent.version] = consent.wording

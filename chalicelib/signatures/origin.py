"""The origin of a signature: who obtained it, with which wording, through which channel."""

from dataclasses import dataclass

from chalicelib.core.sources import DIRECT
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import MailKind


@dataclass(frozen=True)
class Origin:
    """The origin of a signature. All fields are stored with the signature.

    `obtained_by`: the name of the charity or partner. `channel`: how the signature reached us: form,
    embed, api, partner, osdi or import. `consent_version`: the version of the wording that the person agreed to.
    `source`: the campaign or site that the person came from. `mail_kind`: which email with a link to confirm `sign`
    requests; None: it requests no email.
    `receipt`: the digest of the partner's receipt, which is our record of the signature that the partner sent.
    `counts_at_once`: this receipt makes the signature count, without our email.
    `network`: the hash of the client's network, stored only with a mail request. The first emails for signatures from
    one network are limited.
    """

    obtained_by: str
    channel: str
    consent_version: str
    source: str = DIRECT
    mail_kind: MailKind | None = MailKind.CONFIRM
    receipt: str | None = None
    counts_at_once: bool = False
    network: str | None = None


def own_origin(petition: Petition, channel: str, source: str | None, network: str | None = None) -> Origin:
    """Return the origin of a signature that the charity obtained on this site, with the wording of the petition."""
    return Origin(petition.charity, channel, petition.consent_version, source or DIRECT, network=network)

"""The origin of a signature: who obtained it, with which wording, through which channel."""

from dataclasses import dataclass

from chalicelib.core.sources import DIRECT
from chalicelib.petitions.model import Petition


@dataclass(frozen=True)
class Origin:
    """The origin of a signature. All fields but `confirms_by_email` are stored with the signature.

    `obtained_by`: the name of the charity or partner. `channel`: how the signature reached us, such as form or api.
    `consent_version`: the version of the wording that the person agreed to. `source`: the campaign or site that the
    person came from. `confirms_by_email`: we email the person a link to confirm. If False, we email nothing, and the
    caller of `sign` calls `confirm` to count the signature. `receipt`: the id of the record that we keep of a
    partner's signature. `network`: the hash of the client's network, which limits first emails.
    """

    obtained_by: str
    channel: str
    consent_version: str
    source: str = DIRECT
    confirms_by_email: bool = True
    receipt: str | None = None
    network: str | None = None


def own_origin(petition: Petition, channel: str, source: str | None, network: str | None = None) -> Origin:
    """Return the origin of a signature that the petition's charity obtained on this site, with its own wording."""
    return Origin(petition.charity, channel, petition.consent_version, source or DIRECT, network=network)

"""The emails that people received, with the links in them."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.email import Mail
from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, payload_of
from chalicelib.signatures.model import CLOCK_SKEW
from tests.actors import TOKEN_KEYS
from tests.fake_site import link_in, token_in
from tests.flows.ledger import signature_id_in


@dataclass(frozen=True)
class ReceivedEmail:
    """A received email. `link_expiry`: until then, its link to confirm must work."""

    mail: Mail
    link_expiry: datetime

    @property
    def identity(self) -> str:
        return signature_id_in(self.mail.tags["key"])

    def link(self, purpose: str) -> str:
        return link_in(self.mail, purpose)

    def is_older_than(self, withdrawal: str | None) -> bool:
        """Return whether its link to confirm was issued more than a minute before the withdrawal."""
        if withdrawal is None:
            return False
        _, expires = payload_of(Purpose.CONFIRM, token_in(self.link("confirm")), TOKEN_KEYS)
        issued_at = expires - CONFIRM_LIFETIME
        withdrawn_at = datetime.fromisoformat(withdrawal).replace(microsecond=0)
        return withdrawn_at > issued_at + CLOCK_SKEW

"""The message in the mail queue: one mail request of one signature, without name or address."""

from pydantic import BaseModel, ConfigDict

from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.signatures.model import MailKind


class MailRequest(BaseModel):
    """`requested_at` (ISO 8601, UTC) identifies the request, so that a message of an older request does nothing."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    slug: str
    signature_id: str
    kind: MailKind
    requested_at: str

    @property
    def key(self) -> Key:
        return keys.signature(self.slug, self.signature_id)

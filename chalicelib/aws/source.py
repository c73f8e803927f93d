"""Enable and disable a Lambda event source mapping: the connection from a queue to its function."""

from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import clients
from chalicelib.aws.failures import code_of, translate_errors
from chalicelib.core.errors import Unavailable
from chalicelib.core.settings import settings

BUSY = frozenset({"ResourceInUseException", "ResourceConflictException"})


class Source:
    def __init__(self, client: Any, uuid: str) -> None:
        self._client = client
        self._uuid = uuid

    def switch(self, *, is_on: bool) -> bool:
        """Return False if the source is already so, or while AWS still changes it. Raise Unavailable without an answer.

        A caller cannot tell which, so it must call this again and again, as mail/sending.py does.
        """
        with translate_errors("source", _source_error):
            opposite = "Disabled" if is_on else "Enabled"
            if self._state() != opposite:
                return False
            self._client.update_event_source_mapping(UUID=self._uuid, Enabled=is_on)
        return True

    def is_off(self) -> bool:
        """Perhaps an invocation that the source started earlier still runs."""
        with translate_errors("source", _source_error):
            return self._state() == "Disabled"

    def _state(self) -> str:
        return str(self._client.get_event_source_mapping(UUID=self._uuid)["State"])


def _source_error(error: ClientError) -> Unavailable | None:
    return Unavailable("source") if code_of(error) in BUSY else None


@cache
def mail_source() -> Source:
    return Source(clients.lambdas(), settings().mail_source)


@cache
def other_mail_source() -> Source:
    return Source(clients.lambdas(), settings().other_mail_source)

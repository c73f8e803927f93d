"""A kind of email: everything that the delivery engine (send.py) must know to send emails of this kind.

Add a new kind to `delivery.worker.KINDS`: then every worker handles its emails.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from chalicelib.aws.email import Mail
from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.aws.table import Item, Tables
from chalicelib.core import log
from chalicelib.core.language import ENGLISH
from chalicelib.core.settings import Reputation
from chalicelib.core.tokens import Purpose, Subject, issue
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.mail.state import DeliveryState


@dataclass(frozen=True)
class MailContext:
    """`deliver` sends an email and returns how long it took.

    `token_keys` sign the links (tokens.py). `limit_keys` hash the addresses in the limits table (mailbox.py).
    """

    site_url: str
    token_keys: dict[str, str]
    limit_keys: dict[str, str]
    deliver: Callable[[Mail], timedelta]

    def link(self, purpose: Purpose, subject: Subject, expires: datetime, language: str | None = None) -> str:
        return self.link_with_token(purpose, issue(purpose, subject, expires, self.token_keys), language)

    def link_with_token(self, purpose: Purpose, token: str, language: str | None = None) -> str:
        chosen_language = f"&lang={language}" if language else ""
        return f"{self.site_url}/{purpose}?token={token}{chosen_language}"

    def petition_link(self, slug: str, language: str | None = None) -> str:
        chosen_language = f"?lang={language}" if language else ""
        return f"{self.site_url}/petitions/{slug}{chosen_language}"


@dataclass(frozen=True)
class Content:
    to: str
    values: Mapping[str, object]
    unsubscribe_url: str = ""
    language: str = ENGLISH
    # "" to show only the address.
    sender_name: str = ""
    # The slug of the petition, if anybody can have this email sent to any address. Then the budget of the address
    # limits the email (budget.py), and the owner of the address can stop it. Otherwise "".
    limited_petition: str = ""
    # The hash of the signer's network, if this is a signature's first email and has no booked turn yet. Otherwise "".
    network: str = ""
    # "" for the sender's address.
    reply_to: str = ""


class NotSent(Enum):
    # For example, its link does not work now. Keep the request; the sweep (sweep.py) queues it.
    HELD = "held"
    # It would arrive too late to be useful, or its recipient no longer wants it. Drop the request.
    DROPPED = "dropped"
    # `contents` has settled the request itself.
    SETTLED = "settled"


@dataclass(frozen=True)
class Later:
    """Not now. At `due`, the engine calls `contents` again."""

    due: datetime


class AfterCrash(Enum):
    """What happens to an email that a crashed sender may have sent."""

    # A duplicate does less harm than a missing email.
    RESEND = "resend"
    # Never send it again. To detect crashes, each email needs one more write (`DeliveryState.begin`).
    UNKNOWN = "unknown"


Contents = Callable[[str, Item, MailContext, datetime, Tables], Content | NotSent | Later]


@dataclass(frozen=True)
class Kind:
    """`templates` is a folder with subject.txt, body.txt and body.html. `state` stores what happened to each email.

    `counts_refusals`: an email that the recipient's server has refused counts as failed, even if SES calls the bounce
    temporary. `reputation`: with which emails it shares a configuration set of SES.
    """

    name: str
    templates: Path
    priority: Priority
    state: DeliveryState
    contents: Contents
    after_crash: AfterCrash = AfterCrash.RESEND
    counts_refusals: bool = False
    reputation: Reputation = Reputation.SIGNATURES


Kinds = Mapping[str, Kind]


def is_known(kind: str, kinds: Kinds) -> bool:
    """If not, log its name but raise no error: one request must not stop others."""
    if kind not in kinds:
        log.degraded("unknown_kind", kind=kind)
    return kind in kinds


def by_name(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


@dataclass(frozen=True)
class Outbox:
    urgent: Queue
    other: Queue
    kinds: Kinds

    def send(self, requests: Iterable[tuple[MailRequest, int]]) -> None:
        """Queue each request with its delay in seconds. Leave out requests of an unknown kind.

        Raise Unavailable if a request was not queued. Other requests may have been queued.
        """
        messages: dict[Priority, list[Outgoing]] = {priority: [] for priority in Priority}
        for request, delay in requests:
            if is_known(request.kind, self.kinds):
                priority = self.kinds[request.kind].priority
                messages[priority].append(Outgoing(request.model_dump(), delay))
        self.urgent.send(messages[Priority.URGENT])
        self.other.send(messages[Priority.OTHER])

    def send_now(self, requests: Iterable[MailRequest]) -> None:
        self.send((request, 0) for request in requests)

    def depth(self) -> int:
        return self.urgent.depth() + self.other.depth()

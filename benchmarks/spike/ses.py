"""Simulate SES's limits of an account, a rate and a daily quota, because the emulator has neither."""

import json
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

LINK = re.compile(r"/confirm\?token=(\S+)")


class Refusal(NamedTuple):
    status: int
    code: str
    message: str


# Shapes from the SES v2 API reference (SendEmail, Errors), with SES's own texts.
TOO_FAST = Refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
DAY_SPENT = Refusal(400, "LimitExceededException", "Daily message quota exceeded.")


class Delivery(NamedTuple):
    """An email that SES accepted: when (Unix seconds), to whom, and its confirm token if it has one."""

    at: float
    to: str
    token: str


@dataclass
class Ses:
    rate: float
    quota: int | None = None
    delivered: list[Delivery] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    _sent_in_last_second: deque[float] = field(default_factory=deque)

    def refusal(self) -> Refusal | None:
        """Return SES's refusal of an email that is sent now. If SES accepts the email, count it, and return None."""
        now = time.monotonic()
        while self._sent_in_last_second and self._sent_in_last_second[0] <= now - 1:
            self._sent_in_last_second.popleft()
        if self.quota is not None and self.quota <= 0:
            return self._refuse(DAY_SPENT)
        if len(self._sent_in_last_second) >= self.rate:
            return self._refuse(TOO_FAST)
        self._sent_in_last_second.append(now)
        if self.quota is not None:
            self.quota -= 1
        return None

    def record_email(self, body: bytes) -> None:
        """Record an email that the emulator accepted. `body`: the request of SendEmail."""
        mail = json.loads(body)
        text = mail["Content"]["Simple"]["Body"]["Text"]["Data"]
        link = LINK.search(text)
        token = unquote(link.group(1)) if link else ""
        to = mail["Destination"]["ToAddresses"][0]
        self.delivered.append(Delivery(time.time(), to, token))

    @property
    def is_spent(self) -> bool:
        """Return whether SES has refused an email because of the daily quota, and the quota was not raised since."""
        return self.refused.get(DAY_SPENT.code, 0) > 0

    def raise_quota(self) -> None:
        """Remove the quota."""
        self.quota = None
        # With another key, the refusals until now no longer make `is_spent` true.
        self.refused[DAY_SPENT.code + ", until raised"] = self.refused.pop(DAY_SPENT.code)

    def _refuse(self, why: Refusal) -> Refusal:
        self.refused[why.code] = self.refused.get(why.code, 0) + 1
        return why

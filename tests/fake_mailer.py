"""An in-memory fake of SES."""

from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.aws.email import DailyQuota, Mail, MailQuota


@dataclass
class FakeMailer:
    """Keeps the emails. `failures`: the errors of the next sends."""

    mails: list[Mail] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def close_if_idle(self, now: datetime) -> None: ...

    def send(self, mail: Mail) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.mails.append(mail)
        return f"message-{len(self.mails)}"


@dataclass
class FakeQuota(MailQuota):
    """SES's quota, of which `used` is the used share. `failures`: the errors of the next calls."""

    used: float = 0
    most: float = 50_000
    suppressed: set[str] = field(default_factory=set)
    failures: list[Exception] = field(default_factory=list)

    def daily(self) -> DailyQuota:
        if self.failures:
            raise self.failures.pop(0)
        return DailyQuota(self.most, self.used * self.most)

    def suppresses(self, address: str) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        return address in self.suppressed

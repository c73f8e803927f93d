"""Whatever happens in whatever order: nobody gets two reminders, nor one that they should not get."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import hypothesis
from hypothesis import strategies as st

from chalicelib.aws.email import Mail
from chalicelib.core.errors import NotYet
from chalicelib.jobs.model import new_job
from chalicelib.mail.budget import choice_of, is_stopped, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.mail.send import send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.reminders.run import MIN_HOURS, Reminding, RemindingWork
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.model import MailKind
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    NOW,
    a_mail_context,
    a_published_petition,
    confirmed,
    key_of,
    request_of,
    signed,
    subject_of,
)
from tests.fakes import FakeTables
from tests.reminders.reminding import HOUR, mailed


class Crash(BaseException):
    """The process is killed after SES has accepted the email."""


class Life:
    """Alice, who has not confirmed, and what she, staff and AWS may do."""

    def __init__(self) -> None:
        self.tables, self.now = FakeTables(), NOW
        self.petition = a_published_petition(self.tables)
        self.identity = mailed(self.tables, self.petition)
        self.key = key_of(self.petition, self.identity)
        self.choice = choice_of(mailbox_of(ALICE.email, a_mail_context().limit_keys), self.petition.slug)
        self.reminders = 0

    @property
    def item(self) -> dict[str, object]:
        return self.tables.items[self.key]

    def remind(self) -> None:
        job = new_job(Reminding, self.petition.slug, "bob", self.now, hours=MIN_HOURS)
        work = RemindingWork(lambda: self.now, self.tables)
        while job.is_open and job.rests_until is None:
            job = work.next_step(job).act()

    def deliver(self, *, crashes: bool = False) -> None:
        """Deliver the message of the open request, as it was queued and as it is now."""

        def check(mail: Mail) -> None:
            if mail.tags["kind"] == MailKind.REMINDER:
                self.check_reminder()
            if crashes:
                raise Crash

        if "mail_kind" not in self.item:
            return
        request = request_of(self.tables, self.petition, self.identity)
        for kind in (request.kind, MailKind.REMINDER):
            with suppress(Crash, NotYet):
                queued = request.model_copy(update={"kind": kind})
                send(queued, SIGNATURE_KINDS, a_mail_context(check), self.now, self.tables)

    def check_reminder(self) -> None:
        self.reminders += 1
        assert self.reminders == 1, "a second reminder"
        assert self.item["state"] == "pending", "to somebody who has confirmed or left"
        assert "undeliverable" not in self.item, "to an address that does not work"
        assert not is_stopped(self.choice, self.tables), "to somebody who stopped our email"

    def crash(self) -> None:
        self.deliver(crashes=True)

    def wait(self) -> None:
        self.now += 13 * HOUR

    def wait_for_the_claim(self) -> None:
        self.now += timedelta(minutes=3)

    def sign_again(self) -> None:
        signed(self.tables, self.petition, ALICE, self.now)

    def confirm(self) -> None:
        if self.item["state"] == "pending":
            confirmed(self.tables, self.petition, now=self.now)

    def withdraw(self) -> None:
        withdraw(self.key, self.petition, self.now, self.tables)

    def stop(self) -> None:
        stop(self.choice, subject_of(self.petition, self.identity), self.now, self.tables)

    def bounce(self) -> None:
        mark_undeliverable(self.key, "bounced", self.tables)


USUAL: list[Callable[[Life], None]] = [
    Life.remind, Life.deliver, Life.crash, Life.wait, Life.wait_for_the_claim, Life.sign_again,
]  # fmt: skip
ENDS: list[Callable[[Life], None]] = [Life.confirm, Life.withdraw, Life.stop, Life.bounce]


@hypothesis.example(acts=[Life.remind, Life.crash, Life.wait_for_the_claim, Life.deliver])
@hypothesis.example(acts=[Life.remind, Life.deliver, Life.wait, Life.remind, Life.deliver])
@hypothesis.example(acts=[Life.remind, Life.confirm, Life.deliver])
@hypothesis.example(acts=[Life.remind, Life.stop, Life.deliver])
@hypothesis.example(acts=[Life.remind, Life.crash, Life.wait_for_the_claim, Life.sign_again, Life.deliver])
@hypothesis.settings(max_examples=60)
@hypothesis.given(acts=st.lists(st.sampled_from([*USUAL, *USUAL, *ENDS]), min_size=4, max_size=14))
def test_nobody_gets_a_reminder_twice_or_after_they_have_decided(acts: list[Callable[[Life], None]]) -> None:
    life = Life()
    for act in acts:
        act(life)

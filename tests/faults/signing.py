"""What is stored of Alice after she has signed, perhaps through the overflow queue."""

import copy
from datetime import timedelta

from chalicelib.core import keys
from tests.actors import ALICE
from tests.fake_site import FakeSite
from tests.faults.scenes import KEY, PETITION
from tests.signatures.test_sign import send_mail


def drain_queue(fake_site: FakeSite) -> None:
    """Deliver everything in the queue twice and send the emails in between."""
    for _ in range(2):
        fake_site.clock.forward(timedelta(minutes=5))
        assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
        after = copy.deepcopy(fake_site.tables.items.get(KEY))
        fake_site.clock.forward(timedelta(minutes=5))
        assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
        assert fake_site.tables.items.get(KEY) == after, "a redelivered message changed the signature"
        if after and "mail_kind" in after:
            send_mail(fake_site.tables, PETITION, KEY.sk, fake_site.clock.moment)


def is_kept(fake_site: FakeSite) -> bool:
    """Return whether Alice's signature is the only one, and is not withdrawn."""
    people = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    if len(people) != 1:
        return False
    [alice] = people
    return alice["state"] in ("pending", "confirmed") and alice["name"] == ALICE.name


def number_of_emails(fake_site: FakeSite) -> int:
    return int(fake_site.tables.items.get(KEY, {}).get("mails", 0))

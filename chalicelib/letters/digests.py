"""Send the digests that are due: close each, and request its email once.

It may stop anywhere: a digest that is closed and not marked as requested is requested by the next run.
"""

from datetime import date, datetime, timedelta

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.target_keys import DigestIds
from chalicelib.letters.digest_contents import close, find_digest, mark_requested, next_day, unrequested_digests
from chalicelib.letters.digest_kind import DIGESTS
from chalicelib.letters.model import target_of
from chalicelib.letters.target_state import target_states
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.petitions.find import all_petitions
from chalicelib.petitions.model import Petition


def send_digests(now: datetime, outbox: Outbox, tables: Tables) -> int:
    """Return how many were requested. Raise Unavailable: the next run continues.

    A query for each petition, because its letter may have been removed since, and one for each target with digests.
    """
    last = next_day(now) - timedelta(days=1)
    petitions = all_petitions(tables)
    return sum(_send_due(ids, now, outbox, tables) for petition in petitions for ids in _due(petition, last, tables))


def _due(petition: Petition, last: date, tables: Tables) -> list[DigestIds]:
    """Yield the digests that are due. Those of a paused target stay open, so that people who withdraw are taken out."""
    states = target_states(petition.slug, tables).items()
    targets = [key for key, state in states if state.has_digests and not (state.is_paused and target_of(petition, key))]
    return [ids for key in targets for ids in unrequested_digests(petition.slug, key, tables) if ids.day <= last]


def _send_due(ids: DigestIds, now: datetime, outbox: Outbox, tables: Tables) -> bool:
    close(ids, now, tables)
    digest = find_digest(ids, tables)
    request = _requested(ids, now, tables) if digest and digest.letters else None
    if request:
        outbox.send([(request, 0)])
    mark_requested(ids, now, tables)
    return request is not None


def _requested(ids: DigestIds, now: datetime, tables: Tables) -> MailRequest | None:
    """Request the digest. If it was requested before, return that request while it is open."""
    try:
        return DIGESTS.request(ids.delivery, now, tables)
    except ConditionFailed as failure:
        item = failure.item or {}
        return DIGESTS.request_of(item) if "mail_requested_at" in item else None

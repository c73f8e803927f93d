"""Request the email of each digest that is due. A digest is one email to a target, about many letters.

Close the digest, so that it takes no more letters; request its email; mark it as requested. If a run stops in between,
the next run repeats the steps.
"""

from datetime import date, datetime

from chalicelib.aws.table import Tables
from chalicelib.core.letter_keys import DigestIds
from chalicelib.letters.digest_contents import close, find_digest, mark_requested, next_digest_day, unrequested_digests
from chalicelib.letters.digest_kind import DIGESTS
from chalicelib.letters.model import target_unless_removed
from chalicelib.letters.target_state import target_states
from chalicelib.mail.kind import Outbox
from chalicelib.petitions.find import all_petitions
from chalicelib.petitions.model import Petition


def request_digests(now: datetime, outbox: Outbox, tables: Tables) -> int:
    """Return how many were requested. If AWS fails, raise Unavailable: the next run continues.

    An old digest may be due even if the petition no longer has a letter: so one query for each petition and target.
    """
    open_day = next_digest_day(now)  # The digests of this day still take letters. All earlier digests are due.
    due = (ids for petition in all_petitions(tables) for ids in _due_digests(petition, open_day, tables))
    return sum(_close_and_request(ids, now, outbox, tables) for ids in due)


def _due_digests(petition: Petition, open_day: date, tables: Tables) -> list[DigestIds]:
    """Return the digests of days before `open_day` that are not requested.

    Those of a paused target wait until staff resume its letters. If the petition no longer has the target, its digests
    are due: `digest_email` then drops them.
    """
    due: list[DigestIds] = []
    for key, state in target_states(petition.slug, tables).items():
        if not state.has_digests:  # `key` may also be of a member or a pace, which have no digests.
            continue
        if state.is_paused and target_unless_removed(petition, key) is not None:
            continue
        unrequested = unrequested_digests(petition.slug, key, tables)
        due += [ids for ids in unrequested if ids.day < open_day]
    return due


def _close_and_request(ids: DigestIds, now: datetime, outbox: Outbox, tables: Tables) -> bool:
    """Return whether there is an email to send.

    There is none if all letters were removed, or if an earlier run requested the email and it no longer waits.
    """
    close(ids, now, tables)
    digest = find_digest(ids, tables)
    request = DIGESTS.find_or_request(ids.delivery, now, tables) if digest and digest.letters else None
    if request:
        outbox.send_now([request])
    mark_requested(ids, now, tables)
    return request is not None

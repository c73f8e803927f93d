"""Publish a petition from its file, and raise the number of its shards.

Shards are the items over which a petition's counts are spread. The tally head is the item that stores the number of
shards.
"""

from datetime import datetime
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.petitions import store
from chalicelib.petitions.change import with_changes
from chalicelib.petitions.edit import create, edit
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.tallies.open import open_tally, raise_shards_to_read

# Fields that staff change while the petition runs. A file without a state does not overwrite them.
LIFECYCLE_FIELDS = {"state", "paused_at", "removed_reason"}


def publish(petition: Petition, now: datetime, tables: Tables) -> Petition:
    """Create the petition or overwrite the stored one. Return it as stored. Raise Stale on a concurrent edit.

    Keep the stored figures. Keep the stored number of shards if `petition` has fewer. If `petition` sets no state, keep
    the stored state, and when the petition opened and closed. A repeat does no harm.
    """
    stored = store.get(petition.slug, tables, consistent=True)
    if stored is None:
        return create(petition, now, tables)
    preserved: dict[str, Any] = {
        "shards": max(petition.shards, stored.shards),
        "revision": stored.revision,
        "figures": stored.figures,
    }
    if "state" not in petition.model_fields_set:
        preserved |= stored.model_dump(include=LIFECYCLE_FIELDS)
        if stored.state_at(now) is not PetitionState.DRAFT:  # It has opened: a later time would make it a draft again.
            preserved["opened_at"] = stored.opened_at
        if stored.state is PetitionState.CLOSED:  # This is when it closed. People can confirm until a day later.
            preserved["closes_at"] = stored.closes_at
    petition = with_changes(petition, **preserved)
    # The tally is open already, so this only raises the number of shards in its head. Why the head comes before the
    # petition: see `raise_shards`.
    open_tally(petition.slug, petition.shards, now, tables)
    return edit(petition, now, tables)


def raise_shards(slug: str, shards: int, tables: Tables) -> bool:
    """Increase the petition's number of shards. Return False if it is `shards` or more already. Raise UnknownPetition.

    The tally head gets the new number first, and the petition second. So every reader of the tally sums the new shards
    before a confirmation writes to one of them. Confirmations use the new number within seconds, when the cached
    petition expires (petitions.find).
    """
    if petition_as_stored(slug, tables).shards >= shards:
        return False
    raise_shards_to_read(slug, shards, tables)
    # False: a concurrent call has stored this number or a higher one.
    return store.raise_shards(slug, shards, tables)

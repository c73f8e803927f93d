"""Partners, the wordings of their consents, and their tokens. `source` is the partner's id, such as partner-oak."""

import re
from datetime import datetime

from chalicelib.aws.table import NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, UnknownThing
from chalicelib.core.rights import Right
from chalicelib.core.times import iso
from chalicelib.partners.model import SOURCE_PATTERN, Partner
from chalicelib.staff.tokens import NewToken, new_token

_source_pattern = re.compile(SOURCE_PATTERN)


def create_partner(partner: Partner, tables: Tables) -> None:
    """A repeat changes nothing. Raise Invalid if another partner has this source, or another wording this version."""
    stored = _stored_partner(partner.source, tables)
    if stored is None:
        # First the wording, so that every stored partner has its usual wording.
        store_wording(partner.source, partner.version, partner.wording, partner.created_at, tables)
        try:
            tables.put_new(NewItem(keys.partner(partner.source), partner.model_dump()))
        except ConditionFailed as failure:  # Another request has just created a partner with this source.
            stored = Partner.model_validate(failure.item)
    if stored is not None:
        is_repeat = stored.model_copy(update={"created_at": partner.created_at}) == partner
        if not is_repeat:
            raise Invalid([FieldError("source", "Another partner already has this source")])


def store_wording(source: str, version: str, wording: str, now: datetime, tables: Tables) -> None:
    """Raise Invalid if another wording is stored with this version."""
    key = keys.partner_wording(source, version)
    try:
        tables.put_new(NewItem(key, {"wording": wording, "recorded_at": iso(now)}))
    except ConditionFailed as failure:
        if not failure.item or failure.item["wording"] != wording:
            message = "This version has another wording. Give the new wording a new version"
            raise Invalid([FieldError("consent.version", message)]) from failure


def find_wording(source: str, version: str, tables: Tables) -> str | None:
    item = tables.get(keys.partner_wording(source, version))
    return item["wording"] if item else None


def find_partner(source: str, tables: Tables) -> Partner:
    """Raise UnknownThing if it does not exist or the source is malformed."""
    partner = _stored_partner(source, tables) if _source_pattern.fullmatch(source) else None
    if partner is None:
        raise UnknownThing("There is no such partner.")
    return partner


def all_partners(tables: Tables) -> list[Partner]:
    items = tables.query(keys.COUNTS, keys.PARTNERS_PARTITION, consistent=True)
    return [Partner.model_validate(item) for item in items]


def new_partner_token(partner: Partner, now: datetime, expires_at: datetime) -> NewToken:
    """Return a token, not stored yet, for the routes of partners."""
    return new_token(partner.name, [Right.PARTNER], now, expires_at, partner.source)


def _stored_partner(source: str, tables: Tables) -> Partner | None:
    item = tables.get(keys.partner(source), consistent=True)
    return Partner.model_validate(item) if item else None

"""A third kind of email, which thanks a signer. A kind is one such file and one folder of templates (thanks/)."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.aws.table import Item, Tables
from chalicelib.core.language import language_of
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.kind import AfterCrash, Content, Kind, MailContext, NotSent
from chalicelib.mail.model import Priority
from chalicelib.petitions.find import cached_as_stored
from chalicelib.signatures.look_up import find_by_id


def contents(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    slug, _, signature_id = key.partition("_")
    petition = cached_as_stored(slug, tables)
    found = find_by_id(petition, signature_id, now, tables)
    if found is None or found.signature.email is None:
        return NotSent.DROPPED
    language = language_of(found.signature.language or petition.language)
    shown = petition.in_language(language.code)
    values = {"petition": shown, "petition_url": context.petition_link(slug, found.signature.language)}
    return Content(found.signature.email, values, language=language.code, sender_name=shown.charity)


STATE = Deliveries(kind="thanks", lifetime=timedelta(days=60))
THANKS = Kind("thanks", Path(__file__).with_name("thanks"), Priority.OTHER, STATE, contents)

# The same email, of a kind that is never sent twice.
ONCE_STATE = Deliveries(kind="once", lifetime=timedelta(days=60))
ONCE = replace(THANKS, name="once", state=ONCE_STATE, after_crash=AfterCrash.UNKNOWN)

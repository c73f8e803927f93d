"""The kind of email that invites a colleague to the pages for staff. It is in English, as they are."""

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.aws.table import Item, Tables
from chalicelib.core import tokens
from chalicelib.core.times import in_words
from chalicelib.core.tokens import Purpose
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.kind import Content, Kind, MailContext, NotSent, by_name
from chalicelib.mail.model import Priority
from chalicelib.staff.invitations import is_withdrawn
from chalicelib.staff.tokens import find_token

# The key of an email is the id of the invitation.
EMAILS = Deliveries(kind="invitation", lifetime=timedelta(days=4))


def invitation_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Drop it if its link would not work. An email that is sent twice has the same link."""
    token = find_token(key, tables)
    if token is None or token.invited_email is None or token.invited_until is None:
        return NotSent.DROPPED
    if is_withdrawn(token, tables) or token.accepted_at or now >= token.invited_until:
        return NotSent.DROPPED
    link_token = tokens.issue(Purpose.INVITATION, (key,), token.invited_until, context.token_keys)
    values = {
        "owner": token.owner,
        "invited_by": token.invited_by,
        "site": urlsplit(context.site_url).netloc,
        "url": context.link_with_token(Purpose.INVITATION, link_token),
        "until": in_words(token.invited_until),
    }
    return Content(token.invited_email, values)


INVITATION_KINDS = by_name(
    Kind("invitation", Path(__file__).with_name("templates"), Priority.OTHER, EMAILS, invitation_email)
)

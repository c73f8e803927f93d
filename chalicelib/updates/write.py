"""Write an update: draft it, edit the draft, and send a test of it to one address."""

from datetime import datetime
from secrets import token_hex
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, NotNow
from chalicelib.core.printable import header_errors
from chalicelib.mail.kind import Outbox
from chalicelib.pages.markdown import as_html, as_text
from chalicelib.petitions.model import Petition
from chalicelib.updates.find import add_update, change_update
from chalicelib.updates.kinds import TESTS, delivery_key
from chalicelib.updates.model import Update, UpdateState, UpdateTest, UpdateText, new_update_id

# The email of an older test is dropped if it still waits.
MAX_TESTS = 20
# For each "[" the parser may read a part of the text again, to look for a link.
MAX_BRACKETS = 300
MANY_BRACKETS = f"Use at most {MAX_BRACKETS} square brackets"


def check_typed(text: UpdateText) -> None:
    """Raise Invalid if staff should write it in another way. Stored updates may be older than these rules."""
    errors: list[FieldError] = []
    for prefix, words in (("", text), *((f"translations.{code}.", each) for code, each in text.translations.items())):
        if words.markdown.count("[") > MAX_BRACKETS:
            errors.append(FieldError(f"{prefix}markdown", MANY_BRACKETS))
        errors += header_errors({f"{prefix}title": words.title})
    if errors:
        raise Invalid(errors)


def draft(text: UpdateText, petition: Petition, author: str, now: datetime, tables: Tables) -> Update:
    update = Update(
        **text.model_dump(),
        **_render(text),
        slug=petition.slug,
        update_id=new_update_id(now),
        created_at=now,
        created_by=author,
    )
    add_update(update, tables)
    return update


def edit(text: UpdateText, update: Update, tables: Tables) -> Update:
    """Raise NotNow if it is no longer a draft: people may have read it."""
    return _change_draft(update, tables, **text.model_dump(), **_render(text))


def send_test(update: Update, test: UpdateTest, now: datetime, outbox: Outbox, tables: Tables) -> None:
    test_id = token_hex(8)
    tests = [*(update.tests or {}).items(), (test_id, test)]
    _change_draft(update, tables, tests=dict(tests[-MAX_TESTS:]))
    request = TESTS.request(delivery_key(update.slug, update.update_id, test_id), now, tables)
    outbox.send_now([request])


def _render(text: UpdateText) -> dict[str, Any]:
    rendered: dict[str, Any] = {"html": as_html(text.markdown), "plain": as_text(text.markdown)}
    rendered |= {"htmls": {}, "plains": {}}
    for code, words in text.translations.items():  # Both forms of a text one after the other: it is parsed once.
        rendered["htmls"][code], rendered["plains"][code] = as_html(words.markdown), as_text(words.markdown)
    return rendered


def _change_draft(update: Update, tables: Tables, **fields: Any) -> Update:
    if update.state is not UpdateState.DRAFT:
        raise NotNow(f"This update is {update.state}, so it can no longer be changed.")
    try:
        return change_update(update, tables, **fields)
    except ConditionFailed:
        raise NotNow("This update was published or cancelled meanwhile.") from None

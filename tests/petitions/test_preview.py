"""Preview links: for one petition and one hour."""

from datetime import timedelta

import pytest

from chalicelib.core import tokens
from chalicelib.core.errors import UnknownThing
from chalicelib.core.tokens import Purpose
from chalicelib.petitions.preview import check_preview, preview_link
from tests.actors import DAY, NOW, TOKEN_KEYS, a_petition

SLUG = "safe-children"
HOUR = timedelta(hours=1)


def test_a_preview_link_is_valid_for_its_petition_for_an_hour() -> None:
    preview = preview_link(a_petition(), NOW, TOKEN_KEYS)
    path, _, token = preview.path.partition("?preview=")
    assert (path, preview.expires_at) == (f"/petitions/{SLUG}", NOW + HOUR)
    check_preview(SLUG, token, NOW + HOUR * 0.99, TOKEN_KEYS)
    for slug, now in ((SLUG, NOW + HOUR), ("another", NOW)):
        with pytest.raises(UnknownThing):
            check_preview(slug, token, now, TOKEN_KEYS)


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.PREVIEW])
def test_a_token_from_an_email_link_is_refused(purpose: Purpose) -> None:
    token = tokens.issue(purpose, (SLUG,), NOW + DAY, TOKEN_KEYS)
    with pytest.raises(UnknownThing):
        check_preview(SLUG, token, NOW, TOKEN_KEYS)


@pytest.mark.parametrize("payload", [(), ("another", SLUG), (SLUG, "x")])
def test_a_preview_token_with_another_payload_is_refused(payload: tuple[str, ...]) -> None:
    token = tokens.issue(Purpose.PREVIEW, payload, NOW + DAY, TOKEN_KEYS)
    with pytest.raises(UnknownThing):
        check_preview(SLUG, token, NOW, TOKEN_KEYS)

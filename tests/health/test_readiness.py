"""The result of `make ready` is kept until the next one, and forgotten after a week."""

from chalicelib.health.words import SHOWN_FOR, Readiness, latest_readiness, store_readiness
from tests.actors import MINUTE, NOW
from tests.fakes import FakeTables


def test_the_latest_result_is_known_for_a_week(tables: FakeTables) -> None:
    assert latest_readiness(NOW, tables) is None
    for text in ("The site is not ready.", "The site is ready."):
        store_readiness(Readiness(text == "The site is ready.", text, NOW), tables)
    assert latest_readiness(NOW + SHOWN_FOR, tables) == Readiness(True, "The site is ready.", NOW)
    assert latest_readiness(NOW + SHOWN_FOR + MINUTE, tables) is None

"""The sweep's times fit together."""

from datetime import timedelta

from chalicelib.mail.sweep import LOST_AFTER_IF_BACKLOG, LOST_AFTER_IF_NO_BACKLOG, RUN_SECONDS


def test_the_limits_fit_together() -> None:
    assert timedelta(days=14) > LOST_AFTER_IF_BACKLOG + 4 * LOST_AFTER_IF_NO_BACKLOG, "a walk takes hours"
    assert RUN_SECONDS + 4 + 10 < 120, "the function's timeout, a page of lost requests, and a slow call"

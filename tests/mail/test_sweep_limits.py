"""The sweep's times fit together."""

from datetime import timedelta

from chalicelib.mail.sweep import ON_ITS_WAY, QUEUE_FORGETS, RUN_SECONDS


def test_the_limits_fit_together() -> None:
    assert timedelta(days=14) > QUEUE_FORGETS + 4 * ON_ITS_WAY, "a walk of ten million takes hours"
    assert RUN_SECONDS + 4 + 10 < 120, "the function's timeout, a page of lost requests, and a slow call"

"""Fixtures of email."""

import pytest

from chalicelib.aws.email import Mail


@pytest.fixture
def mails() -> list[Mail]:
    return []

"""What the operator types becomes the template's parameters, and mistakes are refused before AWS is asked."""

from argparse import Namespace
from typing import Any

import pytest

from stack.console import Failure
from stack.parameters import parameters

DECLARED: dict[str, Any] = dict.fromkeys(("SiteUrl", "MailFrom", "MailPerSecond", "MailSenders", "OidcIssuer"))


def asked(*settings: str, **options: str) -> dict[str, str]:
    names = ("site_url", "mail_from", "mail_identity", "mail_per_second", "log_level", "alarm_email")
    return parameters(Namespace(**{**dict.fromkeys(names, ""), **options}, set=list(settings)), DECLARED)


def test_what_is_not_given_is_left_to_the_stack() -> None:
    assert asked() == {}
    assert asked(site_url="https://sign.example.org/") == {"SiteUrl": "https://sign.example.org"}


def test_the_rate_alone_sets_the_senders() -> None:
    assert asked(mail_per_second="300") == {"MailPerSecond": "300", "MailSenders": "48"}
    assert asked("MailPerSecond=14") == {"MailPerSecond": "14", "MailSenders": "3"}


def test_senders_chosen_by_hand_are_kept() -> None:
    assert asked("MailSenders=9", mail_per_second="300")["MailSenders"] == "9"
    assert asked("MailSenders=9") == {"MailSenders": "9"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["Colour=red"], "no parameter Colour; it has MailFrom, MailPerSecond"),
        (["MailFrom"], "Name=Value, not MailFrom"),
        (["MailPerSecond=many"], "MAIL_PER_SECOND must be a number, not many"),
    ],
)
def test_a_mistake_is_told_in_one_line(settings: list[str], message: str) -> None:
    with pytest.raises(Failure, match=message):
        asked(*settings)


def test_a_secret_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ISSUER", "https://id.example.org")
    assert asked() == {"OidcIssuer": "https://id.example.org"}

"""Turn the operator's options into parameters of the template."""

import os
from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.mail.pace import senders_for
from stack.console import Failure

# The template's limit of MailPerSecond.
MAX_PER_SECOND = 1000
# Read from the environment only, because every user of the machine can see a secret on a command line.
_SIGN_IN = {
    "OIDC_ISSUER": "OidcIssuer",
    "OIDC_CLIENT_ID": "OidcClientId",
    "OIDC_CLIENT_SECRET": "OidcClientSecret",
    "OIDC_CLAIM": "OidcClaim",
    "OIDC_RIGHTS": "OidcRights",
}


def parameters(options: Namespace, declared: dict[str, Any], previous: Mapping[str, str]) -> dict[str, str]:
    """Return values by parameter name. A parameter without an option is left out: it keeps its value in `previous`.

    Raise Failure if a parameter is unknown or malformed.
    """
    from_options = {
        "SiteUrl": options.site_url.rstrip("/"),
        "EdgeDomain": options.edge_domain,
        "MailFrom": options.mail_from,
        "MailIdentity": options.mail_identity,
        "MailPerSecond": options.mail_per_second,
        "LogLevel": options.log_level,
        "AlarmEmail": options.alarm_email,
        **{parameter: os.environ.get(name, "") for name, parameter in _SIGN_IN.items()},
    }
    chosen = {name: value for name, value in from_options.items() if value} | pairs(options.set)
    if domain := chosen.get("EdgeDomain"):
        # Without SiteUrl, links in emails would have the API's own address, which refuses requests without the CDN.
        chosen.setdefault("SiteUrl", f"https://{domain}")
    unknown = sorted(chosen.keys() - declared.keys())
    if unknown:
        raise Failure(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}")
    return _with_senders(chosen, previous)


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """Return values by name. Raise Failure if a text is not Name=Value."""
    return dict(map(_pair, texts))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Failure(f"SET must be Name=Value, not {text}")
    return name.strip(), value.strip()


def _with_senders(chosen: dict[str, str], previous: Mapping[str, str]) -> dict[str, str]:
    """Add the number of senders that the rate needs, unless it is given.

    A stack that was created before MailSenders existed has a rate only.
    """
    rate_without_senders = None if "MailSenders" in previous else previous.get("MailPerSecond")
    rate = chosen.get("MailPerSecond") or rate_without_senders
    return {"MailSenders": str(senders_for(_rate(rate))), **chosen} if rate else chosen


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError as error:
        raise Failure(f"MAIL_PER_SECOND must be a number, not {text}") from error
    if not 1 <= rate <= MAX_PER_SECOND:
        raise Failure(f"MAIL_PER_SECOND must be from 1 to {MAX_PER_SECOND}, not {text}")
    return rate

"""Turn the operator's options into parameters of the template."""

import os
from argparse import Namespace
from typing import Any

from chalicelib.mail.pace import senders_for
from stack.console import Failure

# Read from the environment only, because every user of the machine can see a secret on a command line.
_SIGN_IN = {
    "OIDC_ISSUER": "OidcIssuer",
    "OIDC_CLIENT_ID": "OidcClientId",
    "OIDC_CLIENT_SECRET": "OidcClientSecret",
    "OIDC_CLAIM": "OidcClaim",
    "OIDC_RIGHTS": "OidcRights",
}


def parameters(options: Namespace, declared: dict[str, Any]) -> dict[str, str]:
    """Return values by parameter name, without options that are not given: those keep the stack's value.

    Raise Failure if a parameter is unknown or malformed.
    """
    given = {
        "SiteUrl": options.site_url.rstrip("/"),
        "MailFrom": options.mail_from,
        "MailIdentity": options.mail_identity,
        "MailPerSecond": options.mail_per_second,
        "LogLevel": options.log_level,
        "AlarmEmail": options.alarm_email,
        **{parameter: os.environ.get(name, "") for name, parameter in _SIGN_IN.items()},
    }
    chosen = {name: value for name, value in given.items() if value} | dict(map(_pair, options.set))
    unknown = sorted(chosen.keys() - declared.keys())
    if unknown:
        raise Failure(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}")
    return _with_senders(chosen)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Failure(f"SET must be Name=Value, not {text}")
    return name.strip(), value.strip()


def _with_senders(chosen: dict[str, str]) -> dict[str, str]:
    """Add the number of senders that the rate needs, unless it is given."""
    if "MailPerSecond" not in chosen or "MailSenders" in chosen:
        return chosen
    try:
        return {**chosen, "MailSenders": str(senders_for(float(chosen["MailPerSecond"])))}
    except ValueError as error:
        raise Failure(f"MAIL_PER_SECOND must be a number, not {chosen['MailPerSecond']}") from error

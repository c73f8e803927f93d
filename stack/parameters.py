"""Turn the options of `make deploy` into parameters of the template."""

import os
from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.mail.rate_limit import senders_for
from stack.console import Failure

# The template accepts no higher MailPerSecond.
_MAX_MAIL_PER_SECOND = 1000
# Parameters by environment variable. There are no options for these, because every user of the machine can see a secret
# on a command line.
_SIGN_IN = {
    "OIDC_ISSUER": "OidcIssuer",
    "OIDC_CLIENT_ID": "OidcClientId",
    "OIDC_CLIENT_SECRET": "OidcClientSecret",
    "OIDC_CLAIM": "OidcClaim",
    "OIDC_RIGHTS": "OidcRights",
}


def parameters(options: Namespace, declared: dict[str, Any], previous: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each parameter that the operator chose, or that follows from the operator's choice.

    `declared`: the template's parameters. `previous`: the stack's parameters before this deployment. Parameters that
    are not returned keep their previous value. Raise Failure if a parameter is unknown or malformed.
    """
    sign_in = {parameter: os.environ.get(variable, "") for variable, parameter in _SIGN_IN.items()}
    given = {
        "SiteUrl": options.site_url.rstrip("/"),
        "EdgeDomain": options.edge_domain,
        "MailFrom": options.mail_from,
        "MailIdentity": options.mail_identity,
        "MailPerSecond": options.mail_per_second,
        "LogLevel": options.log_level,
        "AlarmEmail": options.alarm_email,
        **sign_in,
    }
    chosen = {name: value for name, value in given.items() if value}
    chosen |= values_by_name(options.set)
    unknown = sorted(chosen.keys() - declared.keys())
    if unknown:
        raise Failure(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}")
    return _with_senders(_with_site_url(chosen, previous), previous)


def values_by_name(texts: Iterable[str]) -> dict[str, str]:
    """Return the name and the value in each text. Raise Failure if a text is not Name=Value."""
    return dict(_name_and_value(text) for text in texts)


def _name_and_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Failure(f"SET and EDGE_SET must be Name=Value, not {text}")
    return name.strip(), value.strip()


def _with_site_url(chosen: dict[str, str], previous: Mapping[str, str]) -> dict[str, str]:
    """Add SiteUrl with the domain on CloudFront, if there is one, unless the operator chose a SiteUrl.

    With EdgeOnly=yes, add it if the domain is new, or if EdgeOnly was no: from now on, the API refuses requests that do
    not come through CloudFront, and the previous SiteUrl may lead to the API itself. Later deployments keep SiteUrl,
    because the operator may have chosen another one.

    With EdgeOnly=no, the API also answers requests that do not come through CloudFront, and the domain may have no DNS
    record yet. Then links in emails would lead nowhere, so keep the previous SiteUrl. But if the operator changes
    EdgeDomain, and the previous SiteUrl has the old domain, use the new one: CloudFront then refuses the old domain.
    """
    planned = {**previous, **chosen}
    domain, previous_domain = planned.get("EdgeDomain"), previous.get("EdgeDomain")
    is_new_domain = domain != previous_domain
    if planned.get("EdgeOnly", "yes") == "yes":
        needs_site_url = is_new_domain or previous.get("EdgeOnly") == "no"
    else:
        needs_site_url = is_new_domain and previous.get("SiteUrl") == f"https://{previous_domain}"
    if domain and needs_site_url:
        return {"SiteUrl": f"https://{domain}", **chosen}  # A chosen SiteUrl replaces the domain.
    return chosen


def _with_senders(chosen: dict[str, str], previous: Mapping[str, str]) -> dict[str, str]:
    """Add MailSenders, the number of senders that the rate of emails needs, unless the operator chose MailSenders.

    If the operator chose MailPerSecond, this is the rate. If not, and the stack has MailSenders, the stack keeps it. If
    the stack is older than the parameter MailSenders, the rate is the stack's MailPerSecond. If there is no stack yet,
    add nothing: the template has a default.
    """
    rate = chosen.get("MailPerSecond")
    if not rate and "MailSenders" not in previous:
        rate = previous.get("MailPerSecond")
    if not rate:
        return chosen
    needed_senders = str(senders_for(_rate(rate)))
    return {"MailSenders": needed_senders, **chosen}  # A chosen MailSenders replaces the needed number.


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError as error:
        raise Failure(f"MAIL_PER_SECOND must be a number, not {text}") from error
    if not 1 <= rate <= _MAX_MAIL_PER_SECOND:
        raise Failure(f"MAIL_PER_SECOND must be from 1 to {_MAX_MAIL_PER_SECOND}, not {text}")
    return rate

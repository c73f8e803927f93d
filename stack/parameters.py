"""Turn the variables of `make deploy` into parameters of the template."""

import re
from collections.abc import Collection, Iterable, Mapping

from chalicelib.mail.rate_limit import senders_for
from stack.console import Failure

# The parameters that an environment variable sets, such as SITE_URL: `make` passes on those of its command line. So no
# secret is in the command line of a process, which every user of the machine sees.
_IN_ENVIRONMENT = (
    *("SiteUrl", "EdgeDomain", "MailFrom", "MailIdentity", "MailPerSecond", "LogLevel", "AlarmEmail"),
    *("OidcIssuer", "OidcClientId", "OidcClientSecret", "OidcClaim", "OidcRights"),
)


def parameters(
    environment: Mapping[str, str], settings: Iterable[str], declared: Collection[str], previous: Mapping[str, str]
) -> dict[str, str]:
    """Return the value of each parameter that the operator chose, or that follows from the operator's choice.

    `settings`: Name=Value. `declared`: the template's parameters. `previous`: the stack's parameters before this
    deployment. Parameters that are not returned keep their previous value. Raise Failure if a parameter is unknown or
    malformed.
    """
    given = {name: environment.get(variable(name), "") for name in _IN_ENVIRONMENT}
    given["SiteUrl"] = given["SiteUrl"].rstrip("/")
    chosen = {name: value for name, value in given.items() if value} | values_by_name(settings)
    unknown = sorted(chosen.keys() - {*declared})
    if unknown:
        raise Failure(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}")
    return {**_site_url(chosen, previous), **_senders(chosen), **chosen}


def variable(name: str) -> str:
    """Return the environment variable of a parameter or an output: SITE_URL for SiteUrl."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def values_by_name(texts: Iterable[str]) -> dict[str, str]:
    """Return the name and the value in each text. Raise Failure if a text is not Name=Value."""
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise Failure(f"SET and EDGE_SET must be Name=Value, not {text}")
        values[name.strip()] = value.strip()
    return values


def _site_url(chosen: dict[str, str], previous: Mapping[str, str]) -> dict[str, str]:
    """Return SiteUrl with the domain on CloudFront, if it must change to it.

    With EdgeOnly=yes, it must if the domain is new, or if EdgeOnly was no: the API refuses requests that do not come
    through CloudFront, and the previous SiteUrl may lead to the API itself. Later deployments keep it, because the
    operator may have chosen another one. With EdgeOnly=no, the API answers directly too, and the domain may have no DNS
    record yet, so that links in emails would lead nowhere. But if SiteUrl has the old domain, CloudFront refuses it.
    """
    planned = {**previous, **chosen}
    domain, previous_domain = planned.get("EdgeDomain"), previous.get("EdgeDomain")
    is_new = domain != previous_domain
    if planned.get("EdgeOnly", "yes") == "yes":
        must_change = is_new or previous.get("EdgeOnly") == "no"
    else:
        must_change = is_new and previous.get("SiteUrl") == f"https://{previous_domain}"
    return {"SiteUrl": f"https://{domain}"} if domain and must_change else {}


def _senders(chosen: dict[str, str]) -> dict[str, str]:
    """Return MailSenders for the chosen rate of emails. CloudFormation refuses a rate that is too high or too low."""
    rate = chosen.get("MailPerSecond")
    if rate is None:
        return {}
    try:
        return {"MailSenders": str(senders_for(float(rate)))}
    except (ValueError, OverflowError) as error:
        raise Failure(f"MAIL_PER_SECOND must be a number, not {rate}") from error

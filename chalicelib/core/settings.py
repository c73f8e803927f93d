"""Settings from the environment. We read them once, on first use, so that importing the code needs no environment."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from chalicelib.core.keys import TABLES

QUEUES = ("mail", "overflow", "other_mail", "jobs", "address_jobs")
"""Queues that the code sends to. The template sets the URL of each."""

# The environment variables of the identity provider, without OIDC_ in front.
OIDC = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "CLAIM", "RIGHTS")


class Reputation(StrEnum):
    """Emails with one reputation share their bounces and complaints at SES: each has a configuration set of its own.

    So nobody's confirmation stops because of complaints about an update.
    """

    SIGNATURES = "signatures"
    UPDATES = "updates"
    LETTERS = "letters"


@dataclass(frozen=True)
class Settings:
    """The settings that the template passes to a Lambda function. Each function gets only the secrets that it needs."""

    stage: str
    # By their names in core/keys.py, and the queues' URLs by their names in QUEUES.
    tables: Mapping[str, str]
    queues: Mapping[str, str]
    exports_bucket: str
    mail_per_second: float
    # For each of the two mail queues. The senders get equal parts of their queue's rate.
    mail_senders: int
    site_url: str
    mail_from: str
    configuration_sets: Mapping[Reputation, str]
    signature_keys: dict[str, str]
    token_keys: dict[str, str]
    limit_keys: dict[str, str]
    # Show that a request came through the CDN. Only functions that serve routes have them.
    origin_keys: dict[str, str]
    log_level: str
    # Only the function that switches the senders' event sources has their UUIDs.
    mail_source: str
    other_mail_source: str
    # Only the sign-in function has these settings. If they are empty, sign-in is off.
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_claim: str
    oidc_rights: str


@cache
def settings() -> Settings:
    oidc = {f"oidc_{name.lower()}": _optional(f"OIDC_{name}") for name in OIDC}
    return Settings(
        stage=required("STAGE"),
        tables=table_names(),
        queues={name: required(queue_variable(name)) for name in QUEUES},
        exports_bucket=required("EXPORTS_BUCKET"),
        mail_per_second=float(required("MAIL_PER_SECOND")),
        mail_senders=int(required("MAIL_SENDERS")),
        site_url=required("SITE_URL").rstrip("/"),
        mail_from=required("MAIL_FROM"),
        configuration_sets={each: required(reputation_variable(each)) for each in Reputation},
        signature_keys=_secret_versions("SIGNATURE_KEYS"),
        token_keys=_secret_versions("TOKEN_KEYS"),
        limit_keys=_secret_versions("LIMIT_KEYS"),
        origin_keys=_secret_versions("ORIGIN_KEYS"),
        log_level=_optional("LOG_LEVEL") or "INFO",
        mail_source=_optional("MAIL_SOURCE"),
        other_mail_source=_optional("OTHER_MAIL_SOURCE"),
        **oidc,
    )


def served_function_id() -> str | None:
    """Return None if this process serves the routes of all functions, or is a worker."""
    return os.environ.get("SERVED_FUNCTION")


def table_names() -> dict[str, str]:
    return {name: required(table_variable(name)) for name in TABLES}


def table_variable(table: str) -> str:
    return f"{table.upper()}_TABLE"


def queue_variable(queue: str) -> str:
    return f"{queue.upper()}_QUEUE_URL"


def reputation_variable(reputation: Reputation) -> str:
    return f"{reputation.upper()}_CONFIGURATION_SET"


def required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"The environment variable {name} is not set; the template sets it.")
    return value


def _optional(name: str) -> str:
    return os.environ.get(name) or ""


def _secret_versions(name: str) -> dict[str, str]:
    """Return a secret's versions, the oldest first; {} if this Lambda function does not get the secret."""
    versions: dict[str, str] = json.loads(_optional(name) or "{}")
    return versions

"""Settings from the environment, read once on first use: importing the code needs no environment."""

import json
import os
from dataclasses import dataclass
from functools import cache

OIDC = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "CLAIM", "RIGHTS")


@dataclass(frozen=True)
class Settings:
    """The settings that the template passes to a function. A function gets only the secrets that it needs."""

    stage: str
    signatures_table: str
    counts_table: str
    audit_table: str
    mail_queue_url: str
    overflow_queue_url: str
    other_mail_queue_url: str
    exports_queue_url: str
    exports_bucket: str
    mail_per_second: float
    # Senders that run concurrently for one event source; each gets an equal share of the rate.
    mail_senders: int
    site_url: str
    mail_from: str
    configuration_set: str
    signature_keys: dict[str, str]
    token_keys: dict[str, str]
    log_level: str
    # UUIDs of the sender's two event sources; only the function that enables and disables them has these.
    mail_source: str
    other_mail_source: str
    # The identity provider for staff; only the sign-in function has these. Empty: no sign-in.
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_claim: str
    oidc_rights: str


@cache
def settings() -> Settings:
    return Settings(
        stage=required("STAGE"),
        signatures_table=required("SIGNATURES_TABLE"),
        counts_table=required("COUNTS_TABLE"),
        audit_table=required("AUDIT_TABLE"),
        mail_queue_url=required("MAIL_QUEUE_URL"),
        overflow_queue_url=required("OVERFLOW_QUEUE_URL"),
        other_mail_queue_url=required("OTHER_MAIL_QUEUE_URL"),
        exports_queue_url=required("EXPORTS_QUEUE_URL"),
        exports_bucket=required("EXPORTS_BUCKET"),
        mail_per_second=float(required("MAIL_PER_SECOND")),
        mail_senders=int(required("MAIL_SENDERS")),
        site_url=required("SITE_URL").rstrip("/"),
        mail_from=required("MAIL_FROM"),
        configuration_set=required("CONFIGURATION_SET"),
        signature_keys=_keys("SIGNATURE_KEYS"),
        token_keys=_keys("TOKEN_KEYS"),
        log_level=os.environ.get("LOG_LEVEL") or "INFO",
        mail_source=os.environ.get("MAIL_SOURCE") or "",
        other_mail_source=os.environ.get("OTHER_MAIL_SOURCE") or "",
        **{f"oidc_{name.lower()}": os.environ.get(f"OIDC_{name}") or "" for name in OIDC},
    )


def required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"The environment variable {name} is not set; the template sets it.")
    return value


def _keys(name: str) -> dict[str, str]:
    """Return versions of a secret, oldest first: {"v1": "..."}; empty if the function may not have it."""
    versions: dict[str, str] = json.loads(os.environ.get(name) or "{}")
    return versions

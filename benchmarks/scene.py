"""The sample petition, the settings, and API Gateway's events that the benchmarks share."""

import json
import os
import tomllib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from chalicelib.core.keys import TABLES
from chalicelib.core.settings import QUEUES, Reputation, queue_variable, reputation_variable, table_variable
from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, Subject, issue
from chalicelib.petitions.model import Petition
from chalicelib.signatures import sign
from stack.paths import PETITIONS

SECRET = "benchmarks-only"
SECRETS = {"v1": SECRET}
SETTINGS = {
    "STAGE": "local",
    **{table_variable(name): name for name in TABLES},
    **{queue_variable(name): f"http://127.0.0.1:1/000000000000/{name}" for name in QUEUES},
    "EXPORTS_BUCKET": "exports",
    "MAIL_PER_SECOND": "1000",
    "MAIL_SENDERS": "2",
    "SITE_URL": "https://petitions.example",
    "MAIL_FROM": "petitions@example.org",
    **dict.fromkeys(map(reputation_variable, Reputation), "petitions"),
    **dict.fromkeys(("SIGNATURE_KEYS", "TOKEN_KEYS", "LIMIT_KEYS"), json.dumps(SECRETS)),
    "LOG_LEVEL": "INFO",
}
AWS_SETTINGS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
}
# The headers that a phone's browser sends through API Gateway: a handler parses all of them.
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-GB,en;q=0.9",
    "CloudFront-Viewer-Country": "GB",
    "Host": "petitions.example",
    "Origin": "https://petitions.example",
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15",
    "X-Forwarded-For": "203.0.113.7, 198.51.100.4",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SOURCE = "bbc-news"


def skip_wait_after_signing() -> None:
    """Let signing answer without the wait of signatures.sign: with a stub of AWS, it would be most of the time."""
    sign.sleep = lambda _: None  # type: ignore[attr-defined]


def sample_petition() -> Petition:
    """Return the petition that `make run` loads, open since 1 January 2026."""
    (path,) = PETITIONS.glob("*.toml")
    fields = tomllib.loads(path.read_text(encoding="utf-8"))
    fields |= {"opened_at": datetime(2026, 1, 1, tzinfo=UTC), "closes_at": None}
    return Petition.model_validate(fields)


def sign_event(slug: str, supporter: str) -> dict[str, Any]:
    """Return the request to sign, with fields of usual lengths. Each supporter has a network of their own."""
    body = {
        "name": "Amina Okonkwo-Hughes",
        "email": f"{supporter}@example.org",
        "country": "GB",
        "postcode": "SW1A 1AA",
        "consent": {"sign": True, "updates": True},
        "source": SOURCE,
    }
    event = _event("POST", "/api/petitions/{slug}/signatures", slug, json.dumps(body), JSON)
    # First emails are limited by network, which is the first three bytes of the address.
    _, second_byte, third_byte, _ = crc32(supporter.encode()).to_bytes(4)
    event["requestContext"]["identity"]["sourceIp"] = f"10.{second_byte}.{third_byte}.7"
    return event


def confirm_event(slug: str, signature_id: str) -> dict[str, Any]:
    """Return the request of the confirm button, without corrections."""
    subject = Subject(slug, signature_id, "GB", SOURCE)
    token = issue(Purpose.CONFIRM, subject, datetime.now(UTC) + CONFIRM_LIFETIME, SECRETS)
    return _event("POST", "/confirm", None, urlencode({"token": token}), FORM)


def count_event(slug: str) -> dict[str, Any]:
    """Return the request for the count that the CDN sends if it has no copy of the answer."""
    return _event("GET", "/api/petitions/{slug}/count", slug, None, JSON)


def _event(method: str, route: str, slug: str | None, body: str | None, content_type: str) -> dict[str, Any]:
    path = route.replace("{slug}", slug or "")
    headers = {**HEADERS, "Content-Type": content_type}
    return {
        "resource": route,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"slug": slug} if slug else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route,
            "path": f"/site{path}",
            "httpMethod": method,
            "requestId": "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9",
            "stage": "site",
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "body": body,
        "isBase64Encoded": False,
    }

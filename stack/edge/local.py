"""Build the local CDN for a stack in the emulator. `make run EDGE=1` and some tests put it before the API."""

import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from stack.attach import STAGE, Deployed
from stack.aws import Cloud
from stack.edge import gateway, server
from stack.edge.origins import Origins
from stack.edge.template import accepted_referers, distributions
from stack.judge.model import Where
from stack.package import package
from stack.paths import REGION
from stack.sockets import LOOPBACK
from stack.template.functions import logical_id

PARAMETERS = {"EdgeDomain": "site.localhost"}
"""The template's parameters. With an EdgeDomain, the stack has a CDN."""

# The account of the emulator.
WHERE = Where(REGION, "000000000000")


def applications(stack: Deployed, api_port: int, archive: Path | None = None) -> list[web.Application]:
    """Return the web apps of the CDN and of the API gateway. The CDN calls the gateway at `api_port`.

    `archive`: the file with the emails of earlier runs, for the inbox that the CDN's server shows.
    """
    template = package(STAGE).read_template()
    # `stack.secrets` returns the secrets by the name of their setting (ORIGIN_KEYS). The CDN needs their logical ids
    # (OriginKeys).
    secrets = {logical_id(setting.lower()): text for setting, text in stack.secrets().items()}
    distributions_by_id = distributions(template, PARAMETERS, WHERE, secrets)
    origins = Origins(distributions_by_id, time.time, f"http://{LOOPBACK}:{api_port}", _url_signer(stack))
    # The CDN puts OriginKeys into the header Referer, and the API accepts only requests with it.
    referers = accepted_referers(template, PARAMETERS, WHERE, secrets)
    cdn = server.application(origins, stack.endpoint, archive)
    api_gateway = gateway.application(stack.gateway, referers)
    return [cdn, api_gateway]


def _url_signer(stack: Deployed) -> Callable[[str], str]:
    """Return a function that signs URLs of the bucket that holds the busy page (people see it when the API fails)."""
    client = Cloud(stack.endpoint).client("s3")
    bucket = stack.outputs["BusyBucketName"]

    def sign_url(path: str) -> str:
        parameters = {"Bucket": bucket, "Key": path.removeprefix("/")}
        return str(client.generate_presigned_url("get_object", Params=parameters))

    return sign_url

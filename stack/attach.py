"""Deploy the stack to a running emulator of AWS, for `make run` and for tests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from stack.aws import Cloud, one_line_errors
from stack.deploy import deploy
from stack.emulated import verify_sender
from stack.package import package
from stack.paths import LOCAL_STAGE, ROOT
from stack.template.config import api_stage
from stack.template.functions import SECRETS, logical_id
from stack.template.merge import settings_in

STAGE = LOCAL_STAGE
SENDER = "petitions@example.org"
# The emulated SES has no limit, so this is the highest rate that the template accepts.
MAIL_PER_SECOND = "1000"
MAIL_SENDERS = "2"  # The lowest number that the template accepts.
SITE = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Deployed:
    """A stack on an emulator. `endpoint`, `site`: URLs of the emulator and the site. `outputs`: the stack's outputs."""

    endpoint: str
    outputs: dict[str, str]
    site: str

    @property
    def api(self) -> str:
        """Return the API's own URL, without the site's domain.

        If the API's definition changes, this URL changes too: the emulator then creates the API again, with a new id.
        """
        return f"{self.endpoint}/_aws/execute-api/{self.outputs['RestAPIId']}/{api_stage()}"

    @property
    def gateway(self) -> str:
        """Return the API's own URL without the name of the API's stage at the end."""
        return self.api.rpartition("/")[0]

    def environment(self) -> dict[str, str]:
        """Return the settings that every Lambda function has, for commands and tests outside of Lambda. No secrets."""
        return {
            "STAGE": STAGE,
            "SITE_URL": self.site,
            "LOG_LEVEL": "INFO",
            "MAIL_FROM": SENDER,
            "MAIL_PER_SECOND": MAIL_PER_SECOND,
            "MAIL_SENDERS": MAIL_SENDERS,
            **settings_in(self.outputs),
        }

    def secrets(self) -> dict[str, str]:
        """Return each secret's value by the name of its setting: {"ORIGIN_KEYS": '{"v1": "…"}', …}."""
        client = Cloud(self.endpoint).client("secretsmanager")
        arns = {name: self.outputs[f"{logical_id(name.lower())}Arn"] for name in SECRETS}
        return {name: client.get_secret_value(SecretId=arn)["SecretString"] for name, arn in arns.items()}

    def origin_key(self) -> str:
        """Return the key that the CDN sends with each request. It proves to the API that the CDN sent the request."""
        keys = json.loads(self.secrets()["ORIGIN_KEYS"])
        return str(keys["v1"])  # The default of the parameter OriginKey.


def deploy_to_emulator(
    endpoint: str, site: str = SITE, project: Path = ROOT, parameters: Mapping[str, str] = MappingProxyType({})
) -> Deployed:
    """Package the project (a folder) and deploy it to the emulator. To deploy the same package again changes nothing.

    `parameters`: more parameters of the template. They override parameters of the same name that this function sets.
    """
    cloud = Cloud(endpoint)
    built = package(STAGE, project, project / ".local" / "build")
    mail = {"MailFrom": SENDER, "MailPerSecond": MAIL_PER_SECOND, "MailSenders": MAIL_SENDERS}
    values = {"SiteUrl": site, **mail, **parameters}
    with one_line_errors():
        outputs = deploy(cloud, built, STAGE, values, confirm=lambda _: True)
        verify_sender(cloud, SENDER)
    return Deployed(endpoint, outputs, site)

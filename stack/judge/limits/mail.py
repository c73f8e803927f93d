"""SES v2: check an email's recipients, tags, subject and headers. The emulator checks only that the sender is verified.

Source: SendEmail, Destination, MessageHeader and MessageTag in the API reference; "Amazon SES header fields" and
"Service quotas in Amazon SES" in the developer guide.
"""

import re
from collections.abc import Mapping
from email.utils import parseaddr
from itertools import chain
from typing import Any

from stack.judge.answers import Refused

_MAX_RECIPIENTS = 50
_MAX_HEADERS = 15
_HEADER_VALUE = re.compile(r"[ -~]{1,870}")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")


def check(operation: str, params: Mapping[str, Any]) -> None:
    if operation != "SendEmail":
        return
    addresses = [parseaddr(each)[1] for each in chain(*params["Destination"].values())]
    tags = [text for tag in params.get("EmailTags", ()) for text in tag.values()]
    message = params["Content"]["Simple"]
    headers = [(header["Name"].lower(), header["Value"]) for header in message.get("Headers", ())]
    defects = {
        f"Recipient count must be from 1 to {_MAX_RECIPIENTS}.": not 1 <= len(addresses) <= _MAX_RECIPIENTS,
        "Illegal address, or one with non-ASCII characters.": not all(map(_ADDRESS.fullmatch, addresses)),
        "Invalid message tag.": not all(map(_TAG.fullmatch, tags)),
        "Subject must not contain a line break.": bool({"\n", "\r"} & {*message["Subject"]["Data"]}),
        "Too many headers, or a header twice.": len(headers) > min(_MAX_HEADERS, len(dict(headers))),
        "Invalid header.": not all(_HEADER_VALUE.fullmatch(value) for _, value in headers),
    }
    for text, is_found in defects.items():
        if is_found:
            raise Refused("BadRequestException", text)

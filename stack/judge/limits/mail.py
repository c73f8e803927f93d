"""SES v2: check an email's recipients, tags, headers and size. The emulator checks only that the sender is verified.

Source: SendEmail, Destination, MessageHeader and MessageTag in the API reference; "Amazon SES header fields" and
"Service quotas in Amazon SES" in the developer guide.
"""

import re
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from itertools import chain
from typing import Any

from stack.judge.answers import Refused

_MAX_RECIPIENTS = 50
_MAX_HEADERS = 15
_MAX_HEADER_LENGTH = 996
_MAX_MESSAGE_BYTES = 40 * 1024 * 1024
_HEADER_NAME = re.compile(r"[!-9;-~]{1,126}")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")
# SES sets these headers itself.
_SET_BY_SES = re.compile("bcc|cc|content-type|date|from|message-id|mime-version|return-path|subject|to")


def check(operation: str, params: Mapping[str, Any]) -> None:
    if operation != "SendEmail":
        return
    _check_addresses([*chain(*params["Destination"].values())])
    _check_tags(params.get("EmailTags", ()))
    message = params["Content"].get("Simple")
    if message:
        _check_message(message)


def _check_addresses(addresses: Sequence[str]) -> None:
    if not 1 <= len(addresses) <= _MAX_RECIPIENTS:
        raise Refused("BadRequestException", f"Recipient count must be from 1 to {_MAX_RECIPIENTS}.")
    for address in addresses:
        _, bare_address = parseaddr(address)  # Without the name of the recipient.
        local, _, domain = bare_address.rpartition("@")
        if not local.isascii():
            raise Refused("BadRequestException", "Local address contains non-ASCII characters.")
        if not domain.isascii():
            raise Refused("BadRequestException", "Domain contains illegal character")
        if not _ADDRESS.fullmatch(f"{local}@{domain}"):
            raise Refused("BadRequestException", "Illegal address")


def _check_tags(tags: Sequence[Mapping[str, str]]) -> None:
    for tag in tags:
        is_valid = _TAG.fullmatch(tag["Name"]) and _TAG.fullmatch(tag["Value"])
        if not is_valid:
            raise Refused("BadRequestException", f"Invalid message tag: {tag['Name']}")


def _check_message(message: Mapping[str, Any]) -> None:
    subject = message["Subject"]["Data"]
    bodies = [body["Data"] for body in message["Body"].values()]
    if "\n" in subject or "\r" in subject:
        raise Refused("BadRequestException", "Subject must not contain a line break.")
    if not bodies:
        raise Refused("BadRequestException", "Missing required body.")
    sizes = [len(text.encode()) for text in (subject, *bodies)]
    if sum(sizes) > _MAX_MESSAGE_BYTES:
        raise Refused("BadRequestException", "Message length is more than 41943040 bytes long.")
    _check_headers(message.get("Headers", ()))


def _check_headers(headers: Sequence[Mapping[str, str]]) -> None:
    names = {header["Name"].lower() for header in headers}
    is_name_repeated = len(names) < len(headers)
    is_name_reserved = any(_SET_BY_SES.fullmatch(name) for name in names)
    if len(headers) > _MAX_HEADERS or is_name_repeated or is_name_reserved:
        raise Refused("BadRequestException", "Too many headers, a header twice, or one that SES sets itself.")
    for header in headers:
        name, value = header["Name"], header["Value"]
        is_valid = _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)
        is_too_long = len(name) + len(value) > _MAX_HEADER_LENGTH
        if is_too_long or not is_valid:
            raise Refused("BadRequestException", f"Invalid header: {name}")

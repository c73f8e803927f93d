"""Read the query with which staff start an import."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.partners.imports.file import HEADINGS
from chalicelib.partners.imports.model import SITE_ZONE

PARAMETERS = ("partner", "dry_run", "upload", "mapping", "zone")


class ImportQuery(NamedTuple):
    """`upload_id`: "" if the file is the body of the request. `mapping`: the headings of the file for our fields."""

    partner: str
    is_dry_run: bool
    upload_id: str
    mapping: dict[str, list[str]]
    zone: str


def read_query(parameters: Mapping[str, str]) -> ImportQuery:
    """Return what the query says. Raise Invalid if a parameter is wrong or unknown, such as dry-run for dry_run."""
    unknown = [name for name in parameters if name not in PARAMETERS]
    if unknown:
        message = f"There is no such parameter. Use only these: {', '.join(PARAMETERS)}"
        raise Invalid([FieldError(name, message) for name in unknown])
    return ImportQuery(
        partner=parameters.get("partner", ""),
        is_dry_run=_is_dry_run(parameters.get("dry_run")),
        upload_id=_upload_id(parameters.get("upload", "")),
        mapping=_mapping(parameters.get("mapping", "")),
        zone=_zone(parameters.get("zone") or SITE_ZONE),
    )


def _is_dry_run(value: str | None) -> bool:
    """Return whether ?dry_run= asks for a dry run. Raise Invalid if it is unclear: an import may send emails."""
    if value is None or value.lower() in ("0", "false", "no"):
        return False
    if value.lower() not in ("1", "true", "yes"):
        raise Invalid([FieldError("dry_run", "Use true or false")])
    return True


def _upload_id(value: str) -> str:
    if value and not re.fullmatch(r"[0-9a-f]{32}", value):
        raise Invalid([FieldError("upload", "Use the upload id that came with the form")])
    return value


def _zone(name: str) -> str:
    # "localtime" would be the zone of the machine, and EST has no summer time. Only names of places are clear.
    if name not in available_timezones() or ("/" not in name and name != "UTC"):
        message = f"Enter the name of a time zone, such as {SITE_ZONE} or UTC"
        raise Invalid([FieldError("zone", message)])
    return name


def _mapping(text: str) -> dict[str, list[str]]:
    """Return the JSON in ?mapping=, which maps our fields to headings of the file. Raise Invalid if it is wrong."""
    if not text:
        return {}
    try:
        mapping = TypeAdapter(dict[str, list[str] | str]).validate_json(text)
    except ValidationError as error:
        raise Invalid([FieldError("mapping", 'Send JSON such as {"email": "E-mail address"}')]) from error
    unknown = mapping.keys() - HEADINGS.keys()
    if unknown:
        raise Invalid([FieldError("mapping", f"Use only these fields: {', '.join(HEADINGS)}")])
    headings_of: dict[str, list[str]] = {}
    for field, headings in mapping.items():
        headings_of[field] = [headings] if isinstance(headings, str) else headings
    return headings_of

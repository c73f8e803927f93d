"""Types of the fields of the API's answers. At run time, an answer is a plain dict.

Only type checks and stack/openapi import the files named `answers.py`. Their docstrings are descriptions in OpenAPI.
"""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from chalicelib.core.times import ISO

Time = Annotated[str, WithJsonSchema(ISO)]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Number = Annotated[int, Field(ge=0)]
Confirmed = Annotated[int, Field(ge=0, examples=[12345])]
Pending = Annotated[int, Field(ge=0, examples=[678])]
# What the signatures in a row of a breakdown have in common: a day, an hour, a country …
BreakdownKey = Annotated[str, Field(examples=["2026-11-24"])]
# A number of confirmations minus withdrawals: negative if more signatures were withdrawn than confirmed.
NetConfirmed = Annotated[int, Field(examples=[345])]
Version = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Identifier = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]

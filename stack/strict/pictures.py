"""Tell the emulator which media types are binary, so that pictures arrive as bytes, not in base64.

API Gateway reads these types from the API's definition. The emulator reads a property of the template instead. The
template that SAM makes does not have this property.
"""

from typing import Any

from ministack.services import apigateway_v1


def install() -> None:
    """Let the emulator take the binary types from the API's definition."""
    read = apigateway_v1._import_rest_api

    def read_with_types(definition: dict[str, Any], settings: dict[str, Any]) -> Any:
        types = definition.get("x-amazon-apigateway-binary-media-types", [])
        return read(definition, {**settings, "binaryMediaTypes": types})

    apigateway_v1._import_rest_api = read_with_types

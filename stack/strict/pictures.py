"""Read the API's binary types from its definition, as API Gateway does. Without them, pictures arrive in base64.

The emulator reads a property of the template instead, which SAM leaves out.
"""

from typing import Any

from ministack.services import apigateway_v1


def install() -> None:
    """Replace the emulator's function that reads an API's definition."""
    read = apigateway_v1._import_rest_api

    def read_with_types(definition: dict[str, Any], settings: dict[str, Any]) -> Any:
        types = definition.get("x-amazon-apigateway-binary-media-types", [])
        return read(definition, {**settings, "binaryMediaTypes": types})

    apigateway_v1._import_rest_api = read_with_types

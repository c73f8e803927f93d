"""Pass bodies of binary media types to functions as base64, as AWS does: the emulator ignores the template's types."""

from collections.abc import Sequence

from ministack.services import apigateway_v1

from stack.template.api import BINARY


def install() -> None:
    matches = apigateway_v1._media_type_matches

    def matches_ours(kind: str | None, types: Sequence[str] | None) -> bool:
        return bool(matches(kind, [*(types or ()), *BINARY]))

    apigateway_v1._media_type_matches = matches_ours

"""The claims that the provider adds to an ID token."""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator


class Claims(OAuth2Validator):
    oidc_claim_scope = {
        **OAuth2Validator.oidc_claim_scope, "email": "email", "email_verified": "email", "groups": "groups",
    }  # fmt: skip

    def get_additional_claims(self) -> dict[str, Any]:
        return {
            "email": lambda request: request.user.email,
            "email_verified": lambda _: True,
            "groups": lambda request: [group.name for group in request.user.groups.all()],
        }

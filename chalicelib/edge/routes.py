"""All routes, each defined once. Code, gateway, authorizer, OpenAPI paths and tests use this list.

To add a route, add a line here, and a view with that name in an `api.py`. A view without a line fails at import.
"""

from chalicelib.core.rights import Right
from chalicelib.edge.route import DEFAULT_THROTTLE, Access, Cache, Function, Route, Throttle

# The path to which API Gateway sends requests that match no route.
CATCH_ALL = "/{proxy+}"

# An account has 10,000 requests a second and a burst of 5,000 (AWS quotas). Signing may use the whole quota.
SIGNING = Throttle(10_000, 5_000)
PETITION_PAGE = Throttle(5_000, 2_500)
PUBLIC = Throttle(1_000, 500)
# For statements, which the press checks.
PRESS = Throttle(500, 1_000)
SIGN_IN = Throttle(5, 20)


def _staff(method: str, path: str, view: str, function: Function, right: Right | Access) -> Route:
    return Route(method, f"/api/staff{path}", view, function, right)


def _partner(method: str, path: str, view: str) -> Route:
    return Route(method, path, view, Function.PARTNERS, Right.PARTNER)


def _link(method: str, path: str, view: str) -> Route:
    return Route(method, path, view, Function.LINKS, throttle=PUBLIC)


def _cached(
    path: str,
    view: str,
    function: Function,
    query: tuple[str, ...] = (),
    throttle: Throttle = PUBLIC,
    cache: Cache = Cache.SECONDS,
) -> Route:
    """Return a route with cacheable responses. `query`: the parameters that change the response."""
    return Route("GET", path, view, function, throttle=throttle, cache=cache, query=query)


# Query parameters that change a cacheable answer.
_LANG = ("lang",)
_FORM = ("lang", "source")
_PAGE = ("lang", "source", "preview")
_ALL = (
    # Pages and public JSON.
    _cached("/", "show_petitions", Function.API, _LANG),
    _cached("/petitions/{slug}", "show_petition", Function.API, _PAGE, PETITION_PAGE),
    _cached("/petitions/{slug}/card.png", "show_card", Function.COUNTS, _LANG, DEFAULT_THROTTLE, cache=Cache.HOUR),
    Route("POST", "/petitions/{slug}/signatures", "sign_by_form", Function.API, throttle=SIGNING),
    Route("GET", "/petitions/{slug}/thanks", "show_thanks", Function.API, throttle=SIGNING),
    _cached("/embed/{slug}", "show_embed", Function.API, _FORM, PETITION_PAGE),
    _cached("/embed/{slug}/counter", "show_counter", Function.API, _FORM, PETITION_PAGE),
    _cached("/embed.js", "read_embed_script", Function.API, throttle=PETITION_PAGE, cache=Cache.HOUR),
    _cached("/api/petitions", "list_petitions", Function.API, _LANG),
    _cached("/api/petitions/{slug}", "read_petition", Function.API, _LANG),
    _cached("/api/petitions/{slug}/count", "read_count", Function.COUNTS),
    _cached("/api/petitions/{slug}/total", "read_total", Function.COUNTS),
    _cached("/api/petitions/{slug}/progress", "read_progress", Function.COUNTS),
    _cached("/api/petitions/{slug}/updates", "list_updates", Function.API, _LANG),
    _cached("/petitions/{slug}/updates.atom", "read_updates_feed", Function.API, _LANG),
    Route("POST", "/api/petitions/{slug}/signatures", "sign_by_json", Function.API, throttle=SIGNING),
    _cached("/statements/{token}", "show_statement", Function.COUNTS, _LANG, PRESS),
    _cached("/s/{code}", "show_short_statement", Function.COUNTS, _LANG, PRESS),
    _cached("/api/statements/{token}", "check_statement", Function.COUNTS, throttle=PRESS),
    # Links in emails.
    _link("GET", "/confirm", "show_confirmation"),
    _link("POST", "/confirm", "confirm_signature"),
    _link("GET", "/withdraw", "show_withdrawal"),
    _link("POST", "/withdraw", "withdraw_signature"),
    _link("GET", "/unsubscribe", "show_unsubscription"),
    _link("POST", "/unsubscribe", "unsubscribe_from_updates"),
    _link("GET", "/stop", "show_stop"),
    _link("POST", "/stop", "stop_emails"),
    # The site itself.
    _cached("/assets/{name}", "read_asset", Function.API, ("v",), cache=Cache.YEAR),
    _cached("/assets/staff/{version}/{name}", "read_dashboard_file", Function.API, cache=Cache.YEAR),
    _cached("/api/openapi.json", "read_openapi", Function.API, throttle=DEFAULT_THROTTLE, cache=Cache.HOUR),
    Route("GET", "/health", "read_health", Function.API),
    # Staff: the pages, and how to get a token.
    Route("GET", "/staff", "show_dashboard", Function.API),
    Route("GET", "/staff/signed-in", "show_sign_in", Function.API),
    Route("POST", "/api/staff/sign-in", "begin_sign_in", Function.SIGN_IN, throttle=SIGN_IN),
    Route("POST", "/api/staff/session", "open_session", Function.SIGN_IN, throttle=SIGN_IN),
    # Staff: with a token.
    _staff("GET", "/me", "read_me", Function.MANAGE, Access.ANY_STAFF_TOKEN),
    _staff("GET", "/petitions", "list_counts", Function.COUNTS, Right.COUNTS),
    _staff("GET", "/petitions/{slug}/counts", "read_counts", Function.COUNTS, Right.COUNTS),
    _staff("GET", "/petitions/{slug}/funnel", "read_funnel", Function.COUNTS, Right.COUNTS),
    _staff("POST", "/petitions/{slug}/statements", "freeze_count", Function.COUNTS, Right.COUNTS),
    _staff("GET", "/petitions/{slug}/letters", "read_letters", Function.COUNTS, Right.COUNTS),
    _staff("GET", "/health", "read_staff_health", Function.COUNTS, Right.COUNTS),
    _staff("POST", "/petitions", "create_petition", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/petitions/{slug}", "read_petition_as_stored", Function.MANAGE, Right.MANAGE),
    _staff("PUT", "/petitions/{slug}", "edit_petition", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/state", "move_petition", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/petitions/{slug}/versions", "list_versions", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/preview", "preview_petition", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/figures", "enter_figure", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/petitions/{slug}/updates", "list_all_updates", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/updates", "draft_update", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/petitions/{slug}/updates/{update_id}", "read_update", Function.MANAGE, Right.MANAGE),
    _staff("PUT", "/petitions/{slug}/updates/{update_id}", "edit_update", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/updates/{update_id}/test", "email_update_test", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/updates/{update_id}/publish", "publish_update", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/updates/{update_id}/cancel", "cancel_update", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/letters/{target}/pause", "pause_letters", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/letters/{target}/resume", "resume_letters", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/letters/{target}/test", "email_letter_test", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/tokens", "list_tokens", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/tokens", "issue_token", Function.MANAGE, Right.MANAGE),
    _staff("DELETE", "/tokens/{token_id}", "revoke_token", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/audit", "read_audit", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/partners", "list_partners", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/partners", "add_partner", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/partners/{source}/tokens", "issue_token_of_partner", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/petitions/{slug}/imports", "list_imports", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/imports", "start_import", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/uploads", "offer_upload", Function.MANAGE, Right.MANAGE),
    _staff("GET", "/petitions/{slug}/imports/{import_id}", "read_import", Function.MANAGE, Right.MANAGE),
    _staff("DELETE", "/petitions/{slug}/imports/{import_id}", "cancel_import", Function.MANAGE, Right.MANAGE),
    _staff("POST", "/petitions/{slug}/imports/{import_id}/undo", "undo_import", Function.MANAGE, Right.MANAGE),
    _partner("POST", "/api/partner/petitions/{slug}/signatures", "take_signatures"),
    _partner("GET", "/api/osdi", "read_entry_point"),
    _partner("GET", "/api/osdi/petitions", "list_osdi_petitions"),
    _partner("GET", "/api/osdi/petitions/{slug}", "read_osdi_petition"),
    _partner("POST", "/api/osdi/petitions/{slug}/record", "record_signature"),
    _staff("GET", "/petitions/{slug}/exports", "list_exports", Function.EXPORTS, Right.EXPORT),
    _staff("POST", "/petitions/{slug}/exports", "request_export", Function.EXPORTS, Right.EXPORT),
    _staff("GET", "/exports/{export_id}", "read_export", Function.EXPORTS, Right.EXPORT),
    _staff("DELETE", "/exports/{export_id}", "cancel_export", Function.EXPORTS, Right.EXPORT),
    _staff("GET", "/exports/{export_id}/file", "link_file", Function.EXPORTS, Right.EXPORT),
    _staff("GET", "/exports/{export_id}/cover", "link_cover", Function.EXPORTS, Right.EXPORT),
    _staff("GET", "/petitions/{slug}/lists", "list_lists", Function.EXPORTS, Right.EXPORT),
    _staff("POST", "/petitions/{slug}/lists", "request_list", Function.EXPORTS, Right.EXPORT),
    _staff("DELETE", "/lists/{list_id}", "cancel_list", Function.EXPORTS, Right.EXPORT),
    _staff("GET", "/lists/{list_id}/file", "link_list", Function.EXPORTS, Right.EXPORT),
    _staff("POST", "/people/find", "find_person", Function.PEOPLE, Right.PEOPLE),
    _staff("POST", "/people/erase", "erase_address", Function.PEOPLE, Right.PEOPLE),
    _staff("GET", "/people/{slug}/{signature_id}", "show_signature", Function.PEOPLE, Right.PEOPLE),
    _staff("POST", "/people/{slug}/{signature_id}/resend", "resend_mail", Function.PEOPLE, Right.PEOPLE),
    _staff("POST", "/people/{slug}/{signature_id}/allow-mail", "allow_mail", Function.PEOPLE, Right.PEOPLE),
    _staff("POST", "/people/{slug}/{signature_id}/withdraw", "withdraw_for_person", Function.PEOPLE, Right.PEOPLE),
    _staff("POST", "/people/{slug}/{signature_id}/erase", "erase_person", Function.PEOPLE, Right.PEOPLE),
    _staff("POST", "/people/{slug}/{signature_id}/access", "export_access", Function.PEOPLE, Right.PEOPLE),
)
ROUTES = {route.view: route for route in _ALL}

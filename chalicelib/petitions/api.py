"""Public routes of petitions: HTML pages and JSON."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Unavailable
from chalicelib.core.language import languages
from chalicelib.core.settings import settings
from chalicelib.core.sources import valid_source_or_none
from chalicelib.edge.html import fragment, is_embedded, page, page_view
from chalicelib.edge.http import (
    answer,
    cache_headers,
    chosen_language,
    client_matches,
    json_answer,
    not_modified,
    query,
    redirect,
)
from chalicelib.edge.route import DEFAULT_THROTTLE, PETITION_PAGE, SIGNING, Cache, Function
from chalicelib.edge.views import json_view
from chalicelib.petitions.card import card_of
from chalicelib.petitions.find import (
    corrected_slug,
    find_petition,
    open_petitions,
    open_petitions_with_counts,
    petition_as_stored,
    picture_of,
)
from chalicelib.petitions.letter import public_letter
from chalicelib.petitions.model import Petition
from chalicelib.petitions.page import (
    count_if_available,
    counter_context,
    embedded_page,
    page_about,
    petition_page,
    preview_page,
)
from chalicelib.petitions.paper import poster, qr_of, sheet
from chalicelib.petitions.preview import check_preview
from chalicelib.petitions.removals import removed_signatures
from chalicelib.shedding.level import level_now
from chalicelib.shedding.watch import watch_now
from chalicelib.tallies.count import Count
from chalicelib.tallies.public import public_count

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer
    from chalicelib.petitions.answers import ConsentWording, FullPetition, PublicCount, PublicPetition, PublicPetitions

routes = Blueprint(__name__)

# How long caches keep a picture or a paper. Other sites keep their copies for days anyway.
PICTURE_SECONDS = 600
picture_view = partial(page_view, routes, "GET", function=Function.COUNTS, cache=Cache.HOUR, throttle=DEFAULT_THROTTLE)


@page_view(routes, "GET", "/", cache=Cache.SECONDS, query=("lang",))
def show_petitions(request: Request) -> Response:
    """Open petitions."""
    listed, language = _petitions_with_counts(times.now()), chosen_language(request)
    petitions = []
    used_languages: set[str] = set()
    for petition, count in listed:
        shown = petition.in_language(language).model_dump(include={"slug", "title", "summary"})
        petitions.append({**shown, "count": count})
        used_languages.update(petition.languages)
    offered = [code for code in languages() if code in used_languages]
    return page(request, "petitions.html", {"petitions": petitions}, headers=_cache_headers(), languages=offered)


def _petitions_with_counts(now: datetime) -> list[tuple[Petition, int | None]]:
    try:
        return [(petition, count.confirmed) for petition, count in open_petitions_with_counts(now, tables())]
    except Unavailable:
        return [(petition, None) for petition in open_petitions(now, tables())]


@page_view(
    routes, "GET", "/petitions/{slug}", cache=Cache.SECONDS, query=("lang", "source", "preview"), throttle=PETITION_PAGE
)
def show_petition(request: Request, slug: str) -> Response:
    """A petition with its form. Works without JavaScript."""
    if corrected := corrected_slug(slug):
        return redirect(request, f"/petitions/{corrected}", 302)
    now, preview_token = times.now(), query(request, "preview")
    if preview_token is not None:
        check_preview(slug, preview_token, now, settings().token_keys)
        return preview_page(request, petition_as_stored(slug, tables()), now, tables())
    petition = find_petition(slug, now, tables())
    return _page_with_source(request, petition, now)


def _page_with_source(request: Request, petition: Petition, now: datetime) -> Response:
    source = valid_source_or_none(query(request, "source"))
    form = {"source": source} if source else {}
    return petition_page(request, petition, now, tables(), form=form, headers=_cache_headers())


@page_view(routes, "GET", "/petitions/{slug}/screen", cache=Cache.SECONDS, query=("lang",))
def show_screen(request: Request, slug: str) -> Response:
    """The counter on a whole screen, for an office or an event.

    Names each milestone when it passes.
    """
    now = times.now()
    petition = find_petition(slug, now, tables())
    return page_about(
        petition, request, "screen.html", counter_context(petition, now, tables()), headers=_cache_headers()
    )


@picture_view("/petitions/{slug}/card.png", query=("lang",), content_types=("image/png",))
def show_card(request: Request, slug: str) -> Response:
    """The picture of a shared link. 1200 x 630 pixels, with title and count."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    language = chosen_language(request) or petition.language
    count = count_if_available(petition, now, tables())
    confirmed = count.confirmed if count else None
    picture = card_of(petition.in_language(language), confirmed, language)
    return _picture(picture, "image/png")


@picture_view("/petitions/{slug}/qr.svg", query=("lang", "source"), content_types=("image/svg+xml",))
def show_qr_svg(request: Request, slug: str) -> Response:
    """The QR code of the petition's page, to print at any size."""
    return _picture(qr_of(_address_in_code(request, slug), "svg").decode(), "image/svg+xml")


@picture_view("/petitions/{slug}/qr.png", query=("lang", "source"), content_types=("image/png",))
def show_qr_png(request: Request, slug: str) -> Response:
    """The QR code of the petition's page, as pixels."""
    return _picture(qr_of(_address_in_code(request, slug), "png"), "image/png")


def _address_in_code(request: Request, slug: str) -> str:
    """Return the page's public address. Raise NotFound for a petition that is not public."""
    petition = find_petition(slug, times.now(), tables())
    return _address(request, petition.slug, valid_source_or_none(query(request, "source")) or "qr")


def _address(request: Request, slug: str, source: str) -> str:
    language = chosen_language(request)
    parameters = {"lang": language, "source": source} if language else {"source": source}
    return f"{settings().site_url}/petitions/{slug}?{urlencode(parameters)}"


@picture_view("/petitions/{slug}/poster.pdf", query=("lang",), content_types=("application/pdf",))
def show_poster(request: Request, slug: str) -> Response:
    """An A4 poster with the QR code of the petition's page."""
    return _paper(request, slug, "poster", poster)


@picture_view("/petitions/{slug}/sheet.pdf", query=("lang",), content_types=("application/pdf",))
def show_sheet(request: Request, slug: str) -> Response:
    """An A4 sheet on which people sign with a pen."""
    return _paper(request, slug, "sheet", sheet)


def _paper(
    request: Request, slug: str, source: str, print_on: Callable[[Petition, str, str, datetime], bytes]
) -> Response:
    now = times.now()
    petition = find_petition(slug, now, tables())
    language = chosen_language(request) or petition.language
    pdf = print_on(petition.in_language(language), _address(request, slug, source), language, now)
    return _picture(pdf, "application/pdf")


@picture_view(
    "/petitions/{slug}/pictures/{digest}",
    cache=Cache.YEAR,
    throttle=PETITION_PAGE,
    content_types=("image/jpeg",),
)
def show_picture(request: Request, slug: str, digest: str) -> Response:
    """The petition's picture. Its address changes with its content."""
    headers = {"Content-Type": "image/jpeg", "Cache-Control": f"public, max-age={Cache.YEAR.value}, immutable"}
    return answer(picture_of(slug, digest, tables()), 200, headers)


def _picture(body: bytes | str, content_type: str) -> Response:
    return answer(body, 200, {"Content-Type": content_type, **cache_headers(PICTURE_SECONDS)})


@page_view(routes, "GET", "/petitions/{slug}/thanks", throttle=SIGNING, query=("lang", "embed"))
def show_thanks(request: Request, slug: str) -> Response:
    """The page after signing.

    The same page after every signature, so that it does not reveal whether the signature is new.
    """
    petition = find_petition(slug, times.now(), tables())
    show = embedded_page if is_embedded(request) else page_about
    return show(petition, request, "thanks.html", {})


@json_view(routes, "GET", "/api/petitions", cache=Cache.SECONDS, query=("lang",))
def list_petitions(request: Request) -> "Answer[PublicPetitions]":
    """All open petitions, newest first."""
    now, language = times.now(), chosen_language(request)
    listed = open_petitions_with_counts(now, tables())
    body: PublicPetitions = {
        "petitions": [_public_petition(petition.in_language(language), count, now) for petition, count in listed]
    }
    return json_answer(body, headers=_cache_headers())


@json_view(routes, "GET", "/api/petitions/{slug}", cache=Cache.SECONDS, query=("lang",))
def read_petition(request: Request, slug: str) -> "Answer[FullPetition]":
    """A petition."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    language = chosen_language(request) or petition.language
    translated = petition.in_language(language)
    url = f"{settings().site_url}/petitions/{slug}"
    body: FullPetition = {
        **_public_petition(translated, public_count(petition, now, tables()), now),
        **public_letter(translated),
        "summary": translated.summary,
        "text": translated.text,
        "charity": translated.charity,
        "url": url,
        "handed_in_at": times.iso_or_none(translated.handed_in_at),
        "responded_at": times.iso_or_none(translated.responded_at),
        "response": translated.response,
        "removed": removed_signatures(petition),
        "consents": _consents(translated),
        "privacy": {
            "controller": translated.charity,
            "contact": petition.privacy_contact,
            "policy_url": petition.privacy_url,
            "retention_months": petition.retention_months,
            "notice_url": f"{url}#privacy",
            "notice_html": fragment(request, "_privacy.html", {"petition": translated}, language),
        },
    }
    return json_answer(body, headers=_cache_headers())


def _consents(petition: Petition) -> "list[ConsentWording]":
    version = petition.consent_version
    return [
        {"name": "sign", "wording": petition.sign_wording, "version": version},
        {"name": "updates", "wording": petition.updates_wording, "version": version},
    ]


def _public_petition(petition: Petition, count: Count, now: datetime) -> "PublicPetition":
    return {
        "slug": petition.slug,
        "title": petition.title,
        "languages": petition.languages,
        "text_version": petition.text_version,
        "target": petition.target,
        "state": petition.state_at(now),
        "goal": petition.goal_at(count.confirmed),
        "opened_at": times.iso(petition.opened_at),
        "closes_at": times.iso_or_none(petition.closes_at),
        "count": count.confirmed,
    }


@json_view(
    routes, "GET", "/api/petitions/{slug}/count", function=Function.COUNTS, cache=Cache.SECONDS, not_modified=True
)
def read_count(request: Request, slug: str) -> "Answer[PublicCount]":
    """The number of signatures.

    The number of confirmed signatures. It may be a few seconds old. Ask no more often than `max-age` says.
    """
    now = times.now()
    petition = find_petition(slug, now, tables())
    count = public_count(petition, now, tables())
    goal = petition.goal_at(count.confirmed)
    may_need_proof = watch_now(tables()).may_need_proof(slug, now)
    proof = "-proof" if may_need_proof else ""
    etag = f'W/"{count.confirmed}-{goal}{proof}"'  # Weak: bodies with the same ETag differ only in as_of.
    headers = {**_cache_headers(), "ETag": etag}
    if client_matches(request, etag):
        return not_modified(headers)
    body: PublicCount = {
        "slug": slug,
        "count": count.confirmed,
        "goal": goal,
        "as_of": times.iso(count.as_of),
    }
    if may_need_proof:
        body["may_need_proof"] = True
    return json_answer(body, headers=headers)


@page_view(routes, "GET", "/embed/{slug}", cache=Cache.SECONDS, query=("lang", "source"), throttle=PETITION_PAGE)
def show_embed(request: Request, slug: str) -> Response:
    """The form, for a frame on another site.

    Browsers show it only on the sites of the petition's `embed_on` (`frame-ancestors`). Sets no cookies.
    """
    now = times.now()
    petition = find_petition(slug, now, tables())
    return _page_with_source(request, petition, now)


@page_view(
    routes, "GET", "/embed/{slug}/counter", cache=Cache.SECONDS, query=("lang", "source"), throttle=PETITION_PAGE
)
def show_counter(request: Request, slug: str) -> Response:
    """The counter, for a frame on another site.

    Browsers show it only on the sites of the petition's `embed_on` (`frame-ancestors`).
    """
    now = times.now()
    petition = find_petition(slug, now, tables())
    context = counter_context(petition, now, tables())
    context["source"] = valid_source_or_none(query(request, "source"))
    return embedded_page(petition, request, "counter.html", context, headers=_cache_headers())


def _cache_headers() -> dict[str, str]:
    return cache_headers(level_now(tables()).max_age)

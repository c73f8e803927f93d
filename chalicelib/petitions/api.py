"""Public routes of petitions: HTML pages and JSON."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import Unavailable
from chalicelib.core.language import languages
from chalicelib.core.settings import settings
from chalicelib.core.sources import known_source
from chalicelib.edge.html import fragment, page, page_view
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
from chalicelib.edge.views import json_view
from chalicelib.petitions.card import card_of
from chalicelib.petitions.find import counted_petitions, find_petition, open_petitions, pasted_slug, petition_as_stored
from chalicelib.petitions.letter import public_letter
from chalicelib.petitions.model import Petition
from chalicelib.petitions.page import embedded_page, is_embedded, known_count, page_about, petition_page, preview_page
from chalicelib.petitions.preview import check_preview
from chalicelib.shedding.level import level_now
from chalicelib.tallies.count import Count
from chalicelib.tallies.public import public_count

if TYPE_CHECKING:
    from chalicelib.petitions.answers import (
        ConsentWording,
        FullPetition,
        PublicCount,
        PublicPetition,
        PublicPetitions,
    )

routes = Blueprint(__name__)

# Sites that show links keep the picture for days in any case.
CARD_SECONDS = 600


@page_view(routes)
def show_petitions(request: Request) -> Response:
    """List the open petitions."""
    listed, chosen = _listed(times.now()), chosen_language(request)
    codes = sorted({code for petition, _ in listed for code in petition.languages}, key=languages().index)
    found = [
        {**petition.in_language(chosen).model_dump(include={"slug", "title", "summary"}), "count": count}
        for petition, count in listed
    ]
    return page(request, "petitions.html", {"petitions": found}, headers=_shared(), languages=codes)


def _listed(now: datetime) -> list[tuple[Petition, int | None]]:
    """Return the open petitions, without counts when these are unavailable."""
    try:
        return [(petition, count.confirmed) for petition, count in counted_petitions(now, tables())]
    except Unavailable:
        return [(petition, None) for petition in open_petitions(now, tables())]


@page_view(routes)
def show_petition(request: Request, slug: str) -> Response:
    """Show the petition with its form. With a valid ?preview= token, show it as stored, in any state."""
    if tidy := pasted_slug(slug):
        return redirect(request, f"/petitions/{tidy}", 302)
    now, preview = times.now(), query(request, "preview")
    if preview is not None:
        check_preview(slug, preview, now, settings().token_keys)
        return preview_page(request, petition_as_stored(slug, tables()), now, tables())
    petition = find_petition(slug, now, tables())
    source = known_source(query(request, "source"))
    form = {"source": source} if source else {}
    return petition_page(request, petition, now, tables(), form=form, headers=_shared())


@page_view(routes)
def show_card(request: Request, slug: str) -> Response:
    """Return the picture that other sites show with a link to the petition."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    language = chosen_language(request) or petition.language
    count = known_count(petition, now, tables())
    picture = card_of(petition.in_language(language), count.confirmed if count else None, language)
    return answer(picture, 200, {"Content-Type": "image/png", **cache_headers(CARD_SECONDS)})


@page_view(routes)
def show_thanks(request: Request, slug: str) -> Response:
    """Show the same page after every signature: it must not reveal whether the signature is new."""
    petition = find_petition(slug, times.now(), tables())
    show = embedded_page if is_embedded(request) else page_about
    return show(petition, request, "thanks.html", {})


@json_view(routes)
def list_petitions(request: Request) -> Response:
    """Return the open petitions, newest first, in short."""
    now, chosen = times.now(), chosen_language(request)
    found = counted_petitions(now, tables())
    body: PublicPetitions = {
        "petitions": [_shown(petition.in_language(chosen), count, now) for petition, count in found]
    }
    return json_answer(body, headers=_shared())


@json_view(routes)
def read_petition(request: Request, slug: str) -> Response:
    """Return the petition as JSON, with the public count and what a page needs to collect signatures."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    language = chosen_language(request) or petition.language
    shown = petition.in_language(language)
    url = f"{settings().site_url}/petitions/{slug}"
    body: FullPetition = {
        **_shown(shown, public_count(petition, now, tables()), now),
        **public_letter(shown),
        "summary": shown.summary,
        "text": shown.text,
        "charity": shown.charity,
        "url": url,
        "handed_in_at": times.iso_or_none(shown.handed_in_at),
        "responded_at": times.iso_or_none(shown.responded_at),
        "response": shown.response,
        "consents": _consents(shown),
        "privacy": {
            "controller": shown.charity,
            "contact": petition.privacy_contact,
            "policy_url": petition.privacy_url,
            "notice_url": f"{url}#privacy",
            "notice_html": fragment(request, "_privacy.html", {"petition": shown}, language),
        },
    }
    return json_answer(body, headers=_shared())


def _consents(petition: Petition) -> "list[ConsentWording]":
    version = petition.consent_version
    return [
        {"name": "sign", "wording": petition.sign_wording, "version": version},
        {"name": "updates", "wording": petition.updates_wording, "version": version},
    ]


def _shown(petition: Petition, count: Count, now: datetime) -> "PublicPetition":
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


@json_view(routes)
def read_count(request: Request, slug: str) -> Response:
    """Return the count, or 304 when the client already has this count and goal."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    count = public_count(petition, now, tables())
    goal = petition.goal_at(count.confirmed)
    # A weak ETag: bodies with the same count and goal differ only in as_of.
    headers = {**cache_headers(level_now(tables()).max_age), "ETag": f'W/"{count.confirmed}-{goal}"'}
    if client_matches(request, headers["ETag"]):
        return not_modified(headers)
    body: PublicCount = {
        "slug": slug,
        "count": count.confirmed,
        "goal": goal,
        "as_of": times.iso(count.as_of),
    }
    return json_answer(body, headers=headers)


def _shared() -> dict[str, str]:
    return cache_headers(level_now(tables()).max_age)

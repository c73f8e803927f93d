"""The two pages that people see if the API does not answer, or if the gateway or the firewall refuses their request.

Each page has its text in every language. A CloudFront function has both (stack/template/edge.yaml), with at most 10 KB.
"""

import json

from chalicelib.core.language import language_of, languages
from chalicelib.pages.jinja import environment
from stack.languages import write_compiled
from stack.paths import ROOT

REFUSED_PATH = "/busy-form.html"
_FOLDERS = (ROOT / "stack" / "pages", ROOT / "chalicelib" / "pages" / "templates")
# Each page contains its style sheet and loads nothing. Other sites may show the page in a frame, because some of them
# show the form in a frame. A page must not stay when the API works again.
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "retry-after": "10",
    "x-content-type-options": "nosniff",
}
_CODE = """function handler(event) {
  var isRefused = event.request.uri === %(path)s;
  return {
    statusCode: isRefused ? 200 : 503,
    statusDescription: isRefused ? "OK" : "Service Unavailable",
    headers: %(headers)s,
    body: isRefused ? %(refused)s : %(busy)s,
  };
}
"""


def function_code() -> str:
    values = {
        "path": REFUSED_PATH,
        "headers": {name: {"value": value} for name, value in _HEADERS.items()},
        "refused": refused_page(),
        "busy": page(),
    }
    return _CODE % {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}


def page() -> str:
    """Return the page that CloudFront shows when the API does not return the requested page."""
    return _in_every_language("_busy.html", "Sorry, this page is very busy")


def refused_page() -> str:
    """Return the page that people see when the gateway or the firewall refuses a request.

    The page does not say that the request was lost: perhaps our code stored a signature, but its answer came too late
    for the gateway. The firewall accepts a page of at most 4 KB.
    """
    return _in_every_language("_refused.html", "Sorry, we are very busy")


def _in_every_language(template: str, title: str) -> str:
    """Return one page with the text in every language, because CloudFront does not know the reader's language."""
    write_compiled()  # `language_of` reads the compiled catalogues.
    texts: list[str] = []
    for code in languages():
        jinja = environment(*_FOLDERS, language=language_of(code))
        texts.append(jinja.get_template(template).render())
    frame = environment(*_FOLDERS).get_template("busy.html")
    return frame.render(texts=texts, title=title)

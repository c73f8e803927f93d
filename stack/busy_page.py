"""The pages that CloudFront and the firewall show while the API cannot answer, in every language.

`make deploy` puts them into their bucket.
"""

from chalicelib.core.language import language_of, languages
from chalicelib.pages.jinja import environment
from stack.aws import Cloud
from stack.languages import write_compiled
from stack.paths import ROOT
from stack.template.busy import KEY, REFUSED_KEY

_FOLDERS = (ROOT / "stack" / "pages", ROOT / "chalicelib" / "pages" / "templates")


def page() -> str:
    """Return the page that is shown in place of a page that could not be read."""
    return _in_every_language("_busy.html", "Sorry, this page is very busy")


def refused_page() -> str:
    """Return the page that the gateway or the firewall shows instead of its refusal. The request may have arrived.

    The firewall accepts a page of at most 4 KB.
    """
    return _in_every_language("_refused.html", "Sorry, we are very busy")


def _in_every_language(template: str, title: str) -> str:
    """Return the page in every language, because CloudFront does not know the reader's."""
    write_compiled()
    texts = [environment(*_FOLDERS, language=language_of(code)).get_template(template).render() for code in languages()]
    return environment(*_FOLDERS).get_template("busy.html").render(texts=texts, title=title)


def store(cloud: Cloud, bucket: str) -> None:
    """Put the pages into the bucket. CloudFront must not keep them longer than the failure lasts: hence no-store."""
    for key, content in ((KEY, page()), (REFUSED_KEY, refused_page())):
        cloud.client("s3").put_object(
            Bucket=bucket,
            Key=key,
            Body=content.encode(),
            ContentType="text/html; charset=utf-8",
            CacheControl="no-store",
        )

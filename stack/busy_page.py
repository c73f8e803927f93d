"""The page that CloudFront shows while the API cannot answer, in every language.

`make deploy` puts it into its bucket.
"""

from chalicelib.core.language import language_of, languages
from chalicelib.pages.jinja import environment
from stack.aws import Cloud
from stack.languages import write_compiled
from stack.paths import ROOT
from stack.template.busy import KEY

_FOLDERS = (ROOT / "stack" / "pages", ROOT / "chalicelib" / "pages" / "templates")


def page() -> str:
    """Return the page. It cannot know the reader's language, so it has the text in each."""
    write_compiled()
    texts = [_texts_in(code) for code in languages()]
    return environment(*_FOLDERS).get_template("busy.html").render(texts=texts)


def _texts_in(code: str) -> str:
    return environment(*_FOLDERS, language=language_of(code)).get_template("_busy.html").render()


def store(cloud: Cloud, bucket: str) -> None:
    """Put the page into the bucket, with no-store, so that CloudFront does not keep it after the failure."""
    cloud.client("s3").put_object(
        Bucket=bucket,
        Key=KEY,
        Body=page().encode(),
        ContentType="text/html; charset=utf-8",
        CacheControl="no-store",
    )

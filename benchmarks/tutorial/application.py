"""The sign endpoint as tutorials write it: read to find a duplicate, put, add to one counter item, send the email.

To be comparable with ours, it has the same contract, validation (our own form) and libraries, and it writes one log
line for each successful request. It reads no petition, because its petition is in the code.
"""

import os
from datetime import UTC, datetime
from typing import Any

import boto3
from chalice.app import BadRequestError, Chalice, NotFoundError, Response

from chalicelib.core.errors import Invalid, NotJson
from chalicelib.signatures.form import SignatureForm, read_json

app: Any = Chalice(app_name="tutorial")
app.log.setLevel("INFO")

dynamodb = boto3.resource("dynamodb")
signatures = dynamodb.Table(os.environ["TUTORIAL_SIGNATURES_TABLE"])
counters = dynamodb.Table(os.environ["TUTORIAL_COUNTERS_TABLE"])
ses = boto3.client("sesv2")

PETITIONS = {"support-trafficked-children": "Support for trafficked children"}


@app.route("/api/petitions/{slug}/signatures", methods=["POST"], cors=True)
def sign(slug: str) -> Response:
    if slug not in PETITIONS:
        raise NotFoundError("No such petition")
    try:
        form = read_json(app.current_request.raw_body.decode())
    except NotJson as error:
        raise BadRequestError("Not JSON") from error
    except Invalid as invalid:
        return Response({"errors": [vars(error) for error in invalid.errors]}, status_code=422)
    add_signature(slug, form)
    app.log.info("signed %s", slug)
    return Response({"status": "check-your-inbox"}, status_code=202)


@app.route("/api/petitions/{slug}/count", cors=True)
def count(slug: str) -> dict[str, object]:
    item = counters.get_item(Key={"petition": slug}).get("Item", {})
    app.log.info("counted %s", slug)
    return {"slug": slug, "count": int(str(item.get("signatures", 0)))}


def add_signature(slug: str, form: SignatureForm) -> None:
    key = {"petition": slug, "email": form.email.canonical}
    if "Item" in signatures.get_item(Key=key):
        return
    signatures.put_item(
        Item={
            **key,
            "name": form.name,
            "country": form.country,
            "postcode": form.postcode,
            "source": form.source,
            "updates": form.consent.updates,
            "signed_at": datetime.now(UTC).isoformat(),
        }
    )
    one = {":one": 1}
    counters.update_item(Key={"petition": slug}, UpdateExpression="ADD signatures :one", ExpressionAttributeValues=one)
    send_mail(form, PETITIONS[slug])


def send_mail(form: SignatureForm, title: str) -> None:
    text = f"Dear {form.name},\n\nThank you for signing “{title}”.\n"
    subject, html = f"You signed: {title}", f"<p>{text}</p>"
    ses.send_email(
        FromEmailAddress=os.environ["MAIL_FROM"],
        Destination={"ToAddresses": [form.email.deliverable]},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}, "Html": {"Data": html}}}},
    )

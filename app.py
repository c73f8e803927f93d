"""Registration only: what each Lambda function serves. Rules live in chalicelib."""

from typing import Any

from chalice.app import Chalice

from chalicelib.audit import api as audit
from chalicelib.edge import site, staff
from chalicelib.mail import worker as mail
from chalicelib.people import api as people_routes
from chalicelib.petitions import api as petitions
from chalicelib.signatures import api as signatures
from chalicelib.signatures import links as signature_links
from chalicelib.signatures import worker as signature_worker
from chalicelib.signin import api as signin
from chalicelib.staff import api as staff_tokens
from chalicelib.tallies import api as tallies

app = Chalice(app_name="petitions", configure_logs=False)
for routes in (site, petitions, signatures, signature_links, tallies, staff_tokens, audit, people_routes, signin):
    app.register_blueprint(routes.routes)
app.register_blueprint(staff.doors)
app.register_blueprint(mail.workers)
app.register_blueprint(signature_worker.workers)


# The same routes under other powers: API Gateway sends the links in mails, the counts and what staff do to functions
# of their own, whose roles may do only that (.chalice/policy-*.json, bound in .chalice/resources.json).
@app.lambda_function()
def links(event: Any, context: Any) -> Any:
    return app(event, context)


@app.lambda_function()
def counts(event: Any, context: Any) -> Any:
    return app(event, context)


@app.lambda_function()
def manage(event: Any, context: Any) -> Any:
    return app(event, context)


@app.lambda_function()
def people(event: Any, context: Any) -> Any:
    return app(event, context)


@app.lambda_function()
def sign_in(event: Any, context: Any) -> Any:
    return app(event, context)

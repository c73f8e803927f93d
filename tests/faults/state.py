"""What a scene remembers between its steps."""

from typing import Any

from chalicelib.exports.model import Export
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.mail.model import MailRequest
from chalicelib.partners.imports.model import Import
from chalicelib.reminders.run import Reminding
from chalicelib.retention.run import Retention


class SceneState:
    """What `before` stores for `act` and `then`. An attribute exists only in the scenes that set it."""

    request: Any  # A Case of tests.openapi, whose module imports the fake site.
    bobs_token: str
    other_token_id: str
    oaks_token: str
    alices_id: str

    mail_request: MailRequest
    messages: list[dict[str, Any]]
    signature_before: dict[str, Any]

    export: Export
    import_job: Import
    opt_in_list: OptInList
    reminding: Reminding
    retention: Retention
    file_link: str
    statement_token: str
    invitation: str
    short_code: str

"""The template that `chalice package` merges into its own.

Each module states one kind of part. A part may add to any section: a queue adds to Resources, Outputs, and the
environment of all functions.
"""

from functools import cache

from stack.template.alarms import alarms
from stack.template.api import api
from stack.template.cfn import Template, merged
from stack.template.dashboard import dashboard
from stack.template.functions import functions
from stack.template.gateway import gateway
from stack.template.mail import mail
from stack.template.parameters import parameters
from stack.template.queues import queues
from stack.template.storage import storage
from stack.template.streams import streams
from stack.template.tables import tables

_DESCRIPTION = "Petitions: sign, confirm, count. One template for AWS and for the embedded AWS of `make run`."


@cache
def merge_template() -> Template:
    """Return the template. Do not change it: it is built once in a process."""
    stored = [tables(), queues(), streams(), storage()]
    served = [functions(), mail(), api(), gateway()]
    watched = [alarms(), dashboard()]
    return merged([{"Description": _DESCRIPTION}, parameters(), *stored, *served, *watched])

"""Join the parts from the other modules into one template, which `application.py` merges into that of Chalice.

A part may add to any section of the template: a queue adds to Resources, Outputs, and the environment of all functions.
"""

import json
from collections.abc import Mapping
from functools import cache

from stack.template.alarms import alarms
from stack.template.api import api
from stack.template.budget import budget
from stack.template.cfn import Template, merge_parts
from stack.template.dashboard import dashboard
from stack.template.edge import edge
from stack.template.functions import functions
from stack.template.gateway import gateway
from stack.template.mail import mail
from stack.template.parameters import parameters
from stack.template.queues import queues
from stack.template.schedules import schedules
from stack.template.storage import storage
from stack.template.streams import streams
from stack.template.tables import tables

_DESCRIPTION = "Petitions: sign, confirm, count. One template for AWS and for the emulator of `make run`."


def settings_in(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of every function's environment whose values are outputs of the stack, such as a queue's
    URL.

    Raise KeyError if an output is missing: the stack was deployed from an older template.
    """
    template = merge_template()
    # A variable has the same value in the template as its output, such as {"Ref": "MailQueue"}. A dict cannot be a key,
    # so compare the values as JSON.
    output_by_value = {}
    for name, declared in template["Outputs"].items():
        value = json.dumps(declared["Value"])
        output_by_value[value] = name
    settings = {}
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    for variable, declared_value in variables.items():
        value = json.dumps(declared_value)
        if value in output_by_value:
            name = output_by_value[value]
            settings[variable] = outputs[name]
    return settings


@cache
def merge_template() -> Template:
    """Return the template. Do not change the returned template: every caller in the process gets the same one."""
    data_parts = [tables(), queues(), streams(), storage()]
    service_parts = [
        functions(),
        schedules(),
        mail(),
        api(),
        gateway(),
        edge(),
        alarms(),
        budget(),
    ]
    whole = merge_parts([{"Description": _DESCRIPTION}, parameters(), *data_parts, *service_parts])
    return merge_parts([whole, dashboard(whole["Resources"])])

"""What an engineer does by hand, in the tables that the environment names.

`make shell` sets all variables. Without it, take the values from the stack's outputs:
    AWS_DEFAULT_REGION, SIGNATURES_TABLE, COUNTS_TABLE, AUDIT_TABLE, DELIVERIES_TABLE, LIMITS_TABLE
    (and AWS_ENDPOINT_URL for an emulator)
"""

import argparse
import logging
import sys
from collections.abc import Sequence

from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.core.errors import ConditionFailed, Denied, Invalid, Stale, Unavailable, UnknownPetition
from commands import crowd, letters, petitions, restore, tallies, tokens
from commands.common import InputError

# Exit codes. 0: done. 1: wrong input, the command cannot be done, or `recount` ends with wrong numbers. 2: wrong
# command line (from argparse). 3: AWS did not answer or refused, or somebody else made a change at the same time.
WRONG_INPUT, NO_ANSWER = 1, 3


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="manage.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    subparsers = root.add_subparsers(required=True, metavar="command")
    for module in (petitions, tokens, tallies, restore, letters, crowd):
        module.add_to(subparsers)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    # Logs are for Lambda functions; this command prints its errors below.
    logging.getLogger("petitions").addHandler(logging.NullHandler())
    try:
        arguments.run(arguments)  # The function that the command's `add_to` set.
    except (InputError, RuntimeError) as error:  # RuntimeError: the environment lacks a setting.
        return _fail(str(error), WRONG_INPUT)
    except UnknownPetition:  # Only of commands with a slug.
        return _fail(f"there is no petition {arguments.slug}", WRONG_INPUT)
    except Invalid as error:
        return _fail("\n".join(f"{each.field}: {each.message}" for each in error.errors), WRONG_INPUT)
    except (ConditionFailed, Stale):
        return _fail("somebody else changed this at the same time; try again", NO_ANSWER)
    except Denied as error:  # Before Unavailable, which is its base class.
        return _fail(f"AWS refused: {error.__cause__}", NO_ANSWER)
    except Unavailable as error:
        return _fail(f"AWS did not answer ({error.service}); repeating is safe", NO_ANSWER)
    except AWS_ERRORS as error:  # Those that are not translated into our errors.
        return _fail(f"AWS refused: {error}", NO_ANSWER)
    return 0


def _fail(message: str, exit_code: int) -> int:
    print(message, file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())

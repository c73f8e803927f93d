"""Find the behaviour for a path. A behaviour is a set of rules: how the CDN handles requests for some paths.

Source: "Cache behavior settings" (CloudFront Developer Guide).
"""

import re
from functools import cache, lru_cache

from stack.edge.distribution import Behaviour, Distribution


class Matcher:
    """Finds behaviours. It remembers the behaviours of recent paths: a distribution may have dozens of patterns."""

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution
        self.behaviour_of = lru_cache(4096)(self._find)

    def _find(self, path: str) -> Behaviour:
        """Return the first behaviour, in the distribution's order, whose pattern matches; else the default one."""
        plain = normalised(path)
        for behaviour in self._distribution.behaviours:
            if behaviour.pattern and _compiled(behaviour.pattern).fullmatch(plain):
                return behaviour
        return self._distribution.default


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of CloudFront as a regular expression.

    `*` stands for any characters, also slashes. `?` stands for one character. The slash at the start is optional.
    """
    wild = {"*": ".*", "?": "."}
    expression = "/"
    for char in pattern.removeprefix("/"):
        expression += wild.get(char, re.escape(char))
    return re.compile(expression, re.DOTALL)


def normalised(path: str) -> str:
    """Return the path to match with patterns: without empty segments, `.` and `..`. The origin gets `path` itself."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    plain = "/" + "/".join(parts)
    is_folder = path.endswith(("/", "/.", "/.."))
    if is_folder and parts:
        plain += "/"
    return plain

"""SQL as records have it, turned into what PostgreSQL takes.

Placeholders (`?`, `?1`, `:name`) become `$1`, `$2` ...; `INDEXED BY` is dropped, since PostgreSQL
chooses the index itself.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from storage.engine.executor import Parameters

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\""  # text and names stay as they are
    r"|\?(?P<number>\d*)|(?<!:):(?P<name>[a-z_][a-z0-9_]*)|\s*\bINDEXED BY \w+"
)
NUL = "\0"
REPLACED = "\N{REPLACEMENT CHARACTER}"


class Translated(NamedTuple):
    sql: str
    names: tuple[str, ...]
    "Of the parameters in order, if they have names."


@lru_cache(maxsize=4096)
def translated(sql: str) -> Translated:
    names: list[str] = []
    highest = 0

    def turn(found: re.Match[str]) -> str:
        nonlocal highest
        number, name = found["number"], found["name"]
        if number is not None:
            this = int(number) if number else highest + 1
            highest = max(highest, this)
            return f"${this}"
        if name is not None:
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"
        return "" if "INDEXED BY" in found[0] and found[0][0] not in "'\"" else found[0]

    return Translated(_TOKEN.sub(turn, sql), tuple(names))


def arguments(statement: Translated, parameters: Parameters) -> list[Any]:
    """The values in the order of their numbers.

    Text in PostgreSQL has no NUL: what was looked for with one is not found, and what is stored
    with one has another character there.
    """
    if isinstance(parameters, Mapping):
        parameters = [parameters[name] for name in statement.names]
    return [
        value.replace(NUL, REPLACED) if isinstance(value, str) and NUL in value else value
        for value in parameters
    ]

"""Which module of the front end imports which, and what several of them share.

No parser: `scripts/check` formats the sources, so that an import looks like an import, and a comment
that looks like one would only make a file more.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import dirname, join, normpath

_COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
_AT_ONCE = re.compile(
    r"""^(?:import|export)\s(?:[^;"']*?\sfrom\s)?["'](\.[^"']+)["'];""", re.MULTILINE
)
_LATER = re.compile(r"""\bimport\(\s*["'](\.[^"']+)["'],?\s*\)""")

FIRST_PAGES = ("js/pages/landing.js", "js/pages/session.js")
"Of people who come by link, up to the waiting room."
DESK_PAGE = "js/pages/lobby.js"
"On every page of somebody who is signed in."
CORE, DESK = "js/shared/core.js", "js/shared/desk.js"


@dataclass(frozen=True)
class Modules:
    at_once: Mapping[str, frozenset[str]]
    "Module -> modules that it imports by a statement."
    later: Mapping[str, frozenset[str]]
    "Module -> modules that it imports by a call."

    @classmethod
    def of(cls, sources: Mapping[str, bytes]) -> "Modules":
        at_once, later = {}, {}
        for name, source in sources.items():
            code = _COMMENT.sub("", source.decode())
            at_once[name] = _resolved(name, _AT_ONCE.findall(code))
            later[name] = _resolved(name, _LATER.findall(code))
        return cls(at_once, later)

    @property
    def entries(self) -> list[str]:
        """What is asked for by its name: the pages' modules, and those loaded by a call."""
        named = set().union(*self.later.values())
        named |= {name for name in self.at_once if name.startswith("js/pages/")}
        return sorted(named & self.at_once.keys())

    def with_imports(self, name: str) -> set[str]:
        """A module and all that is loaded with it at once."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each not in found and each in self.at_once:
                found.add(each)
                waiting += self.at_once[each]
        return found

    @property
    def shared(self) -> dict[str, list[str]]:
        """Files to be made -> the modules in each, which several entries load at once.

        In the first is what a first page shares with any entry, in the second what the page of
        somebody who is signed in shares besides.
        """
        closures = {entry: self.with_imports(entry) for entry in self.entries}
        times = Counter(name for closure in closures.values() for name in closure)
        first = set().union(*(closures.get(page, ()) for page in FIRST_PAGES)) - set(FIRST_PAGES)
        core = {name for name in first if times[name] > 1}
        desk = {name for name in closures.get(DESK_PAGE, ()) if times[name] > 1} - core
        return {CORE: sorted(core), DESK: sorted(desk)}

    def loading(self, group: list[str]) -> list[str]:
        """The entries that load any of these modules at once."""
        return [entry for entry in self.entries if not self.with_imports(entry).isdisjoint(group)]


def _resolved(importer: str, addresses: list[str]) -> frozenset[str]:
    return frozenset(normpath(join(dirname(importer), address)) for address in addresses)

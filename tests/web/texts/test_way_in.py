"""The sentences of the pages between the link and the waiting room."""

import re

from web.bundles.modules import Modules
from web.static_files import read_sources
from web.texts.catalogs import LATER_SCRIPTS, WAY_IN_SCRIPTS


def test_pages_up_to_the_waiting_room_have_every_sentence_of_their_scripts() -> None:
    scripts = {name: text for name, text in read_sources().items() if name.endswith(".js")}
    graph = Modules.of(scripts)
    waiting, loaded = ["js/pages/landing.js", "js/pages/session.js"], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in loaded and name in scripts:
            loaded.add(name)
            waiting += graph.at_once[name] | graph.later[name]
    assert len(loaded) > 50
    for name in loaded:
        if re.search(rb"\b_n?\(", scripts[name]):
            assert f"web/static/{name}".startswith((*WAY_IN_SCRIPTS, *LATER_SCRIPTS)), name

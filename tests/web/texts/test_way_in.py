"""The sentences of the pages between the link and the waiting room."""

import json
import re

from web.bundles.modules import Modules
from web.static_files import read_sources
from web.texts.catalogs import DESK_SCRIPTS, LATER_SCRIPTS, WAY_IN_SCRIPTS, Catalogs

OF_SCHEDULERS = ("js/room/own-sign-in.js", "js/room/greenroom/scheduler-steps.js")
"Loaded by the session page of a scheduler, which has all sentences."


def test_pages_up_to_the_waiting_room_have_every_sentence_of_their_scripts() -> None:
    scripts = {name: text for name, text in read_sources().items() if name.endswith(".js")}
    graph = Modules.of(scripts)
    waiting, loaded = ["js/pages/landing.js", "js/pages/session.js"], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in loaded and name in scripts and name not in OF_SCHEDULERS:
            loaded.add(name)
            waiting += graph.at_once[name] | graph.later[name]
    assert len(loaded) > 50
    for name in loaded:
        if re.search(rb"\b_n?\(", scripts[name]):
            assert f"web/static/{name}".startswith((*WAY_IN_SCRIPTS, *LATER_SCRIPTS)), name
            assert not f"web/static/{name}".startswith(DESK_SCRIPTS), name


def test_what_only_pages_of_schedulers_say_is_not_sent_to_others() -> None:
    language = Catalogs.load().get("uk")
    whole, way_in = (
        {*json.loads(each)["messages"]} for each in (language.catalog, language.way_in_catalog)
    )
    assert "Somebody is in the waiting room" in whole - way_in
    assert "You are in the waiting room" in way_in

"""Which module imports which, as the sources say it."""

from web.bundles.modules import CORE, DESK, Modules

SOURCES = {
    "js/pages/landing.js": b'/** Words. */\n\nimport { a } from "../shared/a.js";\n',
    "js/pages/device-test.js": b'import "../shared/a.js";\n',
    "js/pages/session.js": (
        b'import {\n  a,\n  b,\n} from "../shared/a.js";\nimport "../room/own.js";\n'
        b'/** @import { No } from "../shared/no.js" */\n// import "../shared/no.js";\n'
        b'const later = () => import("../room/later.js");\n'
    ),
    "js/pages/lobby.js": b'import { d } from "../shared/d.js";\n',
    "js/pages/case.js": b'export { d } from "../shared/d.js";\n',
    "js/room/own.js": b"export const own = 1;\n",
    "js/room/later.js": b'import { c } from "../shared/c.js";\nimport "../shared/d.js";\n',
    "js/shared/a.js": b"export const a = 1, b = 2;\n",
    "js/shared/c.js": b"export const c = 1;\n",
    "js/shared/d.js": b"export const d = 1;\n",
    "js/shared/no.js": b"",
}


def test_imports_are_found_and_words_about_them_are_not() -> None:
    modules = Modules.of(SOURCES)
    assert modules.at_once["js/pages/session.js"] == {"js/shared/a.js", "js/room/own.js"}
    assert modules.later["js/pages/session.js"] == {"js/room/later.js"}
    assert modules.at_once["js/pages/case.js"] == {"js/shared/d.js"}


def test_entries_are_pages_and_what_is_loaded_by_a_call() -> None:
    entries = Modules.of(SOURCES).entries
    assert "js/room/later.js" in entries
    assert {name for name in SOURCES if "/pages/" in name} == {*entries} - {"js/room/later.js"}


def test_what_is_shared_is_kept_apart_for_guests_and_for_those_who_are_signed_in() -> None:
    modules = Modules.of(SOURCES)
    assert modules.shared == {CORE: ["js/shared/a.js"], DESK: ["js/shared/d.js"]}
    assert modules.loading(["js/shared/d.js"]) == [
        "js/pages/case.js", "js/pages/lobby.js", "js/room/later.js",
    ]  # fmt: skip

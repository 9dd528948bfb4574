"""`docs/architecture.md` tells the truth: its pictures, its tables of folders, where things go."""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.rooms import GROUPS, MAY_IMPORT, ROOMS
from tests.structure import ROOT, files, imported_files, none

ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
LAYERS = {
    "scripts": "scripts/",
    "web": "web/",
    "flows": "signaling/flows/",
    "delivery": "signaling/delivery/",
    "storage": "storage/",
    "media": "media/",
    "rules": "signaling/, all else",
}
"Layer -> what the first picture calls it."

NODE = re.compile(r'(\w+)\["([^"]+)"\]')
OTHER_NODE = re.compile(r'(\w+)\(\["([^"]+)"\]\)')
ARROW = re.compile(r'(\w+) (-->|-\.->)(?:\|"([^"]+)"\|)? (\w+)')
DEFINITION = {
    "py": r"^\s*(?:async )?(?:def|class) {}\b",
    "js": r"^\s*(?:export )?(?:(?:static )?(?:async )?(?:function |#)?{}\(.*\{{|class {}\b)",
    "c": r'^\w[^;]*\b{}\(|\{{"{}",',
}
"Ending of a file -> how a function named {} is defined there."


@cache
def graph() -> dict[str, set[str]]:
    return imported_files(files("*.py", "*.js", "*.c", "*.h"))


def pictures(document: str) -> list[list[str]]:
    """The lines of each Mermaid picture, without its first and last."""
    blocks = re.findall(
        r"^```mermaid\nflowchart TD\n(.*?)^```$", document, re.DOTALL | re.MULTILINE
    )
    return [[line.strip() for line in block.splitlines()] for block in blocks]


def wrong_in_picture(lines: list[str]) -> Iterator[str]:
    """What a picture shows and the source does not have."""
    nodes: dict[str, str] = {}
    others: set[str] = set()
    for line in lines:
        if found := NODE.fullmatch(line):
            nodes[found[1]] = found[2]
            if not (ROOT / found[2]).is_file():
                yield f"{found[2]} does not exist"
        elif found := OTHER_NODE.fullmatch(line):
            others.add(found[1])
        elif found := ARROW.fullmatch(line):
            source, target = nodes.get(found[1]), nodes.get(found[4])
            if unknown := {found[1], found[4]} - nodes.keys() - others:
                yield f"{line}: nothing is called {', '.join(sorted(unknown))}"
            elif source and target:
                yield from wrong_arrow(source, target, found[3] or "", found[2] == "-->")
        else:
            yield f"{line}: neither a box nor an arrow"


def wrong_arrow(source: str, target: str, label: str, solid: bool) -> Iterator[str]:
    """An arrow is a function of the target, called by the source if solid; or else an import."""
    if label.endswith("()"):
        name = label.removesuffix("()")
        pattern = DEFINITION[target.rpartition(".")[2]].replace("{}", re.escape(name))
        pattern = pattern.replace("{{", "{")
        if not re.search(pattern, text_of(target), re.MULTILINE):
            yield f"{source} -> {target}: {name} is not defined there"
        elif solid and not re.search(rf"\b{re.escape(name)}\b", text_of(source)):
            yield f"{source} -> {target}: {name} is not called"
    elif not label and source.rpartition(".")[2] == target.rpartition(".")[2]:
        importer, imported = (source, target) if solid else (target, source)
        if imported not in graph().get(importer, ()):
            yield f"{source} -> {target}: not imported"


DECIDED = {
    "py": r"^\s*(?:(?:async )?def|class) {}\b|^{}\s*[:=]",
    "js": r"^(?:export )?(?:async )?(?:const|function|class) {}\b",
}
"Ending of a file -> how what decides, named {}, is defined there."
MOST_ROWS = 20
"Lines of one topic: more take too long to read."
MOST_LETTERS = 95
"Of a question."


def decisions(document: str) -> dict[str, list[tuple[str, str]]]:
    """Topic -> (question, the cell that answers it), from the section "Where is it decided"."""
    section = document.partition("\n## Where is it decided\n")[2].partition("\n## ")[0]
    found: dict[str, list[tuple[str, str]]] = {}
    for part in section.split("\n### ")[1:]:
        topic, _, table = part.partition("\n")
        rows = [
            line.strip("| ").rsplit(" | ", 1) for line in table.splitlines() if line[:2] == "| "
        ]
        found[topic] = [(question, cell) for question, cell in rows[1:]]
    return found


def wrong_in_answer(cell: str) -> Iterator[str]:
    """What an answer names that is not there: `file` `name`, `name`; `file` `name`."""
    for answer in cell.split("; "):
        path, *names = re.findall(r"`([^`]+)`", answer)
        if not (ROOT / path).is_file():
            yield f"{path} does not exist"
            continue
        if not names:
            yield f"{path}: nothing is named in it"
        for name in names:
            pattern = DECIDED[path.rpartition(".")[2]].replace("{}", re.escape(name))
            if not re.search(pattern, text_of(path), re.MULTILINE):
                yield f"{path}: {name} is not defined there"


def text_of(path: str) -> str:
    file = ROOT / path
    return file.read_text("utf-8") if file.is_file() else ""


def folder_rows(document: str) -> dict[str, list[str]]:
    """Folder -> cells of its row, from the tables that say what a folder may import."""
    rows: dict[str, list[str]] = {}
    for table in re.findall(
        r"^\| Folder \|.*May import \|\n\|[-|]+\n((?:\|.*\n)+)", document, re.M
    ):
        for line in table.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            rows[cells[0].strip("`")] = cells[1:]
    return rows


def may_import(room: str) -> str:
    """What the last cell of a folder's row has to say."""
    package = re.split("[/ ]", room)[0]
    names = (f"`{other.removeprefix(f'{package}/')}`" for other in sorted(ROOMS[room]))
    return ", ".join(names) or "nothing"


def test_the_document_has_a_picture_of_the_layers_and_one_for_each_way() -> None:
    assert len(pictures(ARCHITECTURE)) == 5


def test_the_picture_of_the_layers_is_the_table_that_is_tested() -> None:
    shown: dict[str, set[str]] = {layer: {layer} for layer in LAYERS}
    for line in pictures(ARCHITECTURE)[0]:
        if found := NODE.fullmatch(line):
            assert LAYERS[found[1]] == found[2]
        else:
            arrow = ARROW.fullmatch(line)
            assert arrow is not None, line
            shown[arrow[1]].add(arrow[4])
    assert shown == MAY_IMPORT


@pytest.mark.parametrize("picture", pictures(ARCHITECTURE)[1:], ids=lambda lines: lines[0][:20])
def test_each_box_and_arrow_of_a_way_is_in_the_source(picture: list[str]) -> None:
    assert len(picture) > 10
    none(wrong_in_picture(picture))


@pytest.mark.parametrize(
    "line",
    [
        'a["web/nowhere.py"]',
        'b["web/keys.py"]\nc["web/app.py"]\nb --> c',
        'b["web/socket.py"]\nc["signaling/flows/sessions/chatting.py"]\nb -->|"sing()"| c',
        'b["web/routes.py"]\nc["signaling/flows/sessions/chatting.py"]\nb -->|"seen()"| c',
        'b["web/socket.py"]\nc["web/routes.py"]\nb -.-> c',
        'b["web/socket.py"]\nb --> d',
        'b["web/socket.py"]\nb ==> b',
        'b["web/static/js/room/state.js"]\nc["web/static/js/pages/session.js"]\nb --> c',
        'b["media/native/send.c"]\nc["media/native/loop.c"]\nb -->|"no_such()"| c',
    ],
)
def test_what_a_picture_gets_wrong_is_found(line: str) -> None:
    assert len(list(wrong_in_picture(line.splitlines()))) == 1


def test_every_decision_is_where_the_document_says() -> None:
    found = decisions(ARCHITECTURE)
    assert sum(map(len, found.values())) > 150
    none(
        f"{topic}: {question}: {wrong}"
        for topic, rows in found.items()
        for question, cell in rows
        for wrong in wrong_in_answer(cell)
    )


def test_a_decision_is_found_in_ten_seconds() -> None:
    found = decisions(ARCHITECTURE)
    contents = ARCHITECTURE.partition("\n## Where is it decided\n")[2].partition("\n### ")[0]
    anchors = {re.sub(r"[^\w -]", "", topic).lower().replace(" ", "-") for topic in found}
    assert anchors == set(re.findall(r"\(#([\w-]+)\)", contents)) - {"folders"}
    for topic, rows in found.items():
        assert len(rows) <= MOST_ROWS, topic
        none(f"{topic}: {question}" for question, _ in rows if len(question) > MOST_LETTERS)


@pytest.mark.parametrize(
    "cell",
    [
        "`media/rtp/nowhere.py` `OPUS`",
        "`media/rtp/codecs.py`",
        "`media/rtp/codecs.py` `OPUS`, `FORWARDED_EXTENSIONS`",
        "`media/rtp/codecs.py` `OPUS`; `web/static/js/room/call/peer.js` `offersTo`",
    ],
)
def test_a_decision_that_has_moved_is_found(cell: str) -> None:
    assert len(list(wrong_in_answer(cell))) == 1


def test_the_tables_of_folders_are_those_that_are_tested() -> None:
    rows = folder_rows(ARCHITECTURE)
    assert rows.keys() == ROOMS.keys()
    assert {room: row[-1] for room, row in rows.items()} == {
        room: may_import(room) for room in ROOMS
    }
    for group, members in GROUPS.items():
        assert all(f"`{path}`" in " ".join(rows[group]) for path in members), group


def test_every_folder_of_the_front_end_is_described() -> None:
    described = set(re.findall(r"^\| `(web/static/[\w/-]+)` \|", ARCHITECTURE, re.MULTILINE))
    held = {path.rpartition("/")[0] for path in files("*.js", "*.css")}
    assert described == {
        folder for folder in held if folder.startswith("web/static/") and folder != "web/static/js"
    }

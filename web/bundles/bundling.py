"""One page, one or two files: modules put together for engines of one age.

What pages share is in `js/shared/core.js`: every entry is made to import all of it, and esbuild puts
what the same entries import into one file. A module that is loaded by a call keeps its name, so that a page can ask
for it again in another folder (`js/shared/importing.js`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from web.bundles.compiler import Compiled, compile_files
from web.bundles.modules import CORE, Modules
from web.bundles.styles import for_older_engines

CURRENT = ("chrome92", "firefox113", "safari16")
"What the sources are written for: engines of 2021 to 2023."
OLDER = ("chrome76", "firefox78", "safari13.1")
"The oldest engines that wait, chat and call here."
POLYFILLS = "js/engines/older.js"
"Loaded before everything else by engines of the second kind."
_ANY = ("es2017",)
"Of scripts that tell older ones that they are too old; modules came with ES2017."
_NOT_LOWERED = ("--supported:dynamic-import=true", "--supported:destructuring=true")
"""Safari 13 has destructuring; esbuild says no for a fault with default values that refer to other
parameters, which the sources do not use."""


@dataclass(frozen=True)
class Bundles:
    files: Mapping[str, bytes]
    beside: Mapping[str, tuple[str, ...]]
    "Module that is asked for by name -> files that come with it at once, itself last."


def bundle(
    sources: Mapping[str, bytes], targets: tuple[str, ...], *, source_maps: bool = False
) -> Bundles:
    """Make the files for engines from `targets` on, given sources by path below web/static.

    Raises NotCompiled.
    """
    scripts = {name: content for name, content in sources.items() if name.endswith(".js")}
    apart = sorted(name for name in scripts if name.count("/") == 1)
    sheets = _style_sheets(sources, targets)
    workers = sorted(name for name in scripts if name.startswith("js/worker/"))
    modules = _bundle_modules(scripts, {*apart, *workers}, targets, source_maps=source_maps)
    files = dict(modules.files)
    for names, target in ((apart, _ANY), ([*workers, *sheets], targets)):
        options = ("--bundle", "--format=iife", *_options(target, source_maps=source_maps))
        files |= compile_files({**scripts, **sheets}, names, options).files
    beside = {
        entry: tuple(_with_imports(modules, entry))
        for entry in modules.files
        if entry.endswith(".js")
    }
    return Bundles(files, beside)


def _style_sheets(sources: Mapping[str, bytes], targets: tuple[str, ...]) -> dict[str, bytes]:
    sheets = {name: content for name, content in sources.items() if name.endswith(".css")}
    if targets == OLDER:
        sheets = {
            name: for_older_engines(content.decode()).encode() for name, content in sheets.items()
        }
    return sheets


def _bundle_modules(
    scripts: Mapping[str, bytes],
    standing_apart: set[str],
    targets: tuple[str, ...],
    *,
    source_maps: bool,
) -> Compiled:
    sources = {name: text for name, text in scripts.items() if name not in standing_apart}
    graph = Modules.of(sources)
    shared = graph.shared
    importing = {CORE: graph.entries} | {
        file: graph.loading(group) for file, group in shared.items() if file != CORE
    }
    for file, entries in importing.items():
        for name in entries:
            # on the first line, so that the numbers of lines are those of the source
            statement = f'import "{"../" * name.count("/")}{_list_of(file)}"; '
            sources[name] = statement.encode() + sources[name]
        first = [POLYFILLS] if targets == OLDER and file == CORE else []
        listed = [*first, *shared[file]]
        sources[_list_of(file)] = "".join(f'import "./{name}";' for name in listed).encode()
    options = (
        "--bundle",
        "--splitting",
        "--format=esm",
        "--chunk-names=js/shared/[name]-[hash]",
        *_options(targets, source_maps=source_maps),
    )
    return _named(compile_files(sources, graph.entries, options), shared)


def _list_of(file: str) -> str:
    """The name of a module that imports what is in a shared file."""
    return f"list-{file.rpartition('/')[2]}"


def _options(targets: tuple[str, ...], *, source_maps: bool) -> tuple[str, ...]:
    return (
        f"--target={','.join(targets)}",
        *_NOT_LOWERED,
        "--legal-comments=none",
        "--sourcemap" if source_maps else "--minify",
    )


def _named(made: Compiled, shared: Mapping[str, list[str]]) -> Compiled:
    """The same with shared files under their names."""
    names = {
        chunk: file
        for file, group in shared.items()
        for chunk, sources in made.sources.items()
        if chunk not in sources and not sources.isdisjoint(group) and chunk.endswith(".js")
    }

    def renamed(name: str) -> str:
        return names.get(name, name)

    def with_names(content: bytes) -> bytes:
        for chunk, file in names.items():
            old, new = (each.rpartition("/")[2].encode() for each in (chunk, file))
            content = content.replace(old, new)
        return content

    return Compiled(
        {renamed(name): with_names(content) for name, content in made.files.items()},
        {
            renamed(name): tuple(renamed(each) for each in found)
            for name, found in made.imports.items()
        },
        {renamed(name): found for name, found in made.sources.items()},
    )


def _with_imports(made: Compiled, entry: str) -> list[str]:
    """What a file imports at once and in turn, what is imported by more before it."""
    found: list[str] = []

    def visit(name: str) -> None:
        if name not in found:
            for each in made.imports[name]:
                visit(each)
            if name not in found:
                found.append(name)

    visit(entry)
    return found

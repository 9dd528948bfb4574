"""The front end's files, made and compressed once, served under the digest of all of them.

There are two builds of them, for engines of two ages (`web/bundles`). Without its compiler there is
one: the sources as they are, without comments, for JSDoc is two fifths of what a phone would fetch.

`/static/<digest>/js/pages/session.js` imports `../shared/core.js` relative to itself, so all files of a
page come under one digest: a page never mixes two versions, and browsers may cache for ever.
"""

import gzip
import logging
import mimetypes
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import brotli
import msgspec
from aiohttp import hdrs, web
from rjsmin import jsmin

from web.bundles import kept
from web.bundles.bundling import CURRENT, OLDER, Bundles, bundle
from web.bundles.compiler import CompilerMissing, NotCompiled, version
from web.bundles.first_styles import first_styles
from web.routes import path

UTF_8_ALWAYS = frozenset({"text/javascript", "application/json"})
"""Types that need not say so: modules are UTF-8 whatever is said (RFC 9239, section 4), other scripts are
read as their page is, and JSON has no other encoding (RFC 8259, section 8.1)."""
COMPRESSED = frozenset({"image/jpeg", "image/png", "image/webp"})
"Types that are compressed by themselves: trying more took a second of each start, and found nothing."
FOR_EVER = "max-age=31536000, immutable"
_REFUSED = re.compile(r"q\s*=\s*0(\.0*)?", re.IGNORECASE)
"A weight of zero."
_TYPES = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".css": "text/css",
    ".map": "application/json",
}

SEAT_PARTS = ("css/base.css", "css/shapes.css", "css/room.css")
"The styles of a guest's session page, and of the landing page before it."
FIRST_SHEET, SEAT_SHEET = "css/first.css", "css/seat.css"
"What of them stands in these pages, and the rest: one request where three would be."
FIRST_VIEW = frozenset(
    [
        "*",
        "html",
        "body",
        "main",
        "header",
        "form",
        "a",
        "p",
        "h1",
        "button",
        "select",
        "input",
        "span",
        "label",
        "#starting",
        ".lifting",
        ".skip",
        "[data-says]",
        "[hidden]",
        "[dir]",
        "[data-scripts]",
        "[data-scripted]",
        ".button",
        ".top",
        ".brand",
        ".tools",
        ".language",
        ".unseen",
        ".skip",
        ".narrow",
        ".landing",
        ".primary",
        ".bad",
        ".huge",
        ".hint",
        ".when",
        ".notice",
        ".warning",
    ]
)
"What the landing page shows at first."
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StaticFile:
    content_type: str
    plain: bytes
    packed: Mapping[str, bytes]
    "Content encoding -> body, in order of preference."


class Build:
    """The files for engines of one age."""

    def __init__(
        self,
        contents: Mapping[str, StaticFile],
        beside: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.files = contents
        self._beside = beside
        digest = sha256()
        for name in sorted(contents):
            digest.update(name.encode() + b"\0" + contents[name].plain)
        self.digest = digest.hexdigest()[:16]

    def address(self, name: str) -> str:
        """The address of a file, given its path below web/static."""
        return path("static", digest=self.digest, path=name)

    def scripts(self, modules: Iterable[str]) -> list[str]:
        """The addresses of all that these modules load at once, each after what it imports.

        A page names them all, so that none is found only when another has arrived.
        """
        names = [name for module in modules for name in self._beside.get(module, (module,))]
        return [self.address(name) for name in dict.fromkeys(names)]

    def plain(self, name: str) -> bytes:
        """A file as it is sent without compression. Raises KeyError."""
        return self.files[name].plain

    def inline(self, name: str) -> str:
        """A script or style sheet as the text of an element. Raises KeyError."""
        return self.plain(name).decode().strip()

    def proof(self, name: str) -> str:
        """The hash of that text, as a source expression of a content security policy."""
        return _proof(self.inline(name))


class StaticFiles:
    """Both builds; the same one twice where there is no compiler."""

    def __init__(self, current: Build, older: Build, trouble: str = "") -> None:
        self.current, self.older = current, older
        self.trouble = trouble
        "Why there is only one build, the files as they are written; empty: there are two."

    @classmethod
    def load(cls, data_dir: Path | None = None, *, source_maps: bool = False) -> "StaticFiles":
        """All files, made once in the life of the process.

        The builds are kept in the data folder, if there is one and no better place. With source maps,
        for development, it raises NotCompiled for sources that are wrong.
        """
        return cls._loaded(kept.folder(data_dir), source_maps)

    @classmethod
    @cache
    def _loaded(cls, place: Path | None, source_maps: bool) -> "StaticFiles":
        sources, trouble = read_sources(), ""
        try:
            if source_maps:
                current, older = (_build(made) for made in _both(sources, source_maps=True))
            else:
                current, older = kept_builds(sources, place)
        except NotCompiled as reason:
            if source_maps and not isinstance(reason, CompilerMissing):
                raise  # while somebody writes; what was made before stays
            _log.warning(
                "The pages' files are sent as they are written, for browsers since 2023:"
                " %s. README.md says how older phones are served.",
                reason,
            )
            current = older = as_written(sources)
            trouble = str(reason)
        return cls(current, older, trouble)

    def read_again(self, *, source_maps: bool = False) -> None:
        """Take the files as they are now, under a new digest if any has changed. Raises NotCompiled."""
        type(self)._loaded.cache_clear()
        fresh = self.load(source_maps=source_maps)
        self.current, self.older, self.trouble = fresh.current, fresh.older, fresh.trouble

    def build(self, *, older: bool) -> Build:
        return self.older if older else self.current

    def respond(self, request: web.Request, *, older: bool) -> web.Response:
        """Serve a file; under an old digest the current file, which is then not cached.

        The digest may have an ending, under which modules are loaded again; `older` says which build
        a page of an earlier start gets.
        """
        asked, name = request.match_info["digest"], request.match_info["path"]
        build = next(
            (each for each in (self.current, self.older) if asked.startswith(each.digest)),
            self.build(older=older),
        )
        file = build.files.get(name)
        if file is None:
            raise web.HTTPNotFound
        current = asked == build.digest
        response = _response(request, file, for_ever=current)
        if name == "icon.svg":
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


@lru_cache
def _proof(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def text_digest(text: str) -> str:
    """Part of the address of a text that browsers may keep for ever."""
    return sha256(text.encode()).hexdigest()[:16]


def packed_response(
    request: web.Request, plain: bytes, content_type: str, *, for_ever: bool
) -> web.Response:
    """A response in the best encoding that the client accepts; cacheable for ever or revalidated."""
    file = StaticFile(content_type, plain, pack(plain) if content_type not in COMPRESSED else {})
    return _response(request, file, for_ever=for_ever)


def _response(request: web.Request, file: StaticFile, *, for_ever: bool) -> web.Response:
    encoding = next((each for each in file.packed if accepts_encoding(request, each)), None)
    response = web.Response(
        body=file.packed[encoding] if encoding else file.plain,
        content_type=file.content_type,
        charset=None if file.content_type in UTF_8_ALWAYS else "utf-8",
    )
    if encoding:
        response.headers[hdrs.CONTENT_ENCODING] = encoding
    response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    response.headers[hdrs.CACHE_CONTROL] = FOR_EVER if for_ever else "no-cache"
    return response


def accepts_encoding(request: web.BaseRequest, encoding: str) -> bool:
    """Whether a client names a content encoding, and not to refuse it (RFC 9110, 12.5.3)."""
    for each in request.headers.get(hdrs.ACCEPT_ENCODING, "").split(","):
        name, _, weight = each.partition(";")
        if name.strip().lower() == encoding:
            return not _REFUSED.fullmatch(weight.strip())
    return False


@lru_cache(maxsize=512)
def pack(plain: bytes) -> dict[str, bytes]:
    """Content encoding -> body, in order of preference; only what is smaller than `plain`.

    Brotli (RFC 7932) has a built-in dictionary of scripts' words, which matters in files this small.
    Browsers accept it over TLS and from this machine.
    """
    packed = {"br": brotli.compress(plain), "gzip": gzip.compress(plain, 9, mtime=0)}
    return {name: body for name, body in packed.items() if len(body) < len(plain)}


def read_sources() -> dict[str, bytes]:
    """Files by path below web/static."""
    found: dict[str, bytes] = {}
    _collect(files("web") / "static", "", found)
    return found


def _collect(folder: Traversable, prefix: str, found: dict[str, bytes]) -> None:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            _collect(entry, name + "/", found)
        elif _content_type(name):
            found[name] = entry.read_bytes()


class Made(msgspec.Struct, frozen=True):
    """A build as it is kept."""

    files: dict[str, tuple[bytes, dict[str, bytes]]]
    "Path -> the file, and as it is sent in each encoding, in order of preference."
    beside: dict[str, tuple[str, ...]]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple[Made, Made])


def kept_builds(sources: Mapping[str, bytes], place: Path | None) -> tuple[Build, Build]:
    """Both builds, of this folder or made now and kept there. Raises NotCompiled."""
    digest = _made_of(sources)
    try:
        found = kept.kept(place, digest, lambda: _ENCODER.encode(_both(sources)))
        current, older = _DECODER.decode(found)
    except msgspec.DecodeError:  # as a machine leaves it that lost its power
        kept.forget(place, digest)
        current, older = _both(sources)
    return _build(current), _build(older)


def _made_of(sources: Mapping[str, bytes]) -> str:
    """The digest of all that decides what the builds are."""
    programs = [*(files("web") / "bundles").iterdir(), files("web") / "static_files.py"]
    read = {each.name: each.read_bytes() for each in programs if each.name.endswith(".py")}
    digest = sha256(version() + brotli.__version__.encode())
    for name, content in sorted({**sources, **read}.items()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _both(sources: Mapping[str, bytes], *, source_maps: bool = False) -> tuple[Made, Made]:
    with ThreadPoolExecutor() as pool:
        made = pool.map(
            lambda targets: _bundled(sources, bundle(sources, targets, source_maps=source_maps)),
            (CURRENT, OLDER),
        )
        current, older = made
    return current, older


def _bundled(sources: Mapping[str, bytes], bundles: Bundles) -> Made:
    """Of the bundles, and of the sources what is neither script nor style sheet."""
    others = {name: plain for name, plain in sources.items() if not name.endswith((".js", ".css"))}
    return _made({**others, **bundles.files}, bundles.beside)


def as_written(sources: Mapping[str, bytes]) -> Build:
    """Of the sources, scripts without comments."""
    sent = {n: jsmin(plain) if n.endswith(".js") else plain for n, plain in sources.items()}
    return _build(_made(sent, {}))


def _joined(sent: Mapping[str, bytes]) -> dict[str, bytes]:
    """The style sheets that are made of others."""
    if not {*SEAT_PARTS} <= sent.keys():
        return {}
    whole = b"".join(sent[part] for part in SEAT_PARTS)
    first, rest = first_styles(whole.decode(), FIRST_VIEW)
    return {FIRST_SHEET: first.encode(), SEAT_SHEET: rest.encode()}


def _made(sent: Mapping[str, bytes], beside: Mapping[str, tuple[str, ...]]) -> Made:
    """Compressed now, so that no request waits for it."""
    whole = {**sent, **_joined(sent)}
    return Made(
        {
            name: (plain, {} if _content_type(name) in COMPRESSED else pack(plain))
            for name, plain in whole.items()
        },
        dict(beside),
    )


def _build(made: Made) -> Build:
    contents = {
        name: StaticFile(_content_type(name), plain, packed)
        for name, (plain, packed) in made.files.items()
    }
    return Build(contents, made.beside)


def _content_type(name: str) -> str:
    """Empty for what is not sent."""
    return _TYPES.get(name[name.rfind(".") :]) or mimetypes.guess_type(name)[0] or ""

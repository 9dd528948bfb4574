"""The front end's files, read and compressed once, served under the digest of all of them.

Scripts are sent without comments: JSDoc is two fifths of what a phone would have to fetch.

`/static/<digest>/js/pages/session.js` imports `../signaling/channel.js` relative to itself, so all files
of a page come under one digest: a page never mixes two versions, and browsers may cache for ever.
"""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

import brotli
from aiohttp import hdrs, web
from rjsmin import jsmin

from web.routes import path

UTF_8_ALWAYS = frozenset({"text/javascript", "application/json"})
"""Types that need not say so: modules are UTF-8 whatever is said (RFC 9239, section 4), other scripts are
read as their page is, and JSON has no other encoding (RFC 8259, section 8.1)."""
FOR_EVER = "max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css"}


@dataclass(frozen=True)
class StaticFile:
    content_type: str
    plain: bytes


class StaticFiles:
    def __init__(self, contents: Mapping[str, StaticFile]) -> None:
        self._files = contents
        digest = sha256()
        for name in sorted(contents):
            digest.update(name.encode() + b"\0" + contents[name].plain)
        self.digest = digest.hexdigest()[:16]

    @classmethod
    @cache
    def load(cls) -> "StaticFiles":
        """All files, read once in the life of the process."""
        found: dict[str, StaticFile] = {}
        _collect(files("web") / "static", "", found)
        return cls(found)

    def read_again(self) -> None:
        """Take the files as they are now, under a new digest if any has changed."""
        type(self).load.cache_clear()
        fresh = self.load()
        self._files, self.digest = fresh._files, fresh.digest

    def address(self, name: str) -> str:
        """The address of a file, given its path below web/static."""
        return path("static", digest=self.digest, path=name)

    def plain(self, name: str) -> bytes:
        """A file as it is sent without compression. Raises KeyError."""
        return self._files[name].plain

    def respond(self, request: web.Request) -> web.Response:
        """Serve a file; under an old digest the current file, which is then not cached."""
        file = self._files.get(request.match_info["path"])
        if file is None:
            raise web.HTTPNotFound
        current = request.match_info["digest"] == self.digest
        response = packed_response(request, file.plain, file.content_type, for_ever=current)
        if request.match_info["path"] == "icon.svg":
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


def text_digest(text: str) -> str:
    """Part of the address of a text that browsers may keep for ever."""
    return sha256(text.encode()).hexdigest()[:16]


def packed_response(
    request: web.Request, plain: bytes, content_type: str, *, for_ever: bool
) -> web.Response:
    """A response in the best encoding that the client accepts; cacheable for ever or revalidated."""
    accepted = request.headers.get(hdrs.ACCEPT_ENCODING, "")
    packed = pack(plain)
    encoding = next((each for each in packed if each in accepted), None)
    response = web.Response(
        body=packed[encoding] if encoding else plain,
        content_type=content_type,
        charset=None if content_type in UTF_8_ALWAYS else "utf-8",
    )
    if encoding:
        response.headers[hdrs.CONTENT_ENCODING] = encoding
    response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    response.headers[hdrs.CACHE_CONTROL] = FOR_EVER if for_ever else "no-cache"
    return response


@lru_cache(maxsize=512)
def pack(plain: bytes) -> dict[str, bytes]:
    """Content encoding -> body, in order of preference; only what is smaller than `plain`.

    Brotli (RFC 7932) has a built-in dictionary of scripts' words, which matters in files this small.
    Browsers accept it over TLS and from this machine.
    """
    packed = {"br": brotli.compress(plain), "gzip": gzip.compress(plain, 9, mtime=0)}
    return {name: body for name, body in packed.items() if len(body) < len(plain)}


def _collect(folder: Traversable, prefix: str, found: dict[str, StaticFile]) -> None:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            _collect(entry, name + "/", found)
            continue
        suffix = name[name.rfind(".") :]
        content_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0]
        if content_type is None:
            continue
        plain = entry.read_bytes()
        if suffix == ".js":
            plain = jsmin(plain)
        pack(plain)  # now, so that no request waits for it
        found[name] = StaticFile(content_type, plain)

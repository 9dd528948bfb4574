"""A page for people who come by link, compressed for slow and metered networks."""

import asyncio
import zlib
from typing import Any

import brotli
from aiohttp import hdrs, web

from web.static_files import accepts_encoding

LARGE = 500
"Bytes; compressing less saves no packet."
QUALITY = 11
"Of Brotli: a tenth smaller than 9, in some 30 ms of a thread; who comes by link is at no hurry of ours."
LONG, QUALITY_OF_LONG = 32_000, 5
"Bytes, and the quality beyond: a chat on a page that refreshes by itself would take a thread for 0.1 s."


class PackedPage(web.Response):
    """Packed as it is sent, by Brotli (RFC 7932) or gzip, whichever its reader takes.

    The length of a compressed page tells what it repeats (BREACH). So this is only for pages that show
    no secret beside what a stranger can choose: they have no tokens against forged requests (see
    `web/http/security_headers.py`), and the link or id in them is the one of their own address. Pages of
    accounts show what was searched for, and are not packed.
    """

    async def prepare(self, request: web.BaseRequest) -> Any:
        plain = self.body
        if not self.prepared and isinstance(plain, bytes) and len(plain) >= LARGE:
            self.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
            if accepts_encoding(request, "br"):
                self.headers[hdrs.CONTENT_ENCODING] = "br"
                quality = QUALITY if len(plain) < LONG else QUALITY_OF_LONG
                self.body = await asyncio.to_thread(
                    brotli.compress, plain, brotli.MODE_TEXT, quality
                )
            elif accepts_encoding(request, "gzip"):
                self.headers[hdrs.CONTENT_ENCODING] = "gzip"
                self.body = zlib.compress(plain, 9, wbits=31)
        return await super().prepare(request)

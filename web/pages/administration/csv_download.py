"""Tables as downloads, sent as they are read, for as long as their reader is signed in."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from aiohttp import hdrs, web

from web.access.revocation import Grant
from web.csv_lines import BOM, csv_lines
from web.http.request import web_session_digest
from web.keys import REVOCATION


async def send_csv(
    request: web.Request,
    name: str,
    note: Callable[[], Awaitable[None]],
    rows: AsyncIterator[Sequence[Sequence[object]]],
) -> web.StreamResponse:
    """Answer with the file `name`.csv. Raises SignInRequired if the reader is signed out meanwhile.

    `note` is called before anything leaves, but not for a HEAD, which gets no line of the table.
    """
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: "text/csv; charset=utf-8",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.csv"',
            hdrs.CACHE_CONTROL: "no-store",
        },
    )
    if request.method == hdrs.METH_HEAD:
        return response
    await note()
    grant = Grant(await web_session_digest(request))
    async with request.app[REVOCATION].cancelled_when_revoked(grant):
        await response.prepare(request)
        try:
            await response.write(BOM)
            async for some in rows:
                await response.write(csv_lines(some))
            await response.write_eof()
        except BaseException:
            # the head has promised a whole file: only the end of the connection takes that back
            if request.transport is not None:
                request.transport.abort()
            raise
    return response

"""The relay-only hosts that this one reaches, for as long as they are among the hosts."""

import asyncio
import logging
import ssl

import aiohttp

from media.relay.host_links import RelayElsewhere
from web.hosts.membership import Membership
from web.hosts.relay_link import RelayHostLink

AGAIN_AFTER = 1.0
"Seconds until a relay-only host that was not reached, or was lost, is tried again."
OTHER_VERSION = 409
"Status of its answer to a host whose messages differ."
_log = logging.getLogger(__name__)


class RelayLinks:
    def __init__(
        self, relay: RelayElsewhere, membership: Membership, context: ssl.SSLContext
    ) -> None:
        self._relay = relay
        self._membership = membership
        self._context = context
        self._tasks: dict[str, asyncio.Task[None]] = {}
        relay.expected = self._are_there

    def found(self, host_id: str) -> None:
        """A host is new."""
        if host_id not in self._tasks and self._membership.hosts[host_id].role == "relay":
            task = asyncio.create_task(self._keep(host_id), name="relay host")
            self._tasks[host_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(host_id, None))

    def _are_there(self) -> bool:
        return any(host.role == "relay" for host in self._membership.hosts.values())

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, host_id: str) -> None:
        name, reason, said = self._membership.hosts[host_id].name, "", ""
        while host_id in self._membership.hosts:
            try:
                link = await RelayHostLink.open(
                    host_id, self._membership, self._context, self._relay.receive
                )
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                before, reason = reason, _reason(error)
                if reason == before != said:  # not at once: it may be about to begin, or to end
                    extra = {"host": host_id}
                    _log.warning(
                        "the relay-only host %s is not used: %s", name, reason, extra=extra
                    )
                    said = reason
            else:
                reason, said = "", ""
                _log.info("calls may go over the relay-only host %s", name, extra={"host": host_id})
                await self._relay.use(link)
                _log.info("the relay-only host %s is not connected", name, extra={"host": host_id})
            await asyncio.sleep(AGAIN_AFTER)


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.WSServerHandshakeError):
        if error.status == OTHER_VERSION:
            return "it runs another version"
        return f"it answers {error.status}"
    return str(error) or type(error).__name__

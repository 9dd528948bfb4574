"""The operator's trace of one session: on this machine alone, bounded, and without secrets."""

import asyncio
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.trace import trace
from tests.media.support import until
from tests.serving import serving
from tests.web.calling import started_session
from web.calls.relay_trace import SOCKET_NAME, TraceRequest
from web.keys import CONFIG, RELAY

pytestmark = pytest.mark.slow  # a relay's worker is a process

RELAYED = {"TELECONNECT_MEDIA_POLICY": "relay"}


def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Everything printed since."""
    parts: list[str] = []

    def all_of_it() -> str:
        parts.append(capsys.readouterr().out)
        return "".join(parts)

    return all_of_it


async def test_a_negotiation_and_its_reports_are_traced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with started_session(tmp_path, **RELAYED) as laid:
        text = printed(capsys)
        request = TraceRequest(laid.consultation_id, 500)
        tracing = asyncio.create_task(trace(laid.server.app[CONFIG].data_dir, request))
        await until(lambda: "for 500 seconds" in text(), "the trace says how long it runs")
        nurse, amina = await laid.pair(speaking=True)
        await until(lambda: nurse.heard > 20 and amina.heard > 20, "they hear each other")
        for line in (
            "nurse-page -> offer",
            "amina-page <- answer",
            "  m=audio ",
            "  a=setup:",
            "amina-page -> RTCP RR",
            "nurse-page -> RTCP SR",
            "<- RTCP ",
        ):
            await until(lambda line=line: line in text(), f"the trace has {line!r}")
        for peer in (nurse, amina):
            connection = peer.media.connection
            for description in (connection.localDescription, connection.remoteDescription):
                for name in ("a=ice-pwd:", "a=ice-ufrag:", "a=fingerprint:sha-256 "):
                    secret = description.sdp.partition(name)[2].split()[0]
                    assert secret not in text()
        tracing.cancel()
        with suppress(asyncio.CancelledError):
            await tracing


async def test_a_trace_ends_by_itself_and_only_one_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(tmp_path, relay=True) as server:
        folder, text = server.app[CONFIG].data_dir, printed(capsys)
        relay = server.app[RELAY].relay
        assert relay is not None
        await until(lambda: relay.healthy, "the relay runs")
        await relay.open_room("session:call")
        await trace(folder, TraceRequest("", 0))
        assert text() == "session:call\n"
        await trace(folder, TraceRequest("session", 0.1))
        assert text().endswith("tracing session for 0 seconds\n")
        first = asyncio.create_task(trace(folder, TraceRequest("session", 500)))
        await until(lambda: "for 500 seconds" in text(), "the first runs")
        await trace(folder, TraceRequest("session", 1))
        assert text().endswith("another trace is running\n")
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first


async def test_only_the_owner_of_the_data_folder_may_ask(tmp_path: Path) -> None:
    async with serving(tmp_path, relay=True) as server:
        folder = server.app[CONFIG].data_dir
        mode = (folder / SOCKET_NAME).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert not stat.S_IMODE(folder.stat().st_mode) & 0o077
    assert not (folder / SOCKET_NAME).exists()

"""Workers of the relay that are forked; tests of `media/relay` start them as the server does."""

import os
import socket
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from media.relay.process import ROOT, WorkerProcess
from tests.forking import forked


class ForkedWorker(WorkerProcess):
    """A worker whose process had loaded its program before."""

    @staticmethod
    async def _start_process(
        environment: Mapping[str, str], folder: Path = ROOT
    ) -> tuple[Process, socket.socket]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            process = await forked(
                "media.relay.worker", environment, (nowhere, 2, theirs.fileno()), ("--control", "3")
            )
        except BaseException:
            ours.close()
            raise
        finally:
            os.close(nowhere)
            theirs.close()
        return cast(Process, process), ours

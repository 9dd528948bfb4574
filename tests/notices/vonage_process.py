"""The message provider as a process: `python -m tests.notices.vonage_process LOG AUTHORITY DELAY`.

Writes its authority's certificate into AUTHORITY and prints its settings as JSON, then writes
"number reference" into LOG for every message that it has taken, on the disk before it says so.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.delivery.certificates import certificates
from tests.delivery.vonage_server import SIGNATURE_SECRET, vonage_server


async def main(log: int, delay: float) -> None:
    async def keep(message: dict[str, Any]) -> None:
        await asyncio.sleep(delay)
        os.write(log, f"{message['to']} {message['client_ref']}\n".encode())
        # the window between accepting and answering: a killed client never gets the answer
        await asyncio.sleep(delay / 4)

    async with vonage_server() as server:
        server.on_message = keep
        settings = {
            "TELECONNECT_VONAGE_APPLICATION_ID": server.application_id,
            "TELECONNECT_VONAGE_PRIVATE_KEY": server.private_key,
            "TELECONNECT_VONAGE_SIGNATURE_SECRET": SIGNATURE_SECRET,
            "TELECONNECT_VONAGE_SMS_FROM": "Clinic",
            "TELECONNECT_VONAGE_API_URL": f"https://{server.host}",
        }
        print(json.dumps(settings), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(certificates().authority_pem)
    opened = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    asyncio.run(main(opened, float(sys.argv[3])))

"""The certificate that browsers are shown at the public address, asked for as they ask."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from yarl import URL

WITHIN_S = 5.0


@dataclass(frozen=True)
class Certificate:
    ends_at: datetime | None = None
    "None: it could not be asked for."
    problem: str = ""
    "Why it is not trusted, or was not seen, in a few English words."


async def certificate_of(public_url: URL) -> Certificate:
    """What a TLS handshake with the public address shows."""
    try:
        async with asyncio.timeout(WITHIN_S):
            context = await asyncio.to_thread(ssl.create_default_context)
            try:
                return Certificate(await _ends_at(public_url, context))
            except ssl.SSLCertVerificationError as error:
                untrusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                untrusting.check_hostname = False
                untrusting.verify_mode = ssl.CERT_NONE
                ends_at = await _ends_at(public_url, untrusting)
                return Certificate(ends_at, error.verify_message)
    except TimeoutError:
        return Certificate(problem="no answer")
    except (OSError, ValueError) as error:
        return Certificate(problem=getattr(error, "strerror", None) or type(error).__name__)


async def _ends_at(public_url: URL, context: ssl.SSLContext) -> datetime | None:
    _reader, writer = await asyncio.open_connection(
        public_url.host, public_url.port, ssl=context, server_hostname=public_url.host
    )
    try:
        encryption: ssl.SSLObject = writer.get_extra_info("ssl_object")
        shown = encryption.getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown).not_valid_after_utc if shown else None
    finally:
        writer.close()

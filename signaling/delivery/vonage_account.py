"""One account at Vonage, used through its Messages API; SMS and WhatsApp are thin files beside it.

The `vonage` package is synchronous, takes a second to import and is not made for several threads:
each account has one thread of its own, in which everything of the package happens.

The package must be held back. Left alone it sends one SMS up to ten times when a connection breaks
(its retry loop counts to `pool_maxsize`), waits for ever, and logs numbers and texts.

The API knows no idempotency key. So whatever broke before the request was written is a temporary
failure; whatever broke after it is an unknown outcome, and nobody here sends it again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from signaling.delivery.settings import DeliverySettings
from signaling.errors import N_, InvalidInput
from signaling.notices.notice import (
    Outcome,
    PermanentFailure,
    Sent,
    TemporaryFailure,
    UnknownOutcome,
)

TIMEOUT_S = 10
"For connecting, and for each wait for bytes of the answer."

WHOLE_S = 60.0
"For all of one message: an answer that trickles keeps within the other limit for ever."

MakeMessage = Callable[[], Any]
"Makes one of the package's message models; called in the account's thread."


class VonageAccount:
    """Sends messages with an application's key.

    `api_host` is `host` or `host:port`, always by HTTPS; `status_url` is where receipts shall go.
    Raises InvalidInput for settings that cannot work.
    """

    def __init__(
        self,
        application_id: str,
        private_key: str,
        *,
        api_host: str = "api.nexmo.com",
        status_url: str = "",
        timeout_s: int = TIMEOUT_S,
        whole_s: float = WHOLE_S,
    ) -> None:
        self._application_id = application_id
        self._private_key = private_key.replace("\\n", "\n").strip() + "\n"
        if not application_id or not self._private_key.startswith("-----BEGIN PRIVATE KEY-----\n"):
            raise InvalidInput(
                "vonage_private_key",
                N_("The private key must be the PKCS#8 text that begins with BEGIN PRIVATE KEY."),
            )
        self._api_host = api_host
        self.status_url = status_url or None
        self._timeout_s = timeout_s
        self._whole_s = whole_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vonage")
        self._client: Any = None

    @classmethod
    def from_settings(cls, settings: DeliverySettings) -> "VonageAccount":
        return cls(
            settings.vonage_application_id,
            settings.vonage_private_key,
            api_host=host_of(settings.vonage_api_url),
            status_url=settings.vonage_status_url,
        )

    async def prepare(self) -> None:
        """Import the package, which takes a second; what is wrong with it, sending will say."""
        with contextlib.suppress(Exception):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connected)

    async def send(self, make_message: MakeMessage, malformed: str) -> Outcome:
        """Post one message; `malformed` is the reason if the package's own model refuses it.

        A canceled caller does not stop what is already in the thread.
        """
        sending = asyncio.get_running_loop().run_in_executor(
            self._thread, self._send, make_message, malformed
        )
        try:
            async with asyncio.timeout(self._whole_s):
                return await sending
        except TimeoutError:
            self._leave_thread()
            return UnknownOutcome("reply_lost")

    async def close(self) -> None:
        """Finish what is under way, then end connections and thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    def _leave_thread(self) -> None:
        """What hangs there ends when the provider lets go; the next message has another thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vonage")
        self._client = None

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.http_client._session.close()  # the package offers no other way
            self._client = None

    def _connected(self) -> Any:
        if self._client is None:
            from vonage_http_client import Auth, HttpClient, HttpClientOptions
            from vonage_messages import Messages

            # It logs request and answer, numbers and texts included, up to WARNING.
            logging.getLogger("vonage").setLevel(logging.ERROR)
            self._client = Messages(
                HttpClient(
                    Auth(application_id=self._application_id, private_key=self._private_key),
                    HttpClientOptions(
                        api_host=self._api_host,
                        timeout=self._timeout_s,
                        max_retries=0,
                        pool_connections=1,
                        pool_maxsize=1,
                    ),
                    sdk_version="messages",
                )
            )
        return self._client

    def _send(self, make_message: MakeMessage, malformed: str) -> Outcome:
        import pydantic
        import requests
        from vonage_http_client.errors import HttpRequestError

        client = self._connected()
        try:
            message = make_message()
        except pydantic.ValidationError:
            return PermanentFailure(malformed)
        try:
            answer = client.send(message)
        except HttpRequestError as error:
            return _refusal(error.response)
        except requests.RequestException as error:
            return _broken(error)
        except (pydantic.ValidationError, TypeError):  # 2xx, but without a message UUID
            return UnknownOutcome("reply_lost", "HTTP 2xx")
        return Sent(answer.message_uuid)


def host_of(api_url: str) -> str:
    """`host[:port]` of an `https://` address. Raises InvalidInput for anything more."""
    try:
        parts = urlsplit(api_url)
        right = parts.port != 0
    except ValueError:
        right = False
    if (
        not right
        or parts.scheme != "https"
        or not parts.hostname
        or parts.username is not None
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise InvalidInput(
            "vonage_api_url",
            N_("The provider's address must look like https://api.nexmo.com."),
        )
    return parts.netloc


def _refusal(response: Any) -> Outcome:
    """What an answer of 3xx, 4xx or 5xx means for the message."""
    status: int = response.status_code
    code = f"HTTP {status}"
    match status:
        case 401:
            return TemporaryFailure("credentials_refused", code)
        case 402:
            return TemporaryFailure("no_credit", code)
        case 403:
            return PermanentFailure("not_permitted", code)
        case 400 | 422:
            return PermanentFailure(_refused_member(response), code)
        case 408 | 429:
            return TemporaryFailure("too_many", code, _wait_s(response))
        case 502 | 504:  # a gateway's words: what stands behind it may have taken the message
            return UnknownOutcome("reply_lost", code)
        case _ if status >= 500:
            return TemporaryFailure("provider_failed", code, _wait_s(response))
        case 404 | 405:  # a wrong address of the API
            return TemporaryFailure("server_unreachable", code)
        case _ if status < 400:
            return TemporaryFailure("server_unreachable", code)
        case _:
            return PermanentFailure("content_refused", code)


def _refused_member(response: Any) -> str:
    """The reason of a 422, by the member it names: `{"invalid_parameters": [{"name": "to"}]}`."""
    try:
        names = {str(each["name"]) for each in response.json()["invalid_parameters"]}
    except (ValueError, KeyError, TypeError):
        return "content_refused"
    if "to" in names:
        return "number_refused"
    return "sender_refused" if "from" in names else "content_refused"


def _wait_s(response: Any) -> float | None:
    try:
        wait_s = float(response.headers.get("Retry-After", ""))
    except ValueError:  # absent, or a date
        return None
    return min(wait_s, 3600.0) if wait_s >= 0 else None  # NaN fails every comparison


def _broken(error: Exception) -> Outcome:
    """What a network failure means: was the request written?"""
    import ssl

    import requests
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TemporaryFailure("tls_untrusted")
        if isinstance(cause, NewConnectionError):  # refused, or the name is not known
            return TemporaryFailure("server_unreachable")
        if isinstance(cause, ConnectTimeoutError | requests.ConnectTimeout):
            return TemporaryFailure("server_timeout")
    return UnknownOutcome("reply_lost")


def _chain(error: BaseException) -> list[BaseException]:
    """The error and everything inside it: requests and urllib3 carry causes as arguments."""
    found: list[BaseException] = []
    left: list[object] = [error]
    while left:
        each = left.pop()
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            left += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return found

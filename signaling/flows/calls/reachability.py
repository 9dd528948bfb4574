"""What happens when a device check tests whether the relay can be reached.

A trial is a room of its own at the relay, with one peer that sends and receives nothing. It ends as
soon as the page knows enough, and after LONGEST at the latest. No call is concerned.
"""

import asyncio
from datetime import timedelta

from signaling.calls import relay_events
from signaling.errors import N_, InvalidInput, NotFound, Unavailable
from signaling.identifier import new_id
from signaling.ports.clock import Timers
from signaling.ports.relay import Relay

MOST = 20
"Trials at once."
LONGEST = timedelta(seconds=45)
"A browser connects within one or two seconds and waits for eight; on a slow line four times that."
OFFER_WITHIN = 5.0
"Seconds."
NO_TRIAL = N_("Calls cannot be tested right now. Please test again later.")


class Reachability:
    def __init__(self, relay: Relay, timers: Timers) -> None:
        self._relay = relay
        self._timers = timers
        self._trials: dict[str, asyncio.Future[relay_events.Offered]] = {}
        "By id, which names both room and peer; the id of a call's relay room has a colon."

    @property
    def possible(self) -> bool:
        return self._relay.usable

    async def begin(self) -> tuple[str, str]:
        """(id of a new trial, SDP of the offer to answer).

        Raises Unavailable without a relay, and while there are too many trials.
        """
        if not self.possible or len(self._trials) >= MOST:
            raise Unavailable(NO_TRIAL)
        trial_id = new_id()
        offer = self._trials[trial_id] = asyncio.get_running_loop().create_future()
        self._timers.set(_timer(trial_id), self._timers.now() + LONGEST, lambda: self.end(trial_id))
        try:
            async with asyncio.timeout(OFFER_WITHIN):
                await self._relay.open(trial_id, self.receive)
                await self._relay.probe(trial_id, trial_id)
                return trial_id, (await offer).sdp
        except TimeoutError:
            await self.end(trial_id)
            raise Unavailable(NO_TRIAL) from None

    async def answer(self, trial_id: str, sdp: str) -> None:
        """Pass an answer on. Raises NotFound if the trial is over.

        Raises InvalidInput for what is no answer to the offer, which ends the trial.
        """
        offer = self._trials.get(trial_id)
        if offer is None or not offer.done():
            raise NotFound
        await self._relay.answer(trial_id, trial_id, offer.result().revision, sdp)
        if trial_id not in self._trials:
            raise InvalidInput("sdp")

    async def end(self, trial_id: str) -> None:
        """Close the trial's relay room; does nothing if the trial is over."""
        if self._trials.pop(trial_id, None) is not None:
            self._timers.cancel(_timer(trial_id))
            await self._relay.close(trial_id)

    def receive(self, event: relay_events.Event) -> None:
        """An event of the relay about a trial."""
        offer = self._trials.get(event.room_id)
        if offer is None:
            return
        if isinstance(event, relay_events.Offered) and not offer.done():
            offer.set_result(event)
        elif isinstance(event, relay_events.Disconnected):
            # The page has closed its connection, or its answer was refused.
            room_id = event.room_id
            del self._trials[room_id]
            self._timers.set(
                _timer(room_id), self._timers.now(), lambda: self._relay.close(room_id)
            )


def _timer(trial_id: str) -> str:
    return f"relay trial:{trial_id}"

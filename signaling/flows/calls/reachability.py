"""What happens when a device test tries whether the forwarder can be reached.

A trial is a place of its own at the forwarder, with one leg that carries nothing. It is over as
soon as the page knows enough, and never lasts. No call is concerned.
"""

import asyncio
from datetime import timedelta

from signaling.calls import relay_events as said
from signaling.errors import N_, InvalidInput, NotFound, Unavailable
from signaling.identifier import new_id
from signaling.ports import Forwarder, Timers

MOST = 20
"Trials at once."
LONGEST = timedelta(seconds=45)
"A browser connects within one or two seconds, and waits for eight; on a slow line four times that."
OFFER_WITHIN = 5.0
"Seconds."
NO_TRIAL = N_("The path for sound and picture cannot be tested now. Please test again later.")


class Reachability:
    def __init__(self, forwarder: Forwarder, timers: Timers) -> None:
        self._forwarder = forwarder
        self._timers = timers
        self._trials: dict[str, asyncio.Future[said.Offered]] = {}
        "By id, which also names place and page; a call's place has a colon in its name."

    @property
    def possible(self) -> bool:
        return self._forwarder.usable

    async def begin(self) -> tuple[str, str]:
        """The id of a new trial and the offer to answer.

        Raises Unavailable without a forwarder, and while there are too many trials.
        """
        if not self.possible or len(self._trials) >= MOST:
            raise Unavailable(NO_TRIAL)
        trial_id = new_id()
        offer = self._trials[trial_id] = asyncio.get_running_loop().create_future()
        self._timers.set(_timer(trial_id), self._timers.now() + LONGEST, lambda: self.end(trial_id))
        try:
            async with asyncio.timeout(OFFER_WITHIN):
                await self._forwarder.open(trial_id, self.receive)
                await self._forwarder.probe(trial_id, trial_id)
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
        await self._forwarder.answer(trial_id, trial_id, offer.result().revision, sdp)
        if trial_id not in self._trials:
            raise InvalidInput("sdp")

    async def end(self, trial_id: str) -> None:
        """Leave nothing behind; nothing happens if the trial is over."""
        if self._trials.pop(trial_id, None) is not None:
            self._timers.cancel(_timer(trial_id))
            await self._forwarder.close(trial_id)

    def receive(self, event: said.Event) -> None:
        """Something the forwarder says."""
        offer = self._trials.get(event.place)
        if offer is None:
            return
        if isinstance(event, said.Offered) and not offer.done():
            offer.set_result(event)
        elif isinstance(event, said.Disconnected):
            # The page has closed its connection, or gave no proper answer.
            place = event.place
            del self._trials[place]
            self._timers.set(
                _timer(place), self._timers.now(), lambda: self._forwarder.close(place)
            )


def _timer(trial_id: str) -> str:
    return f"relay trial:{trial_id}"

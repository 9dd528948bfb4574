"""Life cycles as tables: state -> event -> next state; everything not listed is refused."""

from collections.abc import Mapping
from typing import TypeVar

from signaling.errors import TransitionRefused

State = TypeVar("State", bound=str)
Event = TypeVar("Event", bound=str)


def advance(
    noun: str, transitions: Mapping[State, Mapping[Event, State]], state: State, event: Event
) -> State:
    """Return the state after `event`. Raises TransitionRefused if the table has no such step."""
    try:
        return transitions[state][event]
    except KeyError:
        raise TransitionRefused(noun, state, event) from None

"""What a participant asked for last is what it is sent."""

from media.rooms.subscriptions import Subscriptions
from media.rtp.codecs import Kind

CAMERA, OTHER = ("a", Kind.VIDEO), ("b", Kind.VIDEO)


def test_an_automatic_subscriber_wants_all_that_it_did_not_refuse() -> None:
    subscriptions = Subscriptions(automatic=True)
    assert subscriptions.wants(CAMERA)
    subscriptions.remove(CAMERA)
    assert not subscriptions.wants(CAMERA)
    assert subscriptions.wants(OTHER)
    subscriptions.add(CAMERA)
    assert subscriptions.wants(CAMERA)


def test_any_other_wants_only_what_it_asked_for() -> None:
    subscriptions = Subscriptions(automatic=False)
    assert not subscriptions.wants(CAMERA)
    subscriptions.add(CAMERA)
    assert subscriptions.wants(CAMERA)
    subscriptions.discard(CAMERA)
    assert not subscriptions.wants(CAMERA)


def test_a_subscription_ends_with_its_publisher_but_a_refusal_outlives_it() -> None:
    chosen, refused = Subscriptions(automatic=False), Subscriptions(automatic=True)
    chosen.add(CAMERA)
    chosen.add(OTHER)
    refused.remove(CAMERA)
    for subscriptions in (chosen, refused):
        subscriptions.forget_publisher("a")
    assert not chosen.wants(CAMERA)
    assert chosen.wants(OTHER)
    assert not refused.wants(CAMERA)

"""The active speaker is named, keeps the name through a pause, and loses it to another."""

from media.rooms.speaker import SpeakerWatch


def test_the_speaker_is_named_and_keeps_the_name_through_a_pause() -> None:
    watch = SpeakerWatch()
    now = 0.0
    for _ in range(10):
        now += 0.2
        watch.note("a", 90.0)
        watch.note("b", 25.0)
        speaker = watch.decide(now)
    assert speaker == "a"
    watch.note("b", 95.0)
    assert watch.decide(now + 0.2) == "a", "a cough changes nothing"
    for _ in range(10):
        now += 0.2
        watch.note("a", 20.0)
        watch.note("b", 95.0)
        speaker = watch.decide(now)
    assert speaker == "b"
    watch.forget("b")
    for _ in range(30):
        now += 0.2
        watch.note("a", 0.0)
        speaker = watch.decide(now)
    assert speaker is None

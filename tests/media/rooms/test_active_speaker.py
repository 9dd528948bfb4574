"""The active speaker is detected, remains so through a pause, and is replaced by another."""

from media.rooms.active_speaker import SpeakerDetector


def test_the_speaker_is_named_and_keeps_the_name_through_a_pause() -> None:
    check_activity = SpeakerDetector()
    now = 0.0
    for _ in range(10):
        now += 0.2
        check_activity.note("a", 90.0)
        check_activity.note("b", 25.0)
        speaker = check_activity.decide(now)
    assert speaker == "a"
    check_activity.note("b", 95.0)
    assert check_activity.decide(now + 0.2) == "a", "a cough changes nothing"
    for _ in range(10):
        now += 0.2
        check_activity.note("a", 20.0)
        check_activity.note("b", 95.0)
        speaker = check_activity.decide(now)
    assert speaker == "b"
    check_activity.forget("b")
    for _ in range(30):
        now += 0.2
        check_activity.note("a", 0.0)
        speaker = check_activity.decide(now)
    assert speaker is None

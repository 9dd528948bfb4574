"""Routes decide which channel and sender a number can use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.errors import InvalidInput
from signaling.notices.route import Route, channels, choose, default_routes, parse, write

ROUTES = parse(
    """
    # for everybody
    allow +     sms       Clinic
    deny  +7    sms
    ALLOW +7    WhatsApp  +41790000000
    allow +7701 sms       KZ Clinic   # Kazakhstan
    allow +33   whatsapp
    allow +33   sms       38010
    allow +33   sms
    deny  +850  any
    """
)


def picked(number: str) -> list[tuple[str, str | None]]:
    return [(route.channel, route.sender_id) for route in choose(ROUTES, number)]


def test_a_number_without_a_rule_of_its_own_takes_the_general_route() -> None:
    assert picked("+41791234567") == [("sms", "Clinic")]


def test_a_longer_prefix_replaces_a_shorter_one_for_its_channel_only() -> None:
    assert picked("+79161234567") == [("whatsapp", "+41790000000")]
    assert picked("+77011234567") == [("whatsapp", "+41790000000"), ("sms", "KZ Clinic")]


def test_routes_of_one_prefix_are_tried_in_the_order_of_their_lines() -> None:
    assert picked("+33612345678") == [("whatsapp", None), ("sms", "38010"), ("sms", None)]
    assert channels(ROUTES, "+33612345678") == ("whatsapp", "sms")


def test_a_denied_number_has_no_route() -> None:
    assert choose(ROUTES, "+8501912345678") == ()
    assert channels(ROUTES, "+8501912345678") == ()


def test_without_rules_nobody_is_written_to() -> None:
    assert choose((), "+41791234567") == ()


def test_without_written_routes_what_is_configured_reaches_everybody() -> None:
    assert channels(default_routes(sms=True, whatsapp=True), "+41791234567") == ("sms", "whatsapp")
    assert channels(default_routes(sms=False, whatsapp=True), "+41791234567") == ("whatsapp",)
    assert default_routes(sms=False, whatsapp=False) == ()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("permit + sms", "A route begins with allow or deny."),
        ("allow +41", "A route needs an action, a prefix and a channel: allow +41 sms."),
        ("allow 41 sms", "A prefix is a plus sign and digits, for example +41."),
        ("allow +041 sms", "A prefix is a plus sign and digits, for example +41."),
        ("allow +٤١ sms", "A prefix is a plus sign and digits, for example +41."),
        ("allow +41 fax", "The channel must be sms, whatsapp or any."),
        ("allow +41 any", "Only a deny rule can be for any channel."),
        ("deny +41 sms Clinic", "A deny rule has no sender."),
        (
            "allow +41 sms Much too long",
            "A sender is a number or a name of at most 11 Latin letters and digits.",
        ),
        (
            "allow +41 sms Клініка",
            "A sender is a number or a name of at most 11 Latin letters and digits.",
        ),
        (
            "allow +41 whatsapp Clinic",
            "A WhatsApp sender is a number, for example +41790000000.",
        ),
    ],
)
def test_an_invalid_line_is_named(line: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(f"# first\nallow + sms\n{line}\n")
    assert refused.value.sentence == sentence
    assert refused.value.values == {"line": 3}


def test_too_many_routes_are_refused() -> None:
    with pytest.raises(InvalidInput):
        parse("allow + sms\n" * 1001)


@given(st.text(st.characters(), max_size=300))
def test_any_text_is_either_routes_or_refused(text: str) -> None:
    try:
        parse(text)
    except InvalidInput as refused:
        assert refused.field == "routes"


@given(
    st.lists(
        st.builds(
            lambda action, prefix, channel: f"{action} +{prefix} {channel}",
            st.sampled_from(["allow", "deny"]),
            st.sampled_from(["", "4", "41", "417", "33"]),
            st.sampled_from(["sms", "whatsapp"]),
        ),
        max_size=8,
    )
)
def test_written_routes_are_read_back(lines: list[str]) -> None:
    routes = parse("\n".join(lines))
    assert parse(write(routes)) == routes
    for route in choose(routes, "+41791234567"):
        assert route.action == "allow"
        assert not any(
            other.action == "deny" and other.channel == route.channel
            for other in routes
            if other.prefix == route.prefix
        )


def test_a_route_checks_itself() -> None:
    with pytest.raises(InvalidInput):
        Route("allow", "", "sms", 0)

"""Whom a provider's claims let in, and as what."""

import pytest

from signaling.identity import Admission, Condition, Identity, Person, SignInRefused, read_person

CLAIMS = {"sub": "1", "email": "Joy@Clinic.Example", "email_verified": True}


def person(**claims: object) -> Person:
    return read_person("https://login.example.org", {**CLAIMS, **claims})


@pytest.mark.parametrize(
    ("condition", "claims", "holds"),
    [
        ("clinic.example", {}, True),
        ("CLINIC.example", {}, True),
        ("example", {}, False),
        ("other.example", {}, False),
        ("sub.clinic.example", {}, False),
        ("email=joy@clinic.EXAMPLE", {}, True),
        ("groups=staff", {"groups": "staff"}, True),
        ("groups=staff", {"groups": ["guests", "staff"]}, True),
        ("groups=staff", {"groups": ["Staff"]}, False),
        ("groups=staff", {"groups": "staff guests"}, False),
        ("groups=staff", {"groups": {"staff": True}}, False),
        ("groups=staff", {}, False),
        ("level=3", {"level": 3}, True),
        ("clinician=true", {"clinician": True}, True),
        ("clinician=true", {"clinician": "true"}, True),
        ("clinician=1", {"clinician": True}, False),
        ("a.b=c", {"a": {"b": ["c"]}}, True),
        ("a.b=c", {"a.b": "c"}, True),
        ("a.b=c", {"a": ["b"]}, False),
        ("https://clinic.example/role=chief", {"https://clinic.example/role": "chief"}, True),
    ],
)
def test_a_condition_holds_for_what_it_says_and_nothing_else(
    condition: str, claims: dict[str, object], holds: bool
) -> None:
    assert Condition.parse(condition).holds(person(**claims)) is holds


def test_without_conditions_everybody_comes_in_and_nobody_is_made_an_administrator() -> None:
    Admission().check(person())
    assert Admission().role(person()) is None


def test_one_condition_is_enough() -> None:
    both = tuple(Condition.parse(each) for each in ("other.example", "groups=staff"))
    Admission(both).check(person(groups=["staff"]))
    with pytest.raises(SignInRefused):
        Admission(both).check(person())


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": " Joy  Okoro "}, "Joy Okoro"),
        ({"given_name": "Joy", "family_name": "Okoro"}, "Joy Okoro"),
        ({"name": "\u202eyoJ", "preferred_username": "joy"}, "joy"),
        ({"name": ["Joy"]}, "Joy"),
        ({"name": "J" * 200}, "J" * 80),
        ({}, "Joy"),
    ],
)
def test_the_name_is_the_first_that_can_be_shown(claims: dict[str, object], name: str) -> None:
    found = person(**claims)
    assert found.name == name
    assert found.identity == Identity("https://login.example.org", "1")


@pytest.mark.parametrize("verified", [False, None, "false", "yes", 1, [True]])
def test_only_a_verified_address_counts(verified: object) -> None:
    with pytest.raises(SignInRefused):
        person(email_verified=verified)


@pytest.mark.parametrize("email", [None, "", "joy", "@", 5, ["joy@clinic.example"], "x" * 5000])
def test_what_is_no_address_is_refused(email: object) -> None:
    with pytest.raises(SignInRefused):
        person(email=email)

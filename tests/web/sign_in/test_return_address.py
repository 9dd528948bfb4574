import pytest

from web.sign_in.return_address import checked


@pytest.mark.parametrize(
    "address",
    ["/", "/history?page=2", "/sessions/abc", "/i/token%2F", "/invites/new?first=1&again=%C3%A9"],
)
def test_a_path_of_this_server_leads_back(address: str) -> None:
    assert checked(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        " /history",
        "/history page",
        "javascript:alert(1)",
        "history",
        "//[elsewhere",
        "/é",
        "/signin",
        "/signin?next=/",
        "/signout",
        "/" + "a" * 2000,
    ],
)
def test_any_other_address_does_not(address: str) -> None:
    assert checked(address) == ""


def test_a_fragment_is_dropped() -> None:
    assert checked("/history#page") == "/history"

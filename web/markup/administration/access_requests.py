"""The page of access requests."""

from collections.abc import Sequence
from dataclasses import dataclass

import htpy as h

from signaling.identity import AccessRequest
from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import action, field, notice, submit
from web.markup.shared.pager import pager
from web.routes import path
from web.texts.dates import short_moment
from web.view_models import Form, Viewer


@dataclass(frozen=True)
class RequestsView:
    """One page of requests."""

    requests: Sequence[AccessRequest]
    "Oldest first."
    search: str
    "What names and addresses have to contain; empty: everything."
    page: int
    pages: int
    done: str
    "`accept` or `refuse` after one of them."
    refused: str
    "Why a request could not be accepted, translated; empty: nothing is wrong."


def access_requests_page(viewer: Viewer, view: RequestsView) -> h.Element:
    _ = viewer.translate
    done = {
        "accept": _("The account was made. An email says so to its owner."),
        "refuse": _("The request was refused."),
    }.get(view.done, "")
    return administration_frame(
        viewer,
        _("Access requests"),
        view.refused and notice(h.p(role="alert")[view.refused], kind="bad"),
        done and notice(h.p(role="status")[done], kind="good"),
        h.p(".hint")[
            _(
                "These people have signed in with the organization's credentials and ask to use this"
                " service."
            )
        ],
        h.form(".card", method="get", action=path("admin_access_requests"), role="search")[
            field(
                Form({"search": view.search}), "search", _("Name or email contains"), kind="search"
            ),
            submit(_("Search")),
        ],
        h.ul(".list")[(_request(viewer, request) for request in view.requests)]
        if view.requests
        else h.p[_("Nobody is waiting.") if not view.search else _("Nothing was found.")],
        pager(viewer, view.page, view.pages, lambda number: _address(view, number)),
    )


def _address(view: RequestsView, number: int) -> str:
    query = {"search": view.search} if view.search else {}
    return path("admin_access_requests", query | {"page": str(number)})


def _request(viewer: Viewer, request: AccessRequest) -> h.Element:
    _ = viewer.translate

    def step(name: str, label: str, *, primary: bool = False) -> h.Element:
        address = path("admin_access_request", request_id=request.id, step=name)
        return action(address, label, primary=primary)

    at = short_moment(request.created_at, viewer.time_zone, viewer.language)
    return h.li(".row")[
        h.div(".who")[
            h.strong(".name", dir="auto")[request.name],
            h.p(".hint")[
                h.bdi[request.email], " · ", h.time(datetime=request.created_at.isoformat())[at]
            ],
        ],
        h.div(".actions")[
            step("accept", _("Accept"), primary=True),
            step("refuse", _("Refuse")),
        ],
    ]

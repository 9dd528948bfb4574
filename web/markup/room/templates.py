"""Templates of what the browser repeats."""

import htpy as h

from web.view_models import Viewer


def templates(viewer: Viewer) -> h.Node:
    """Templates of what the browser repeats; scripts fill them by `textContent`."""
    _ = viewer.translate
    return [
        h.template("#chat-line")[
            h.div(".line")[
                h.span(".author", dir="auto"),
                h.p(".text", dir="auto"),
                h.span(".meta")[h.time, " ", h.span(".state")],
            ]
        ],
        h.template("#unsent")[
            h.div(".actions")[
                h.button(".copy", type="button")[_("Copy")],
                h.button(".again", type="button")[_("Send again")],
                h.span(".done", role="status"),
            ]
        ],
        h.template("#unread-line")[h.p(".unread")[h.span[_("New messages")]]],
        h.template("#event-line")[h.div(".event")[h.span(".text"), " ", h.time]],
        h.template("#person")[
            h.li[h.span(".name", dir="auto"), " ", h.span(".tag.role"), " ", h.span(".tag.online")]
        ],
    ]

"""The step "Reset the second factor" of somebody under People."""

import htpy as h

from signaling.account import Account
from web.markup.shared.controls import action
from web.routes import path
from web.view_models import Viewer


def reset_factors_step(viewer: Viewer, account: Account) -> h.Element:
    """For a person who has lost theirs; they are signed out everywhere, and told by mail."""
    address = path("admin_reset_factors", account_id=account.id)
    _ = viewer.translate
    return action(address, _("Reset the second factor"))

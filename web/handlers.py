"""Which handler answers which address: `web/routes.py` names the addresses, this ties them."""

from aiohttp import hdrs, web

from web.pages import (
    arriving,
    choosing_password,
    dashboard,
    device_testing,
    editing,
    interpreting,
    invites,
    leaving,
    my_account,
    previewing,
    reporting,
    serving,
    session_people,
    sessions,
    signing_in,
    webhooks,
)
from web.pages.administration import audit, organizations, people, routes, templates, texts
from web.pages.administration import index as administration
from web.pages.administration import sessions as rules
from web.routes import PATHS
from web.socket import socket

HANDLERS = {
    ("GET", "dashboard"): dashboard.show_dashboard,
    ("GET", "sign_in"): signing_in.show_sign_in,
    ("POST", "sign_in"): signing_in.sign_in,
    ("POST", "sign_out"): signing_in.sign_out,
    ("GET", "setup"): signing_in.show_setup,
    ("POST", "setup"): signing_in.set_up,
    ("GET", "choose_password"): choosing_password.show_choice,
    ("POST", "choose_password"): choosing_password.choose,
    ("GET", "account"): my_account.show_account,
    ("POST", "account_password"): my_account.change_password,
    ("POST", "account_sign_out"): my_account.sign_out,
    ("POST", "language"): signing_in.choose_language,
    ("GET", "invites"): invites.show_invites,
    ("GET", "new_invite"): invites.show_new_invite,
    ("POST", "new_invite"): invites.send_invite,
    ("POST", "invite_preview"): previewing.preview,
    ("GET", "invite_link"): invites.show_link,
    ("GET", "invite_qr"): invites.show_qr,
    ("POST", "invite_send_again"): invites.send_again,
    ("GET", "edit_invite"): session_people.show_edit,
    ("POST", "edit_invite"): session_people.edit,
    ("POST", "invite_remove"): invites.remove,
    ("GET", "edit_session"): editing.show_edit,
    ("POST", "edit_session"): editing.edit,
    ("POST", "add_people"): editing.add_people,
    ("POST", "cancel_session"): editing.cancel,
    ("GET", "landing_calendar"): arriving.calendar,
    ("GET", "waiting_room"): dashboard.show_waiting_room,
    ("POST", "start_next"): dashboard.start_next,
    ("GET", "session"): sessions.show_session,
    ("POST", "reopen_session"): sessions.reopen,
    ("GET", "report"): reporting.report,
    ("GET", "opened"): dashboard.show_opened,
    ("GET", "history"): dashboard.show_history,
    ("POST", "invite_without_interpreter"): interpreting.invite_without,
    ("GET", "interpreter_request"): interpreting.show_request,
    ("POST", "interpreter_request"): interpreting.answer,
    ("GET", "session_people"): session_people.show_add,
    ("POST", "session_people"): session_people.add,
    ("GET", "admin_interpreters"): organizations.show_organizations,
    ("POST", "admin_interpreter"): organizations.save_organization,
    ("GET", "admin_sessions"): rules.show_rules,
    ("POST", "admin_sessions"): rules.save_rules,
    ("GET", "landing"): arriving.show_landing,
    ("POST", "landing"): arriving.join,
    ("GET", "seat"): arriving.show_seat,
    ("POST", "leave"): leaving.leave,
    ("GET", "left"): leaving.show_left,
    ("GET", "device_test"): device_testing.show_device_test,
    ("POST", "device_test"): device_testing.judge,
    ("GET", "device_test_download"): device_testing.download,
    ("POST", "device_test_upload"): device_testing.upload,
    ("POST", "device_test_relay"): device_testing.try_relay,
    ("POST", "landing_test_relay"): device_testing.try_relay_by_link,
    ("POST", "relay_trial"): device_testing.answer_relay,
    ("DELETE", "relay_trial"): device_testing.end_relay_trial,
    ("GET", "landing_test"): device_testing.show_landing_test,
    ("POST", "landing_test"): device_testing.keep,
    ("GET", "admin"): administration.show_index,
    ("GET", "admin_people"): people.show_people,
    ("POST", "admin_people"): people.create,
    ("POST", "admin_account"): people.change,
    ("GET", "admin_routes"): routes.show_routes,
    ("POST", "admin_routes"): routes.save_routes,
    ("GET", "admin_texts"): texts.show_texts,
    ("GET", "admin_text"): texts.show_text,
    ("POST", "admin_text"): texts.save_text,
    ("GET", "admin_templates"): templates.show_templates,
    ("GET", "admin_template"): templates.show_template,
    ("POST", "admin_template"): templates.save_template,
    ("GET", "admin_audit"): audit.show_audit,
    ("GET", "admin_outbox"): administration.show_outbox,
    ("POST", "webhook_status"): webhooks.status,
    ("POST", "webhook_inbound"): webhooks.inbound,
    ("GET", "socket"): socket,
    ("GET", "catalog"): serving.catalog,
    ("GET", "static"): serving.static,
    ("GET", "health"): serving.health,
    ("GET", "ready"): serving.ready,
    ("GET", "metrics"): serving.metrics,
}


def add_routes(app: web.Application) -> None:
    for (method, name), handler in HANDLERS.items():
        if method == hdrs.METH_GET:
            # a WebSocket handshake has no HEAD
            app.router.add_get(PATHS[name], handler, name=name, allow_head=name != "socket")
        else:
            app.router.add_route(method, PATHS[name], handler)

"""Every address of this server; no other file has one.

`PATHS` names them and `path(name, ...)` builds one. `web/handlers.py` says which handler answers.
"""

from urllib.parse import quote, urlencode

from yarl import URL

PATHS = {
    "dashboard": "/",
    "sign_in": "/signin",
    "sign_in_code": "/signin/code",
    "sign_in_passkey_options": "/signin/passkey/options",
    "sign_in_passkey": "/signin/passkey",
    "signed_in": "/signin/done",
    "sign_out": "/signout",
    "provider_sign_in": "/signin/oidc",
    "provider_callback": "/signin/oidc/callback",
    "provider_link": "/signin/oidc/link",
    "provider_logout": "/signin/oidc/logout",
    "provider_signed_out": "/signin/oidc/signed-out",
    "setup": "/setup/{token}",
    "choose_password": "/password/{token}",
    "forgotten_password": "/signin/forgotten",
    "account": "/account",
    "profile": "/profile",
    "profile_preferences": "/profile/preferences",
    "profile_notifications": "/profile/notifications",
    "profile_password": "/profile/password",
    "profile_sign_out": "/profile/sign-out",
    "profile_deletion": "/profile/deletion",
    "factors": "/profile/factors",
    "proof": "/profile/factors/proof",
    "proof_passkey_options": "/profile/factors/proof/passkey/options",
    "proof_passkey": "/profile/factors/proof/passkey",
    "authenticator_app": "/profile/factors/app",
    "remove_authenticator_app": "/profile/factors/app/remove",
    "new_passkey": "/profile/factors/passkey",
    "passkey_options": "/profile/factors/passkey/options",
    "remove_passkey": "/profile/factors/passkey/remove",
    "recovery_codes": "/profile/factors/recovery-codes",
    "language": "/language",
    "invites": "/invites",
    "new_invite": "/invites/new",
    "invite_preview": "/invites/preview",
    "clocks": "/invites/clocks",
    "zones": "/invites/zones",
    "invite_link": "/invites/{invite_id}/link",
    "invite_qr": "/invites/{invite_id}/qr.svg",
    "invite_send_again": "/invites/{invite_id}/send",
    "edit_invite": "/invites/{invite_id}/edit",
    "invite_remove": "/invites/{invite_id}/remove",
    "waiting_room": "/waiting-room",
    "start_next": "/waiting-room/next",
    "session": "/sessions/{consultation_id}",
    "case": "/sessions/{consultation_id}/case",
    "edit_session": "/sessions/{consultation_id}/edit",
    "add_people": "/sessions/{consultation_id}/people",
    "cancel_session": "/sessions/{consultation_id}/cancel",
    "reopen_session": "/sessions/{consultation_id}/reopen",
    "report": "/sessions/{consultation_id}/report.pdf",
    "opened": "/opened",
    "history": "/history",
    "device_test": "/device-test",
    "device_test_download": "/device-test/download",
    "device_test_upload": "/device-test/upload",
    "device_test_relay": "/device-test/relay",
    "relay_trial": "/device-test/relay/{trial_id}",
    "invite_without_interpreter": "/sessions/{consultation_id}/without-interpreter",
    "session_people": "/sessions/{consultation_id}/people/new",
    "interpreter_request": "/r/{token}",
    "admin_interpreters": "/admin/interpreters",
    "admin_interpreter": "/admin/interpreters/{organization_id}",
    "admin_sessions": "/admin/sessions",
    "admin_settings": "/admin/settings",
    "admin_setting": "/admin/settings/{setting}",
    "admin_logo": "/admin/logo",
    "admin_languages": "/admin/languages",
    "admin_page_text": "/admin/pages/{page}/{language}",
    "admin_try_number": "/admin/routes/try",
    "terms": "/terms",
    "help": "/help",
    "landing": "/i/{token}",
    "landing_test": "/i/{token}/test",
    "landing_test_relay": "/i/{token}/test/relay",
    "landing_calendar": "/i/{token}/session.ics",
    "seat": "/seat/{invite_id}",
    "session_uploads": "/sessions/{consultation_id}/uploads",
    "session_upload": "/sessions/{consultation_id}/uploads/{upload_id}",
    "session_files": "/sessions/{consultation_id}/files",
    "session_file": "/sessions/{consultation_id}/files/{file_id}/{rendition}",
    "seat_uploads": "/seat/{invite_id}/uploads",
    "seat_upload": "/seat/{invite_id}/uploads/{upload_id}",
    "seat_files": "/seat/{invite_id}/files",
    "seat_file": "/seat/{invite_id}/files/{file_id}/{rendition}",
    "leave": "/leave",
    "left": "/left",
    "admin": "/admin",
    "admin_audit": "/admin/audit",
    "admin_audit_check": "/admin/audit/check",
    "admin_audit_export": "/admin/audit.csv",
    "admin_health": "/admin/health",
    "admin_numbers": "/admin/numbers",
    "admin_numbers_export": "/admin/numbers.csv",
    "admin_outbox": "/admin/outbox",
    "admin_people": "/admin/people",
    "admin_invite_account": "/admin/people/invite",
    "admin_person": "/admin/people/{account_id}",
    "admin_delete_account": "/admin/people/{account_id}/delete",
    "admin_account_invitation": "/admin/people/{account_id}/invitation/{step}",
    "admin_reset_factors": "/admin/factors/{account_id}/reset",
    "admin_account": "/admin/people/{account_id}/{step}",
    "admin_access_requests": "/admin/access-requests",
    "admin_access_request": "/admin/access-requests/{request_id}/{step}",
    "admin_routes": "/admin/routes",
    "admin_texts": "/admin/texts",
    "admin_text": "/admin/texts/{occasion}/{language}/{part}",
    "admin_templates": "/admin/templates",
    "admin_template": "/admin/templates/{occasion}/{language}",
    "webhook_status": "/webhooks/vonage/status",
    "webhook_inbound": "/webhooks/vonage/inbound",
    "socket": "/socket",
    "catalog": "/catalog/{digest}/{language}.json",
    "brand_colors": "/brand/{digest}/colors.css",
    "brand_logo": "/brand/{digest}/logo",
    "static": "/static/{digest}/{path:.+}",
    "health": "/healthz",
    "ready": "/readyz",
    "metrics": "/metrics",
}


def path(name: str, query: dict[str, str] | None = None, /, **parts: str) -> str:
    """The address called `name`, its parts filled in and escaped.

    >>> path("session", consultation_id="abc")
    '/sessions/abc'
    """
    address = PATHS[name].replace(":.+}", "}")
    for key, value in parts.items():
        safe = "/" if key == "path" else ""
        address = address.replace("{" + key + "}", quote(value, safe=safe))
    return f"{address}?{urlencode(query)}" if query else address


def public_address(public_url: URL, name: str, /, **parts: str) -> str:
    """The address called `name` with its origin, for mails and the like."""
    return str(public_url.origin()) + path(name, **parts)

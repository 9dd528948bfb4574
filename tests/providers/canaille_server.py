"""Canaille on a free port of this machine: prints its address, reads the client that it is to know from
one line of standard input, and then answers. One person can sign in: `joy`, with PASSWORD."""

import json
import socket
import sys
from typing import Any

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from werkzeug.serving import make_server

PASSWORD = "correct horse battery staple"


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    print(f"http://{host}", flush=True)
    client = json.loads(sys.stdin.readline())
    app = create_app(
        {
            "SECRET_KEY": "a secret for tests",
            "SERVER_NAME": host,
            "PREFERRED_URL_SCHEME": "http",
            "SESSION_COOKIE_SECURE": False,
            "WTF_CSRF_SSL_STRICT": False,
            "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "HTMX": False},
            "CANAILLE_OIDC": {"TRUSTED_DOMAINS": []},
        }
    )
    # it knows of no verification; administrators of a real one write the same into its file
    app.config["CANAILLE_OIDC"]["USERINFO_MAPPING"]["EMAIL_VERIFIED"] = "true"
    with app.app_context():
        add_person(client)
    print("ready", flush=True)
    make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno()).serve_forever()


def add_person(client: dict[str, Any]) -> None:
    Backend.instance.save(
        models.User(
            user_name="joy",
            formatted_name="Nurse Joy",
            family_name="Joy",
            emails=["joy@example.org"],
            password=PASSWORD,
            preferred_language="en",
        )
    )
    known = models.Client(client_name="TeleConnect", contacts=[], **client)
    Backend.instance.save(known)
    known.audience = [known]
    Backend.instance.save(known)


if __name__ == "__main__":
    main()

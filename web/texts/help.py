"""The default help, from the catalogs, as Markdown."""

from signaling.errors import N_
from web.texts.catalogs import Language

JOINING = N_("Joining a session")
JOIN = N_("Open your personal link and press **%(button)s**. Nothing needs to be installed.")
ALLOW = N_("When your browser asks, allow it to use the camera and the microphone.")
PERSONAL = N_("Your link is for you alone: anyone who opens it can take your place.")
TROUBLE = N_("If something does not work")
TEST = N_("If there is no sound or picture, press **%(button)s**. The test tells you what to do.")
KEEP_OPEN = N_("If the connection is lost, keep the page open. It connects again by itself.")
BROWSER = N_(
    "Use an up-to-date version of Chrome, Edge, Firefox or Safari. If the link was opened inside another"
    " app, copy it and open it in one of these."
)
NEW_LINK = N_("If your link no longer works, ask the person who invited you for a new one.")
STAFF = N_("For staff")
ACCESS = N_("To sign in you need access. Ask the person in charge in your organization for it.")
REPORT = N_(
    "After closing a session, download its report under **%(history)s** before it is deleted."
)
JOIN_BUTTON, TEST_BUTTON, HISTORY = N_("Join the session"), N_("Test my device"), N_("History")
SECTIONS = (
    (JOINING, (JOIN, ALLOW, PERSONAL)),
    (TROUBLE, (TEST, KEEP_OPEN, BROWSER, NEW_LINK)),
    (STAFF, (ACCESS, REPORT)),
)
"(heading, items)"
SENTENCES = tuple(sentence for heading, items in SECTIONS for sentence in (heading, *items))
_BUTTONS = {JOIN: JOIN_BUTTON, TEST: TEST_BUTTON}


def default_help(language: Language) -> str:
    _ = language.translate
    blocks = []
    for heading, items in SECTIONS:
        blocks.append(f"## {_(heading)}")
        lines = (
            _(item) % {"button": _(_BUTTONS.get(item, "")), "history": _(HISTORY)} for item in items
        )
        blocks.append("\n".join(f"- {line}" for line in lines))
    return "\n\n".join(blocks)

"""The guide for schedulers, step by step, from the catalogs: for the page of help and `docs/guide.md`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from signaling.errors import N_
from web.texts.catalogs import SOURCE_LANGUAGE, Catalogs, Language

PICTURES: Mapping[str, str] = {
    "dashboard": N_("Dashboard"),
    "new-invite": N_("New invite"),
    "waiting": N_("Waiting room"),
    "room": N_("Session"),
    "terminate": N_("Terminate the session"),
    "history": N_("History"),
}
"Names of the pictures in the order of the guide, and what each one shows."
PICTURED = ("en", "fr", "es", "ar", "uk")
"Languages that have pictures of their own; the others show those in English."

LABELS: Mapping[str, str] = {
    "another": N_("Add another expert"),
    "attach": N_("Attach a photo or PDF"),
    "audio": N_("Start audio call"),
    "cancel": N_("Cancel session"),
    "chat": N_("Start with chat"),
    "close": N_("Close"),
    "colleague": N_("Invite a colleague"),
    "export": N_("Export"),
    "history": N_("History"),
    "in_person": N_("Service user in person"),
    "interpreter": N_("Interpreter needed"),
    "invites": N_("Invites"),
    "keep": N_("Terminate but keep open"),
    "language": N_("Language"),
    "later": N_("Plan later"),
    "new": N_("New invite"),
    "next": N_("Start next consultation"),
    "relative": N_("Invite a loved one or another caregiver"),
    "remote": N_("Remote"),
    "reopen": N_("Reopen"),
    "send": N_("Send"),
    "stay": N_("Stay in the session"),
    "terminate": N_("Terminate the session"),
    "test": N_("Test my device"),
    "video": N_("Start video call"),
    "waiting": N_("Waiting room"),
    "with_video": N_("Start with video"),
    "without": N_("Invite without interpreter"),
}
"Labels of the pages, by their names in the sentences below."


@dataclass(frozen=True)
class Step:
    """One sentence or a few; `%(name)s` stands for a label."""

    text: str
    picture: str = ""


@dataclass(frozen=True)
class Chapter:
    title: str
    steps: tuple[Step, ...] = field(default=())


TITLE = N_("Guide for schedulers")
CHAPTERS = (
    Chapter(
        N_("A session now"),
        (
            Step(
                N_(
                    "Tell the person that a link will come by email, SMS or WhatsApp, and that it"
                    " opens a chat and a call that only invited people can join."
                )
            ),
            Step(
                N_(
                    "Sign in: you are on the dashboard. If you have no access yet, ask the person"
                    " in charge in your organization."
                ),
                "dashboard",
            ),
            Step(
                N_(
                    "Open **%(invites)s**, press **%(new)s** and choose **%(remote)s**."
                    " **%(in_person)s** is for when the person sits next to you and you want a"
                    " colleague's advice."
                )
            ),
            Step(
                N_(
                    "Enter an email address or a mobile number, choose the **%(language)s** in"
                    " which the person reads the message, and press **%(send)s**."
                ),
                "new-invite",
            ),
            Step(
                N_(
                    "When the person opens the link, your page rings and shows them under"
                    " **%(waiting)s**. A session cannot start before."
                ),
                "waiting",
            ),
            Step(
                N_(
                    "Press **%(with_video)s** or **%(chat)s** beside the name. **%(next)s** takes"
                    " whoever has waited longest."
                )
            ),
            Step(
                N_(
                    "Write in the chat and send photos or PDFs with **%(attach)s**. For a call"
                    " press **%(video)s** or **%(audio)s**; the chat stays."
                ),
                "room",
            ),
        ),
    ),
    Chapter(
        N_("Ending a session"),
        (
            Step(
                N_(
                    "The chat is the record. Before you end, write down in it why the person came,"
                    " what you advised and why, and last of all the treatment plan."
                )
            ),
            Step(N_("Press **%(terminate)s** and choose:"), "terminate"),
            Step(
                N_(
                    "**%(close)s**: you can still press **%(reopen)s** or download the report until"
                    " everything is deleted; the page says when that will be."
                )
            ),
            Step(
                N_("**%(keep)s**: the call ends, and you can both come back to write or to call.")
            ),
            Step(N_("**%(stay)s**: nothing ends.")),
            Step(
                N_(
                    "**%(history)s** lists what was closed and is not deleted yet. Press"
                    " **%(export)s** for the report: a PDF with the date, the time of the start and"
                    " the whole chat."
                ),
                "history",
            ),
            Step(
                N_(
                    "Add the report to the medical record, then delete it from the downloads of"
                    " your device. Clear your browser's cache about once a week."
                )
            ),
        ),
    ),
    Chapter(
        N_("A session at a later time"),
        (
            Step(
                N_(
                    "Fill in the form as for a session now, tick **%(later)s**, and choose date and"
                    " time. The form shows the time on both clocks."
                )
            ),
            Step(
                N_(
                    "After **%(send)s** everybody gets the date, the time, a personal link and a"
                    " link to test the device, and is reminded before the session."
                )
            ),
            Step(
                N_("**%(invites)s** lists all sessions that are planned or open, by their dates.")
            ),
            Step(
                N_(
                    "At the time of the session your page rings as soon as somebody is there. Test"
                    " your own device before with **%(test)s**."
                )
            ),
        ),
    ),
    Chapter(
        N_("A relative, a colleague or an interpreter"),
        (
            Step(
                N_(
                    "Invite everybody before the session starts: for security reasons nobody can be"
                    " added to one that is in progress."
                )
            ),
            Step(
                N_(
                    "Tick **%(relative)s** and enter an email address or a mobile number. They get"
                    " the same message, with a link of their own."
                )
            ),
            Step(N_("For colleagues tick **%(colleague)s**; **%(another)s** adds one more.")),
            Step(
                N_(
                    "For an interpreter choose the person's language and tick **%(interpreter)s**."
                    " If that is not possible, no organization here offers the language."
                )
            ),
            Step(
                N_(
                    "The request goes to the organization. Nobody else is written to until it has"
                    " found an interpreter, so plan ahead."
                )
            ),
            Step(
                N_(
                    "If none is available you get an email. Its link leads to **%(without)s** and"
                    " **%(cancel)s**."
                )
            ),
            Step(N_("Whoever was invited before can still join a call that has begun.")),
        ),
    ),
)
SENTENCES = (
    TITLE,
    *(text for each in CHAPTERS for text in (each.title, *(step.text for step in each.steps))),
)


def guide_language(catalogs: Catalogs, wanted: str) -> Language:
    """`wanted` where the catalogs have the whole guide in it, else English."""
    language = catalogs.get(wanted)
    known = all(language.translate(sentence) != sentence for sentence in SENTENCES)
    return language if known else catalogs.get(SOURCE_LANGUAGE)


def written(step: Step, language: Language) -> str:
    """A step as Markdown: labels between `**`, and nothing else that is marked."""
    labels = {name: language.translate(label) for name, label in LABELS.items()}
    return language.translate(step.text) % labels


def pictures_of(language: str) -> str:
    """The folder of the pictures for this language, below `web/static/`."""
    return f"guide/{language if language in PICTURED else SOURCE_LANGUAGE}"


def as_markdown(language: Language, pictures: str) -> str:
    """The whole guide, with pictures below the address `pictures`."""
    return "\n\n".join(_blocks(language, pictures)) + "\n"


def _blocks(language: Language, pictures: str) -> Iterator[str]:
    yield f"# {language.translate(TITLE)}"
    for chapter in CHAPTERS:
        yield f"## {language.translate(chapter.title)}"
        for number, step in enumerate(chapter.steps, start=1):
            yield f"{number}. {written(step, language)}"
            if step.picture:
                shown = language.translate(PICTURES[step.picture])
                yield f"   ![{shown}]({pictures}/{step.picture}.webp)"

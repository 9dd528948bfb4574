"""The catalogs: update them from the source, and list what is missing: `python -m scripts.texts`.

English sentences in the source are the ids; `signaling/locales/<language>.po` holds one language
for Python and the browser. `docs/translating.md` is for translators.
"""

import argparse
import sys
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from typing import get_args

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from scripts.audiences import Audience, meets
from web.texts.catalogs import OWN_NAMES, SOURCE_LANGUAGE

ROOT = Path(__file__).parents[1]
LOCALES = Path("signaling/locales")
COMPLETE = ("fr", "es", "ar", "uk")
"Languages that must be complete."
LANGUAGES = tuple(code for code in OWN_NAMES if code != SOURCE_LANGUAGE)
WIDTH = 100

KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "Nn_": (1, 2), "_n": (1, 2), "plural": (1, 2)}
"`_n` and `plural` are ngettext in the browser and in Python; `N_` and `Nn_` only mark."

_EAST_SLAVIC = (
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
    "n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
)
_ONE_OTHER = "nplurals=2; plural=(n != 1);"
_UP_TO_ONE_OTHER = "nplurals=2; plural=(n > 1);"
PLURAL_FORMS = {
    "fr": _UP_TO_ONE_OTHER,
    "es": _ONE_OTHER,
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
    "n%100>=11 && n%100<=99 ? 4 : 5);",
    "uk": _EAST_SLAVIC,
    "ru": _EAST_SLAVIC,
    "fa": _UP_TO_ONE_OTHER,
    "ps": _ONE_OTHER,
    "so": _ONE_OTHER,
    "ti": _UP_TO_ONE_OTHER,
    "am": _UP_TO_ONE_OTHER,
    "sw": _ONE_OTHER,
    "pt": _UP_TO_ONE_OTHER,
    "de": _ONE_OTHER,
    "it": _ONE_OTHER,
}
"As CLDR counts, so that Python and the browser's Intl.PluralRules choose the same form."

Key = str | list[str] | tuple[str, ...]
"A sentence, or singular and plural."


@dataclass
class Findings:
    """What a catalog lacks against the source."""

    missing: list[Key] = field(default_factory=list)
    "Not translated."
    stale: list[Key] = field(default_factory=list)
    "No longer in the source, or marked fuzzy."


def extract(root: Path = ROOT) -> Catalog:
    """Every sentence of the source, with the files it stands in."""
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file, "babel.cfg")  # type: ignore[no-untyped-call]
    template = Catalog(charset="utf-8")
    found = extract_from_dir(root, methods, options, KEYWORDS, directory_filter=_is_ours)
    for path, line, sentence, _comments, context in sorted(found, key=lambda each: each[:2]):
        template.add(sentence, None, [(Path(path).as_posix(), line)], context=context)
    return template


def _is_ours(folder: object) -> bool:
    return Path(str(folder)).name not in {"node_modules", ".venv", ".git", "__pycache__"}


def read(language: str, root: Path = ROOT) -> Catalog:
    """The catalog as stored; empty if there is none yet."""
    file = root / LOCALES / f"{language}.po"
    if not file.is_file():
        return Catalog(locale=language, charset="utf-8")
    return read_po(BytesIO(file.read_bytes()), locale=language)


def merged(language: str, catalog: Catalog, template: Catalog) -> bytes:
    """The catalog's file with the sentences of `template`, and nothing that changes by itself.

    A changed sentence keeps its old translation as a proposal, marked fuzzy: it is not used. The
    order is that of the source; files are named without line numbers, for those move daily.
    """
    count = int(PLURAL_FORMS[language].partition("nplurals=")[2].partition(";")[0])
    fresh = Catalog(locale=language, charset="utf-8")
    fresh.mime_headers = [("Plural-Forms", PLURAL_FORMS[language])]
    for message in catalog:
        if message.id:
            fresh[message.id] = message
    # babel reuses message objects: a proposal made here must not reach the next language
    fresh.update(deepcopy(template), no_fuzzy_matching=True, update_creation_date=False)
    _propose(fresh)
    fresh.obsolete.clear()
    for message in fresh:
        if isinstance(message.id, tuple) and not any(_forms(message)):
            message.string = ("",) * count
        message.locations = [
            (path, 0) for path in dict.fromkeys(path for path, _ in message.locations)
        ]
    body = BytesIO()
    write_po(body, fresh, width=WIDTH, omit_header=True, include_lineno=False)
    return (_header(language) + "\n").encode() + body.getvalue().strip() + b"\n"


def _propose(catalog: Catalog) -> None:
    """Give new sentences the translation of a similar one that has gone, marked fuzzy."""
    gone = {_source(message): message for message in catalog.obsolete.values() if message.string}
    for message in catalog:
        if not gone or not message.id or any(_forms(message)):
            continue
        if similar := get_close_matches(_source(message), gone, 1, 0.75):
            proposal = gone[similar[0]]
            if isinstance(proposal.id, str) == isinstance(message.id, str):
                message.string = proposal.string
                message.flags.add("fuzzy")


def _source(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _header(language: str) -> str:
    lines = [
        f"# {OWN_NAMES[language]}: words for TeleConnect. docs/translating.md says how to work on them.",
        'msgid ""',
        'msgstr ""',
        f'"Language: {language}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        f'"Plural-Forms: {PLURAL_FORMS[language]}\\n"',
    ]
    return "\n".join(lines) + "\n"


def _forms(message: Message) -> tuple[str, ...]:
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(form or "" for form in string)


def compare(catalog: Catalog, template: Catalog) -> Findings:
    findings = Findings()
    for message in template:
        if not message.id:
            continue
        translated = catalog.get(message.id, message.context)
        if translated is None or (not translated.fuzzy and not all(_forms(translated))):
            findings.missing.append(message.id)
    for message in catalog:
        if message.id and (message.fuzzy or template.get(message.id, message.context) is None):
            findings.stale.append(message.id)
    return findings


def _one_line(key: Key) -> str:
    sentence = key if isinstance(key, str) else key[0]
    return repr(sentence)[1:-1]


def _print(heading: str, keys: Iterable[Key]) -> None:
    keys = list(keys)
    print(f"{heading}: {len(keys)}")
    for key in keys:
        print(f"  {_one_line(key)}")


def update(languages: Iterable[str]) -> int:
    template = extract()
    (ROOT / LOCALES).mkdir(exist_ok=True)
    for language in languages:
        content = merged(language, read(language), template)
        (ROOT / LOCALES / f"{language}.po").write_bytes(content)
        findings = compare(read(language), template)
        print(
            f"{language}: {len(findings.missing)} missing, {len(findings.stale)} to look at again"
        )
    return 0


def report(languages: Iterable[str], what: str, audience: Audience | None = None) -> int:
    template = extract()
    for language in languages:
        findings = compare(read(language), template)
        keys = findings.missing if what == "missing" else findings.stale
        _print(language, _for(audience, keys, template) if audience else keys)
    return 0


def _for(audience: Audience, keys: Iterable[Key], template: Catalog) -> Iterable[Key]:
    """Those of the source that this audience meets."""
    for key in keys:
        message = template.get(key)
        if message is not None and audience in meets(message, ROOT):
            yield key


def check(languages: Iterable[str]) -> int:
    """0 if the complete languages are complete and every file is as `update` leaves it."""
    template = extract()
    failed = False
    for language in languages:
        catalog = read(language)
        file = ROOT / LOCALES / f"{language}.po"
        if not file.is_file() or merged(language, catalog, template) != file.read_bytes():
            print(f"{language}: not up to date with the source; run python -m scripts.texts update")
            failed = True
        findings = compare(catalog, template)
        if language in COMPLETE and (findings.missing or findings.stale):
            _print(f"{language} misses", [*findings.missing, *findings.stale])
            failed = True
    print("check failed" if failed else "check passed")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.texts",
        description="Keeps the catalogs in signaling/locales/ in step with the source.",
    )
    parser.add_argument(
        "command",
        choices=("update", "missing", "stale", "check"),
        help="update: write new sentences into the catalogs and drop old ones; "
        "missing: list what is not translated; "
        "stale: list what is gone from the source or fuzzy; "
        f"check: fail unless {', '.join(COMPLETE)} are complete and all files are up to date",
    )
    parser.add_argument(
        "languages", nargs="*", metavar="language", help="only these: " + ", ".join(LANGUAGES)
    )
    parser.add_argument(
        "--audience",
        choices=get_args(Audience),
        help="missing and stale: only what these people meet; service-user: all who come by link",
    )
    chosen = parser.parse_intermixed_args()
    if unknown := set(chosen.languages) - set(LANGUAGES):
        parser.error(f"no such language: {', '.join(sorted(unknown))}")
    languages = tuple(chosen.languages or LANGUAGES)
    if chosen.command == "update":
        return update(languages)
    if chosen.command == "check":
        return check(languages)
    return report(languages, chosen.command, chosen.audience)


if __name__ == "__main__":
    sys.exit(main())

"""Sentences, dates and addresses for notices: `signaling.ports.Wording` over the catalogs."""

from datetime import datetime

from web.config import Config
from web.mail_html import render
from web.routes import public_address
from web.texts import Texts


class Wording:
    def __init__(self, config: Config, texts: Texts) -> None:
        self._config = config
        self._texts = texts

    def translate(self, language: str, sentence: str) -> str:
        return self._texts.get(language).translate(sentence)

    def moment(self, at: datetime, time_zone: str, language: str) -> str:
        return self._texts.moment(at, time_zone, language)

    def html(self, markdown: str, language: str) -> str:
        return render(markdown, language, self._texts.get(language).direction)

    def invite_address(self, token: str) -> str:
        return public_address(self._config.public_url, "landing", token=token)

    def test_address(self, token: str) -> str:
        return public_address(self._config.public_url, "landing_test", token=token)

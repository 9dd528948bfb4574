"""Scripts that few write, but that people do write: each is drawn by a font that knows it, and read back."""

import pytest

from tests.web.report.test_pdf import characters_of, make, read
from web.report.fonts import FILES, Fonts

SAMPLES = {
    "Adlam": "𞤅𞤢𞤤𞤢𞥄𞤥 𞤣𞤮𞤳𞤼𞤮𞤪",
    "Balinese": "ᬳᬓ᭄ᬱᬭ",
    "Bamum": "ꚠꚡꚢ",
    "Batak": "ᯅᯖᯂ᯲",
    "Bugis": "ᨒᨚᨈᨑ",
    "Chakma": "𑄌𑄋𑄴𑄟𑄳𑄦",
    "Cham": "ꨌꩌ",
    "Cherokee": "ᎣᏏᏲ ᏙᎯᏧ",
    "Hmong": "𞄀𞄨𞄲𞄤",
    "Inuktitut": "ᐊᐃᓐᖓᐃ ᓗᒃᑖᖅ",
    "Javanese": "ꦱꦸꦒꦼꦁ ꦲꦺꦚ꧀ꦗꦶꦁ",
    "Kayah": "ꤊꤢꤛꤢ꤭ ꤜꤟꤤ꤬",
    "Lepcha": "ᰛᰩᰵ",
    "Limbu": "ᤕᤠᤰᤌᤢᤱ",
    "Lisu": "ꓡꓲꓢꓴ",
    "Mandaic": "ࡌࡀࡍࡃࡀࡉࡀ",
    "Meetei": "ꯈꯨꯔꯨꯝꯖꯔꯤ",
    "Miao": "𖼀𖽑𖼁",
    "Mongolian": "ᠰᠠᠶᠢᠨ",
    "New Tai Lue": "ᦟᦲᧅᦷᦎ",
    "Newa": "𑐣𑐾𑐥𑐵𑐮",
    "Ol Chiki": "ᱡᱚᱦᱟᱨ ᱰᱟᱠᱛᱚᱨ",
    "Oriya": "ନମସ୍କାର ଡାକ୍ତର, ମୋତେ ଜ୍ୱର ହେଉଛି",
    "Osage": "𐓏𐓘𐓻",
    "Osmanya": "𐒈𐒝𐒑𐒛𐒐𐒘",
    "Rohingya": "𐴀𐴝𐴌𐴝𐴔 𐴊𐴝𐴃𐴝𐴌",
    "Saurashtra": "ꢱꣃꢬꢵ",
    "Sundanese": "ᮃᮊ᮪ᮞᮛ",
    "Sylheti": "ꠍꠤꠟꠐꠤ",
    "Tai Le": "ᥖᥭᥰ",
    "Tai Tham": "ᨣᩣᩴᨾᩮᩬᩥᨦ",
    "Tai Viet": "ꪼꪕꪒꪾ",
    "Tibetan": "བཀྲ་ཤིས་བདེ་ལེགས། ང་ལ་ཚ་བ་འདུག",
    "Vai": "ꕉꕜꕮ ꔔꘋ",
    "Wancho": "𞋒𞋀𞋉",
    "Yi": "ꆈꌠꉙ",
}
RIGHT_TO_LEFT = {"Adlam", "Mandaic", "Rohingya"}


@pytest.mark.parametrize("script", SAMPLES)
def test_it_is_drawn_by_a_font_that_knows_it_and_read_back(script: str) -> None:
    text = SAMPLES[script]
    for character, choice in zip(text, Fonts().choose(text), strict=True):
        assert ord(character) in characters_of(choice.file), (hex(ord(character)), choice.file)
    drawn = read(make(text))
    # pypdf turns the order of a few scripts only.
    expected = text[::-1] if script in RIGHT_TO_LEFT and text not in drawn else text
    assert expected in drawn


def test_no_font_is_shipped_for_nothing() -> None:
    used = {choice.file for text in SAMPLES.values() for choice in Fonts().choose(text)}
    first = FILES.index("NotoSansOriya-Regular")
    assert set(FILES[first : FILES.index("DroidSansFallback")]) <= used

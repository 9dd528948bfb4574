from web.terms import render_markdown


def render(markdown_text: str, language: str, direction: str) -> str:
    return f'<!doctype html><html lang="{language}" dir="{direction}"><body>{render_markdown(markdown_text)}</body></html>'

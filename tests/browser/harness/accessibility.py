"""Whether a page has an accessibility violation that axe-core knows."""

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]

from tests.browser.harness.resting import Rest

VIOLATIONS = {"resultTypes": ["violations"]}
"Of axe: what has passed is not described."


async def check(rest: Rest, name: str, complaints: list[str]) -> None:
    """Add the violations of the page, once it has come to rest, each with `name` before it."""
    # modules enable and show things as they load
    await rest.come()
    results = await Axe().run(rest.page, options=VIOLATIONS)
    for violation in results.response["violations"]:
        for node in violation["nodes"]:
            complaints.append(f"{name}: {violation['id']}: {node['html'][:160]}")

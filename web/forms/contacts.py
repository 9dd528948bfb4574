from signaling.contact import Contact


def parse_contact(text: str, default_region: str | None) -> Contact:
    return Contact("email", text.strip())

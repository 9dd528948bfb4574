"""Where a PDF begins and ends in its file."""


def trimmed(data: bytes) -> bytes:
    """A PDF without what stands before its head and behind its last end.

    Mail programs and scanners put lines and zeros there. Readers look for both, and count offsets
    from the head (ISO 32000-2, annex C.2); pypdf looks only near the ends of the file.
    """
    start = max(data.find(b"%PDF-"), 0)
    end = data.rfind(b"%%EOF")
    return data[start : end + len(b"%%EOF")] if end > start else data[start:]

"""A page's JPEG as the page shows it: in a PDF, what EXIF says of turning does not count (ISO 32000-1, 7.4.8)."""

APP1, START_OF_SCAN, END_OF_IMAGE = 0xE1, 0xDA, 0xD9
EXIF = b"Exif\0\0"
FILL = 0xFF


def without_exif(content: bytes) -> bytes:
    """The same JPEG without its EXIF segments, all other bytes as they are; what is damaged stays so."""
    kept, at = bytearray(content[:2]), 2
    while at + 4 <= len(content) and content[at] == FILL and content[at + 1] not in (START_OF_SCAN, END_OF_IMAGE):
        end = at + 1 if content[at + 1] == FILL else at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if not (content[at + 1] == APP1 and content[at + 4 : end].startswith(EXIF)):
            kept += content[at:end]
        at = end
    return bytes(kept) + content[at:]

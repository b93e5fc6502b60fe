"""What a file is by its first bytes."""

START_BYTES = 1024
PDF = b"%PDF-"
PICTURES = (b"\xff\xd8", b"\x89PNG", b"II*\0", b"MM\0*", b"RIFF", b"BM")
HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"))


def is_pdf(start: bytes) -> bool:
    """Whether a file with these first bytes (1024 are enough) is a PDF: readers allow junk before its mark."""
    return PDF in start[:START_BYTES] and not start.startswith(PICTURES)


def is_heif(start: bytes) -> bool:
    """Whether a file with these first bytes (12 are enough) is HEIC or HEIF; AVIF is not."""
    return start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS

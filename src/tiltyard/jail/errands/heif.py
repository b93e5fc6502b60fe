"""In the jail: the first picture of a HEIC or HEIF file, as libheif decodes it, becomes a PNG of 8 bits a sample."""

import pillow_heif

from tiltyard.jail.errands.work import Made, as_png, check_size, work

WRITTEN = ("L", "LA", "RGB", "RGBA", "I;16")
"""What a PNG takes as it is; libheif leaves grey of more than 8 bits, which the bounded reader then refuses."""


def primary(content: bytes) -> Made:
    """Upright, for libheif turns what it decodes; `marks` tells of other pictures in the file."""
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    file = pillow_heif.open_heif(content)
    picture = file[file.primary_index]
    check_size(*picture.size)
    image = picture.to_pillow()
    if image.mode not in WRITTEN:
        image = image.convert("RGBA" if "a" in image.mode else "RGB")
    return Made(as_png(image), pages=len(file), marks=("several",) if len(file) > 1 else ())


if __name__ == "__main__":
    work(primary)

"""Which image a file is, by its first bytes: what it is called says nothing.

Rule: the four types that every model with vision takes, and no others. Sources: PNG, W3C
Recommendation §5.2; JPEG, ITU-T T.81 annex B; GIF89a §17; WebP, RFC 9649 §2.4.
"""

TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""The media types that `image_type` knows."""


def image_type(data: bytes) -> str | None:
    """Return the media type of the image that `data` begins, None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None

"""Images, as the wires of OpenAI's form have them."""

from copilot_cli.messages import ImagePart


def data_url(image: ImagePart) -> str:
    """Return the image as a `data:` URL (RFC 2397)."""
    return f"data:{image.media_type};base64,{image.data}"

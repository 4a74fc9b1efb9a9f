"""Which versions go together, and the hashes that what is downloaded has to have.

An SDK release is made for one version of the runtime, which it names in `copilot/_cli_version.py`;
what is checked when they meet is the number of their protocol alone. The pair here is the newest
of which both halves can be had: PyPI has later SDKs whose runtime npm does not have (2026-11).
"""

from collections.abc import Mapping
from types import MappingProxyType

from copilot_cli.errors import SettingsError
from copilot_cli.patterns import pattern

VARIABLE = "GITHUB_COPILOT_CLI_VERSION"
SDK = "1.0.25"
"""The release of `github-copilot-sdk` that the extra `official` asks for."""

RUNTIME = "1.0.102"
"""The version of the runtime that goes with it."""

PROTOCOL = 3
"""The protocol that the SDK speaks: `copilot/_sdk_protocol_version.py`."""

PAIRS = MappingProxyType({"1.0.25": "1.0.102", "1.0.26": "1.0.103", "1.0.27": "1.0.104"})
"""The runtime that each release of the SDK was made for."""

# `npm view @github/copilot-PLATFORM@VERSION dist.integrity`, registry.npmjs.org, 2026-11-20
_OF_1_0_102 = {
    "linux-x64": "eGHPbsP0p2QgfVZCjtbGBFZPBOJQ0DN7xIbBRAo7oG8b1zfLirQIdfI4h8Iy68Dv"
    "2cKJGJZg2/EO7W7KpIMJOw==",
    "linux-arm64": "5rO0B2/AduCekrE+aUzipySKZxZY2b/tVRZ8Suy8ymPFNC0Q7HQiQ8DZhxj+3RhH"
    "R8rU2Z8KOJVAbtMlROX6+A==",
    "linuxmusl-x64": "laj1/lFWwkX7P1jAVm2DNNxRljLkhfKI4XDONIA5njiU+PPvWVH38gIvYU+lNTgJ"
    "0QT7CSV6Jj2fuqPx0Go+5Q==",
    "linuxmusl-arm64": "PyuqTcgTKd4XrtSRKAQgfIK41cVzHArSNM8f8XS39dQc75aUsKG+MPd5rLwmqqht"
    "bWVFgI+PSS/X18/Qo4EDTg==",
    "darwin-x64": "n4jBdS+QxrXWiQ9v9tUBZUcJ0hlWVG75Qs3Gzo25BRzlWQSSd5eCNrfOVf4Cr95m"
    "AK/L54dne+8rSwASNRG7qA==",
    "darwin-arm64": "M4Jwxvw9CzxQUVoAz4UFbwFw9SpjUXbMzD481ifFJ+o/GXYJy5+sYxWRSfGhPA9e"
    "/w4DlWxdpkSQFnagl/AYbA==",
    "win32-x64": "ShdlICQu/Ei0mRX5J/ioaWUm7Kt6TpUvyQFuhFhS+Vb/7VVDi4/6pJAjcETeUJCH"
    "e9lkhF25swzcZXsun/i9Hg==",
    "win32-arm64": "QhbEEfrAri+TA/S+xpUbOpWrzxfmQj5Ncgn6YF6SoI9zLdF57yt6Bd9sVAxWfsmm"
    "I0F2wmlQOHQ+s+7EjXQWgQ==",
}
INTEGRITY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"1.0.102": MappingProxyType(_OF_1_0_102)}
)
"""SHA-512 in base64 of each platform's tarball, by the runtime's version."""

_VERSION = pattern(r"(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5})){2}")


def checked(text: str, where: str) -> str:
    """Return `text` if it is a version `x.y.z`. Raises `SettingsError` that names `where`.

    Neither `latest` nor a range is one: what is run has to be the same tomorrow.
    """
    version = text.strip()
    if not _VERSION.fullmatch(version):
        raise SettingsError(
            f"{where}: must be one version x.y.z, not a name or a range",
            hint=f"{RUNTIME} is the one that this program is made for",
        )
    return version


def wanted(environ: Mapping[str, str]) -> str:
    """Return the version of the runtime to use. Raises `SettingsError` for a malformed variable."""
    text = environ.get(VARIABLE, "")
    return checked(text, VARIABLE) if text.strip() else RUNTIME


def remark(version: str) -> str | None:
    """Return what is to be said of a runtime that is not the SDK's own; None of the one that is."""
    if version == RUNTIME:
        return None
    return (
        f"the official runtime {version} is not the one that the SDK {SDK} was made with"
        f" ({RUNTIME}); it may not understand everything"
    )

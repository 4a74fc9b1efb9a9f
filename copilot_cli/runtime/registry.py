"""Asking an npm registry where the package of one version lies.

The list of a package's versions, in the short form that npm itself asks for
(github.com/npm/registry, docs/responses/package-metadata.md).
"""

import json
from typing import Any
from urllib.parse import urlsplit

import httpx

from copilot_cli.errors import ServiceError
from copilot_cli.runtime import transfer
from copilot_cli.runtime.npmrc import DEFAULT, Npm

_SHORT = {"Accept": "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"}
_MAX_BYTES = 50_000_000
_FEW = 3


def tarball(client: httpx.Client, npm: Npm, package: str, version: str) -> str:
    """Return the address of the tarball of `package` in `version`.

    Raises `ServiceError` where the registry has none, or answers with something else, and
    `NetworkError` where it does not answer.
    """
    url = f"{npm.registry}/{package.replace('/', '%2f')}"
    versions = _versions(client, npm, url, package)
    found = versions.get(version)
    dist = found.get("dist") if isinstance(found, dict) else None
    address = dist.get("tarball") if isinstance(dist, dict) else None
    if not isinstance(address, str):
        raise ServiceError(
            f"{transfer.host(url)} has no {version} of {package}",
            hint=f"its last ones are {', '.join(list(versions)[-_FEW:])}" if versions else None,
        )
    return transfer.checked(_at(npm, address), f"the address of {package} {version}")


def _versions(client: httpx.Client, npm: Npm, url: str, package: str) -> dict[str, Any]:
    body = bytearray()
    with transfer.opened(client, url, npm, _SHORT) as reply:
        transfer.refuse(reply, f"the list of {package}")
        try:
            for chunk in reply.iter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise ServiceError(f"the list of {package} is too long to be one")
        except httpx.HTTPError as error:
            raise transfer.broken(error, url) from error
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    versions = fields.get("versions") if isinstance(fields, dict) else None
    if not isinstance(versions, dict):
        raise ServiceError(
            f"{transfer.host(url)} answered with something that is no list of {package}",
            hint="a login page of the network, or a proxy, may have answered in its place",
        )
    return versions


def _at(npm: Npm, address: str) -> str:
    """Return `address` at the person's registry where it is npm's own: a mirror may pass it on.

    npm does the same (its setting `replace-registry-host`).
    """
    own, default = urlsplit(npm.registry), urlsplit(DEFAULT)
    parts = urlsplit(address)
    if parts.hostname != default.hostname or own.hostname == default.hostname:
        return address
    path = own.path.rstrip("/") + parts.path
    return parts._replace(scheme=own.scheme, netloc=own.netloc, path=path).geturl()

"""A certificate authority for one run: clients that are told to trust it see valid https.

Keys and certificates live in a temporary folder (0700, files 0600) and are removed with it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
import tempfile
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_BEFORE = dt.timedelta(days=2)
_AFTER = dt.timedelta(days=30)


class Authority:
    """Makes server contexts for host names; `path` is the PEM file that a client has to trust."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="copilot-chat-simulator-")
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("copilot-chat simulator, throw-away CA")
        self._lock = threading.Lock()
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}
        self._certificate = self._sign_itself()
        self.path = self._write("ca.pem", self._certificate.public_bytes(_PEM))

    def context(self, *hosts: str) -> ssl.SSLContext:
        """A server context whose certificate is valid for these host names and addresses."""
        with self._lock:
            if hosts not in self._contexts:
                self._contexts[hosts] = self._context(hosts)
            return self._contexts[hosts]

    def close(self) -> None:
        """Remove every key and certificate."""
        self._folder.cleanup()

    def _context(self, hosts: tuple[str, ...]) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        chain = self._leaf(key.public_key(), hosts).public_bytes(_PEM)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self._write(f"leaf-{len(self._contexts)}.pem", pem + chain))
        return context

    def _write(self, name: str, content: bytes) -> Path:
        path = Path(self._folder.name) / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return path

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        issuer = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BEFORE)
            .not_valid_after(now + _AFTER)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer),
                critical=False,
            )
        )

    def _sign_itself(self) -> x509.Certificate:
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        return builder.add_extension(_usage(signs=True), critical=True).sign(
            self._key, hashes.SHA256()
        )

    def _leaf(self, key: ec.EllipticCurvePublicKey, hosts: tuple[str, ...]) -> x509.Certificate:
        builder = self._builder(_name(hosts[0]), key)
        builder = builder.add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        builder = builder.add_extension(_usage(signs=False), critical=True)
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(server, critical=False)
        names = x509.SubjectAlternativeName([_alternative(host) for host in hosts])
        return builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256())


_PEM = serialization.Encoding.PEM


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

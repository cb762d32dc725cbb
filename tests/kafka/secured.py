"""A broker as others run theirs: TLS, names and passwords, and for each principal only what it was allowed.

Beside the plain listener, through which tests make topics and permissions (super user), it has one with
SASL over TLS and one that asks for a client's certificate. Its certificate is for `localhost` alone.
"""

import base64
import json
import subprocess
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from tests.kafka import artifacts
from tests.kafka.broker import Broker

USER: Final = "ada"
PASSWORD: Final = "lovelace"
LONG_S: Final = 60.0
README: Final = Path(__file__).parents[2] / "README.md"
RESOURCES: Final = ("--topic", "--group", "--transactional-id")
_NEW_KEY: Final = ("-newkey", "rsa:2048", "-nodes", "-keyout")


class Permission(NamedTuple):
    """What a principal may do, as kafka-acls.sh names it."""

    resource: str  # topic, group or transactional_id
    name: str
    operation: str
    prefixed: bool = False


def permissions_in(text: str) -> list[Permission]:
    """Return what the commands in a text allow, each a line with `kafka-acls.sh … --add`."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split()
        if "kafka-acls.sh" not in words or "--add" not in words:
            continue
        given = list(pairwise(words))
        resource = next(word[2:] for word, _ in given if word in RESOURCES)
        name = next(value for word, value in given if word == f"--{resource}")
        prefixed = ("--resource-pattern-type", "prefixed") in given
        found += [
            Permission(resource.replace("-", "_"), name, value, prefixed)
            for word, value in given
            if word == "--operation"
        ]
    return found


def all_that_a_worker_needs(app: str, prefix: str) -> list[Permission]:
    """Return the permissions that the README names, for another application."""
    text = README.read_text(encoding="utf-8")
    return [
        each._replace(name=each.name.replace("engagement.", f"{prefix}engagement.").replace("rapport", app))
        for each in permissions_in(text)
    ]


class SecuredBroker(Broker):
    """A broker with TLS, SASL and permissions; `certificates` are beside its data."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.certificates = directory / "certificates"
        self._sasl, self._tls = self._spare
        plain, modules = f"PLAINTEXT://{self.bootstrap}", "org.apache.kafka.common.security"
        self._settings = {
            "listeners": f"{plain},CONTROLLER://127.0.0.1:{self._controller},"
            f"SASL://127.0.0.1:{self._sasl},MUTUAL://127.0.0.1:{self._tls}",
            "advertised.listeners": f"{plain},SASL://{self.sasl},MUTUAL://{self.mutual}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,"
            "SASL:SASL_SSL,MUTUAL:SSL",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512,OAUTHBEARER",
            "listener.name.sasl.plain.sasl.jaas.config": f"{modules}.plain.PlainLoginModule required "
            f'user_{USER}="{PASSWORD}";',
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": f"{modules}.scram.ScramLoginModule "
            "required;",
            "listener.name.sasl.oauthbearer.sasl.jaas.config": f"{modules}.oauthbearer."
            'OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.certificates / "broker.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.certificates / "ca.pem"),
            "listener.name.mutual.ssl.client.auth": "required",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    @property
    def sasl(self) -> str:
        """Where to come in with a name."""
        return f"localhost:{self._sasl}"

    @property
    def mutual(self) -> str:
        """Where to come in with a certificate."""
        return f"localhost:{self._tls}"

    def start(self) -> None:
        """Start it, with its certificates and its one user."""
        if not self.certificates.exists():
            self.certificates.mkdir()
            make_certificates(self.certificates)
        super().start()
        user = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        admin = self.admin()
        for future in admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(USER, user, PASSWORD.encode())]
        ).values():
            future.result(LONG_S)

    def file(self, name: str) -> str:
        """Return the path of a certificate or key."""
        return str(self.certificates / name)

    def way_in(self, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """Return the settings by which the user comes in; NONE is by certificate, and needs one."""
        chosen = {"broker": self.sasl, "security": "sasl_tls", "sasl_mechanism": mechanism}
        chosen |= {"ca_file": self.file("ca.pem")}
        if mechanism == "NONE":
            return {"broker": self.mutual, "security": "tls", "ca_file": self.file("ca.pem")}
        if mechanism == "OAUTHBEARER":
            held = self.certificates / "token"
            held.write_text(token(), encoding="utf-8")
            return chosen | {"oauth_token_file": str(held)}
        return chosen | {"sasl_username": USER, "sasl_password": PASSWORD}

    def allow(self, permissions: Iterable[Permission], *, principal: str = USER) -> None:
        """Give permissions, and return when they count."""
        admin = self.admin()
        for future in admin.create_acls([_binding(each, principal) for each in permissions]).values():
            future.result(LONG_S)

    def forbid(self, permissions: Iterable[Permission], *, principal: str = USER) -> None:
        """Take permissions away, and return when they no longer count."""
        admin = self.admin()
        filters = [_filter(each, principal) for each in permissions]
        for future in admin.delete_acls(filters).values():
            assert future.result(LONG_S), "there was no such permission"


def token(subject: str = USER, *, lifetime_s: int = 3_600) -> str:
    """Return a token that nobody signed, as the broker takes it in tests."""
    now = int(time.time())
    parts = ({"alg": "none"}, {"sub": subject, "iat": now, "exp": now + lifetime_s})
    return ".".join(_web(json.dumps(part).encode()) for part in parts) + "."


def make_certificates(directory: Path) -> None:
    """Make two authorities, of which `other.pem` signs nothing, and `ca.pem`, which signs."""
    for authority in ("ca", "other"):
        made = ("-subj", f"/CN={authority}", "-out", f"{authority}.pem")
        _openssl(directory, "req", "-x509", *_NEW_KEY, f"{authority}.key", *made)
    names = directory / "names"
    names.write_text("subjectAltName=DNS:localhost\n", encoding="utf-8")
    for holder in ("broker", "client"):
        request = ("-subj", f"/CN={holder}", "-out", f"{holder}.csr")
        _openssl(directory, "req", *_NEW_KEY, f"{holder}.key", *request)
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        _openssl(directory, "x509", "-req", "-in", f"{holder}.csr", *signed, "-out", f"{holder}.crt")
    both = (directory / "broker.key", directory / "broker.crt")
    text = "".join(each.read_text(encoding="utf-8") for each in both)
    (directory / "broker.pem").write_text(text, encoding="utf-8")


def _openssl(directory: Path, *arguments: str) -> None:
    command = [artifacts.tool("openssl"), *arguments]
    subprocess.run(command, cwd=directory, capture_output=True, check=True, timeout=LONG_S)


def _web(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _pattern(permission: Permission) -> ResourcePatternType:
    return ResourcePatternType.PREFIXED if permission.prefixed else ResourcePatternType.LITERAL


def _binding(permission: Permission, principal: str) -> AclBinding:
    return AclBinding(
        ResourceType[permission.resource.upper()], permission.name, _pattern(permission), f"User:{principal}",
        "*", AclOperation[permission.operation.upper()], AclPermissionType.ALLOW,
    )  # fmt: skip


def _filter(permission: Permission, principal: str) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType[permission.resource.upper()], permission.name, _pattern(permission), f"User:{principal}",
        "*", AclOperation[permission.operation.upper()], AclPermissionType.ALLOW,
    )  # fmt: skip

"""Settings: one flat page of them, from the environment (prefix LIAISON_), from `.env`, or from flags.

A wrong or unknown setting stops the start with one line that names the variable and the reason, never its
value: a value may be a password, and a log keeps what it is given. `.env.example` explains each.
"""

import base64
import difflib
import os
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.addresses import Network, is_loopback, must_be_url, parse_networks, postgres_url
from shared.keyring import own_master_keys, parse_master_keys
from shared.push_key import PushKey, must_be_contact, parse_push_key, push_key_from
from shared.sealing import MasterKeys

PREFIX = "LIAISON_"
SERVICES = ("intake", "routing", "notify")


class SettingsError(ValueError):
    """One wrong setting, said in one line: the variable and the reason, never the value."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name if name.startswith(PREFIX) else PREFIX + name.upper()
        super().__init__(f"{self.name}: {reason}")


def _checked(check: Callable[[str], object]) -> AfterValidator:
    """Runs `check` on a text or secret for its errors alone; the setting keeps what it was given."""

    def run(value: SecretStr | str) -> SecretStr | str:
        check(value.get_secret_value() if isinstance(value, SecretStr) else value)
        return value

    return AfterValidator(run)


def _whsec(text: str) -> None:
    if not all(secret.strip().startswith("whsec_") for secret in text.split(",")):
        raise ValueError("each secret must begin with whsec_")


PostgresUrl = Annotated[SecretStr, _checked(postgres_url)]
HttpUrl = Annotated[str, _checked(must_be_url("http", "https"))]


class Settings(BaseSettings):
    """Everything a deployment may set. `load_settings` is the way to make one."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",  # `load_settings` refuses unknown names, and in clearer words
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
        populate_by_name=True,
    )

    data_dir: Path = Path(".liaison")
    database: PostgresUrl | None = Field(None, validation_alias=PREFIX + "DATABASE_URL")
    intake_database_url: PostgresUrl | None = None
    routing_database_url: PostgresUrl | None = None
    notify_database_url: PostgresUrl | None = None

    kafka_bootstrap: str = "embedded"
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_security_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_security_username: str | None = None
    kafka_security_password: SecretStr | None = None
    kafka_security_ca_file: Path | None = None
    kafka_security_cert_file: Path | None = None
    kafka_security_key_file: Path | None = None

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: HttpUrl = ""

    auth: Literal["demo", "oidc"] = "demo"
    demo_anywhere: bool = False
    oidc_issuer: HttpUrl | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_audience: str | None = None
    oidc_roles_claim: str = "liaison_roles"

    master_keys: Annotated[SecretStr, _checked(parse_master_keys)] | None = None

    smtp_url: Annotated[SecretStr, _checked(must_be_url("smtp", "smtps"))] | None = None
    govuk_notify_api_key: SecretStr | None = None
    govuk_notify_url: HttpUrl = "https://api.notifications.service.gov.uk"
    govuk_notify_sms_template: str | None = None
    govuk_notify_email_template: str | None = None
    govuk_notify_callback_token: SecretStr | None = None
    break_glass_webhook: Annotated[SecretStr, _checked(must_be_url("http", "https"))] | None = None
    webhook_secrets: Annotated[SecretStr, _checked(_whsec)] | None = None
    webhook_allow: Annotated[str, _checked(parse_networks)] = ""
    web_push_key: Annotated[SecretStr, _checked(parse_push_key)] | None = None
    web_push_contact: Annotated[str, _checked(must_be_contact)] = ""

    clock_speed: float = Field(1.0, ge=1, le=100_000, allow_inf_nan=False)
    policy: Path | None = None
    roster: Path | None = None

    @field_validator("policy", "kafka_security_ca_file", "kafka_security_cert_file", "kafka_security_key_file")
    @classmethod
    def _file_is_there(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("there is no such file")
        return path

    @field_validator("roster")
    @classmethod
    def _folder_is_there(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_dir():
            raise ValueError("there is no such folder")
        return path

    @model_validator(mode="after")
    def _demo_stays_on_this_machine(self) -> Self:
        if self.auth == "demo" and not (is_loopback(self.host) or self.demo_anywhere):
            raise SettingsError(
                "AUTH",
                "demo lets anybody be anybody, so beyond loopback it needs LIAISON_DEMO_ANYWHERE=1",
            )
        if self.auth != "demo" and self.clock_speed != 1:
            raise SettingsError("CLOCK_SPEED", "only LIAISON_AUTH=demo may run faster than the day")
        return self

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Self:
        if self.auth == "oidc":
            self._need("oidc_issuer", "oidc_client_id", because="LIAISON_AUTH=oidc needs it")
        if self.govuk_notify_api_key:
            self._need("govuk_notify_sms_template", because="LIAISON_GOVUK_NOTIFY_API_KEY needs it")
        if self.kafka_security_protocol.startswith("SASL"):
            self._need(
                "kafka_security_username",
                "kafka_security_password",
                because=f"LIAISON_KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol} needs it",
            )
        return self

    def _need(self, *names: str, because: str) -> None:
        for name in names:
            if getattr(self, name) is None:
                raise SettingsError(name, f"is not set, and {because}")

    @property
    def kafka_mode(self) -> Literal["embedded", "native", "external"]:
        """Where Kafka comes from: inside the process, Apache Kafka from its jars, or somebody else's."""
        if self.kafka_bootstrap == "embedded":
            return "embedded"
        return "native" if self.kafka_bootstrap == "native" else "external"

    @property
    def base_url(self) -> str:
        """What links in messages begin with: PUBLIC_URL, else http://HOST:PORT. No slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    def database_url(self, service: str) -> str | None:
        """The asyncpg URL of a service's database; None where it is the embedded one."""
        url = getattr(self, f"{service}_database_url") or self.database
        return postgres_url(url.get_secret_value()) if url else None

    @property
    def embedded_database(self) -> bool:
        """Whether any service is left without a database of its own, so that the embedded one must start."""
        return any(self.database_url(service) is None for service in SERVICES)

    def keys(self) -> MasterKeys:
        """The master keys; the demo and embedded mode make their own on first use, others raise SettingsError."""
        if self.master_keys is not None:
            return parse_master_keys(self.master_keys.get_secret_value())
        if not self.embedded_database and self.auth != "demo":
            raise SettingsError("MASTER_KEYS", "is not set, and LIAISON_DATABASE_URL needs it")
        try:
            return own_master_keys(self.data_dir)
        except (OSError, ValueError) as error:
            raise SettingsError("DATA_DIR", f"master.keys there cannot be used ({type(error).__name__})") from None

    def signing_secrets(self, keys: MasterKeys) -> tuple[str, ...]:
        """Secrets that sign webhooks (`whsec_…`), newest first; in demo, unless set, made from `keys`."""
        if self.webhook_secrets is not None:
            return tuple(secret.strip() for secret in self.webhook_secrets.get_secret_value().split(","))
        if self.auth != "demo":
            raise SettingsError("WEBHOOK_SECRETS", "is not set, and LIAISON_AUTH=oidc needs it")
        return tuple("whsec_" + base64.b64encode(key).decode() for key in keys.derive("webhook secret"))

    def push_key(self, keys: MasterKeys) -> PushKey | None:
        """Who we are to browsers' push services; in demo, unless set, made from `keys`; None: no push."""
        contact = self.web_push_contact or self._own_contact()
        if self.web_push_key is not None:
            return PushKey(parse_push_key(self.web_push_key.get_secret_value()), contact)
        # Of the oldest key, for browsers have subscribed with it: a newer one in front of it loses nobody.
        return PushKey(push_key_from(keys.derive("web push")[-1]), contact) if self.auth == "demo" else None

    def _own_contact(self) -> str:
        url = urlsplit(self.base_url)
        return self.base_url if url.scheme == "https" else f"mailto:liaison@{url.hostname}"

    def webhook_networks(self) -> tuple[Network, ...]:
        """Private networks that webhooks may reach all the same; in demo this machine is one of them."""
        return parse_networks(("127.0.0.0/8," if self.auth == "demo" else "") + self.webhook_allow)

    def kafka_security(self) -> dict[str, Any]:
        """What an aiokafka client needs beside the bootstrap: protocol, SASL, TLS. Empty for PLAINTEXT."""
        options: dict[str, Any] = {}
        if self.kafka_security_protocol != "PLAINTEXT":
            options["security_protocol"] = self.kafka_security_protocol
        if self.kafka_security_protocol.endswith("SSL"):
            options["ssl_context"] = self._tls()
        if self.kafka_security_protocol.startswith("SASL") and self.kafka_security_password is not None:
            options["sasl_mechanism"] = self.kafka_security_mechanism
            options["sasl_plain_username"] = self.kafka_security_username
            options["sasl_plain_password"] = self.kafka_security_password.get_secret_value()
        return options

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.kafka_security_ca_file)
        if self.kafka_security_cert_file is not None:
            context.load_cert_chain(self.kafka_security_cert_file, self.kafka_security_key_file)
        return context


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process: `overrides` (flags, by field name) beat the environment beats `.env`.

    `env_file=` names another file, or None for none. SettingsError for the first thing wrong.
    """
    env_file: Path | None = overrides.pop("env_file", Path(".env"))
    if "database_url" in overrides:
        overrides[PREFIX + "DATABASE_URL"] = overrides.pop("database_url")
    from_file = dotenv_values(env_file) if env_file is not None and env_file.is_file() else {}
    _refuse_unknown([*from_file, *os.environ])
    try:
        return Settings(_env_file=env_file, **overrides)
    except ValidationError as error:
        raise _first(error) from None


def _refuse_unknown(names: Iterable[str]) -> None:
    known = {PREFIX + ("DATABASE_URL" if field == "database" else field.upper()) for field in Settings.model_fields}
    for name in names:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            raise SettingsError(name, f"there is no such setting{f'; did you mean {near[0]}?' if near else ''}")


def _first(error: ValidationError) -> SettingsError:
    problem = error.errors(include_url=False, include_input=False)[0]
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, SettingsError):
        return cause
    name = str(problem["loc"][0]) if problem["loc"] else ""
    reason = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return SettingsError(name, reason if cause else f"should be {reason}")

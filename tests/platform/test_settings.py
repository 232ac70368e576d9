"""Settings stop the start with one clear line that names the variable and the reason, and never the value."""

import base64
import os
import stat
from pathlib import Path

import pytest

from shared.settings import PREFIX, Settings, SettingsError, load_settings

KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine this runs on, and no `.env`."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)
    return load_settings()


def test_with_nothing_set_everything_is_embedded_and_on_this_machine() -> None:
    settings = load_settings()
    assert settings.kafka_mode == "embedded"
    assert settings.embedded_database
    assert settings.auth == "demo"
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.clock_speed == 1


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"PORT": "seventy"}, "LIAISON_PORT: should be a valid integer"),
        ({"PORT": "70000"}, "LIAISON_PORT: should be less than or equal to 65535"),
        ({"PROT": "80"}, "LIAISON_PROT: there is no such setting; did you mean LIAISON_PORT?"),
        ({"SHRUBBERY": "80"}, "LIAISON_SHRUBBERY: there is no such setting"),
        ({"AUTH": "none"}, "LIAISON_AUTH: should be 'demo' or 'oidc'"),
        ({"HOST": "0.0.0.0"}, "LIAISON_AUTH: demo lets anybody be anybody"),
        ({"AUTH": "oidc"}, "LIAISON_OIDC_ISSUER: is not set, and LIAISON_AUTH=oidc needs it"),
        (
            {"AUTH": "oidc", "OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "l", "CLOCK_SPEED": "60"},
            "LIAISON_CLOCK_SPEED: only LIAISON_AUTH=demo",
        ),
        ({"CLOCK_SPEED": "0.5"}, "LIAISON_CLOCK_SPEED: should be greater than or equal to 1"),
        ({"CLOCK_SPEED": "nan"}, "LIAISON_CLOCK_SPEED: should be a finite number"),
        ({"DATABASE_URL": f"mysql://brian:{SECRET}@db/liaison"}, "LIAISON_DATABASE_URL: must begin with postgresql://"),
        ({"DATABASE_URL": f"postgresql://brian:{SECRET}@db"}, "LIAISON_DATABASE_URL: names no database"),
        ({"INTAKE_DATABASE_URL": f"postgresql://brian:{SECRET}@[db/x"}, "LIAISON_INTAKE_DATABASE_URL: is not a URL"),
        ({"MASTER_KEYS": SECRET}, "LIAISON_MASTER_KEYS: entry 1 must read id:base64"),
        ({"MASTER_KEYS": f"a:{KEY},b:{SECRET}"}, "LIAISON_MASTER_KEYS: entry 2 is not base64"),
        ({"MASTER_KEYS": f"a:{KEY},a:{KEY}"}, "LIAISON_MASTER_KEYS: entry 2 repeats an id"),
        (
            {"MASTER_KEYS": "a:" + base64.b64encode(SECRET.encode()).decode()},
            "LIAISON_MASTER_KEYS: entry 1 has 28 bytes",
        ),
        ({"WEBHOOK_SECRETS": SECRET}, "LIAISON_WEBHOOK_SECRETS: each secret must begin with whsec_"),
        ({"WEBHOOK_ALLOW": "10.0.0.0/8, Camelot"}, "LIAISON_WEBHOOK_ALLOW: entry 2 is not a network"),
        ({"WEB_PUSH_KEY": SECRET}, "LIAISON_WEB_PUSH_KEY: has 21 bytes; 32 are needed"),
        ({"WEB_PUSH_KEY": "Camelot!"}, "LIAISON_WEB_PUSH_KEY: is not base64url of 32 bytes"),
        ({"WEB_PUSH_KEY": "A" * 43}, "LIAISON_WEB_PUSH_KEY: is no key of the curve P-256"),
        ({"WEB_PUSH_CONTACT": "Lancelot"}, "LIAISON_WEB_PUSH_CONTACT: must be mailto:somebody@example.org"),
        ({"SMTP_URL": f"http://{SECRET}"}, "LIAISON_SMTP_URL: must be a URL beginning with smtp:// or smtps://"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "LIAISON_KAFKA_SECURITY_USERNAME: is not set"),
        ({"GOVUK_NOTIFY_API_KEY": SECRET}, "LIAISON_GOVUK_NOTIFY_SMS_TEMPLATE: is not set"),
        ({"POLICY": "/grail.toml"}, "LIAISON_POLICY: there is no such file"),
        ({"ROSTER": "/round-table"}, "LIAISON_ROSTER: there is no such folder"),
    ],
)
def test_a_wrong_setting_is_one_line_without_its_value(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], line: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        given(monkeypatch, **values)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
    assert SECRET not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_an_env_file_is_read_and_its_unknown_names_are_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("COMPOSE_PROJECT_NAME=other\nLIAISON_PORT=9090\n")
    assert load_settings().port == 9090
    assert load_settings(port=9191).port == 9191
    assert load_settings(env_file=None).port == 8080
    file.write_text("LIAISON_PROT=9090\n")
    with pytest.raises(SettingsError, match="LIAISON_PROT"):
        load_settings()


def test_an_empty_setting_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given(monkeypatch, ROSTER="", DATABASE_URL="", KAFKA_BOOTSTRAP="").kafka_mode == "embedded"


def test_databases_may_be_one_or_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(monkeypatch, DATABASE_URL="postgres://a@db/all", NOTIFY_DATABASE_URL="postgresql://b@far/own")
    assert settings.database_url("intake") == "postgresql+asyncpg://a@db/all"
    assert settings.database_url("notify") == "postgresql+asyncpg://b@far/own"
    assert not settings.embedded_database


def test_beyond_the_demo_a_given_database_needs_given_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(
        monkeypatch,
        DATABASE_URL="postgresql://a@db/all?sslmode=require",
        AUTH="oidc",
        OIDC_ISSUER="https://id.example",
        OIDC_CLIENT_ID="liaison",
    )
    assert settings.database_url("routing") == "postgresql+asyncpg://a@db/all?ssl=require"
    with pytest.raises(SettingsError, match="LIAISON_MASTER_KEYS: is not set"):
        settings.keys()


def test_embedded_mode_makes_its_own_keys_once_and_keeps_them_to_itself(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data")
    first, second = settings.keys(), settings.keys()
    assert first == second
    assert stat.S_IMODE((tmp_path / "data" / "master.keys").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["master.keys"]


def test_spoilt_own_keys_stop_the_start_instead_of_being_made_anew(tmp_path: Path) -> None:
    (tmp_path / "master.keys").write_text("own-1:short")
    with pytest.raises(SettingsError, match=r"LIAISON_DATA_DIR: master\.keys there cannot be used"):
        load_settings(data_dir=tmp_path).keys()


def test_secrets_are_not_in_what_settings_show_of_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(
        monkeypatch,
        DATABASE_URL=f"postgresql://brian:{SECRET}@db/liaison",
        SMTP_URL=f"smtp://brian:{SECRET}@mail",
        WEBHOOK_SECRETS=f"whsec_{SECRET}",
        GOVUK_NOTIFY_API_KEY=SECRET,
        GOVUK_NOTIFY_SMS_TEMPLATE="t",
        BREAK_GLASS_WEBHOOK=f"https://hooks.example/{SECRET}",
        MASTER_KEYS=f"a:{KEY}",
    )
    assert SECRET not in repr(settings)
    assert KEY not in repr(settings)


def test_webhooks_reach_this_machine_in_demo_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    demo = given(monkeypatch, WEBHOOK_ALLOW="10.1.0.0/16")
    assert [str(network) for network in demo.webhook_networks()] == ["127.0.0.0/8", "10.1.0.0/16"]
    real = given(monkeypatch, AUTH="oidc", OIDC_ISSUER="https://id.example", OIDC_CLIENT_ID="liaison")
    assert [str(network) for network in real.webhook_networks()] == ["10.1.0.0/16"]


def test_in_demo_webhook_secrets_come_from_the_master_keys_and_elsewhere_they_must_be_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    demo = given(monkeypatch, MASTER_KEYS=f"new:{KEY},old:{base64.b64encode(b'x' * 32).decode()}")
    secrets = demo.signing_secrets(demo.keys())
    assert len(secrets) == 2
    assert all(secret.startswith("whsec_") for secret in secrets)
    real = given(monkeypatch, AUTH="oidc", OIDC_ISSUER="https://id.example", OIDC_CLIENT_ID="liaison")
    with pytest.raises(SettingsError, match="LIAISON_WEBHOOK_SECRETS"):
        real.signing_secrets(real.keys())


def test_web_push_has_a_key_of_its_own_in_demo_and_elsewhere_only_where_one_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    demo = given(monkeypatch, MASTER_KEYS=f"new:{KEY},old:{base64.b64encode(b'x' * 32).decode()}")
    ours = demo.push_key(demo.keys())
    older = given(monkeypatch, MASTER_KEYS=f"old:{base64.b64encode(b'x' * 32).decode()}")
    before = older.push_key(older.keys())
    assert ours is not None
    assert before is not None
    assert (ours.public, ours.contact) == (before.public, "mailto:liaison@127.0.0.1")
    real = given(monkeypatch, AUTH="oidc", OIDC_ISSUER="https://id.example", OIDC_CLIENT_ID="liaison")
    assert real.push_key(real.keys()) is None
    set_up = given(monkeypatch, WEB_PUSH_KEY="A" * 42 + "E", PUBLIC_URL="https://tasks.example")
    key = set_up.push_key(set_up.keys())
    assert key is not None
    assert key.contact == "https://tasks.example"
    assert "AAAAE" not in repr(set_up) + repr(key)


def test_every_setting_is_explained_in_the_example_file() -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text()
    named = {line.lstrip("# ").partition("=")[0] for line in example.splitlines() if "LIAISON_" in line and "=" in line}
    fields = {PREFIX + ("DATABASE_URL" if name == "database" else name.upper()) for name in Settings.model_fields}
    assert fields <= named
    assert {name for name in named if name.startswith(PREFIX)} <= fields

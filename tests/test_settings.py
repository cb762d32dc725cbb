"""The settings: every source, every refusal, and the table that documents them."""

from pathlib import Path

import pytest

from streams.settings import Settings, SettingsError, is_loopback, load
from streams.settings_table import table

README = Path(__file__).parent.parent / "README.md"
TOKEN = "0123456789abcdef"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where a settings file would be; it is not there yet."""
    return tmp_path / "rapport.toml"


def test_every_setting_is_documented() -> None:
    """The README holds the table as `python -m streams.settings_table` prints it."""
    readme = README.read_text(encoding="utf-8")

    section = readme.split("\n## Settings\n")[1].split("\n## ")[0]

    assert table() in section


def test_the_table_has_a_row_with_a_meaning_for_every_setting() -> None:
    """Name, variable, type, default and meaning; none is empty."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table().splitlines()[2:]]

    assert [row[0] for row in rows] == [f"`{name}`" for name in Settings.__struct_fields__]
    assert all(len(row) == 5 and all(row) for row in rows)


def test_without_any_source_the_defaults_hold(file: Path) -> None:
    """A missing file is no settings; loopback is the default, so that no token is needed."""
    assert load({}, file=file) == Settings()
    assert Settings().host == "127.0.0.1"


def test_a_later_source_wins(file: Path) -> None:
    """The command line is stronger than a variable, a variable than the file, the file than the default."""
    file.write_text('port = 1001\ndata = "from-file"\nmodel = "from-file"\n')
    environment = {"RAPPORT_PORT": "1002", "RAPPORT_DATA": "from-variable", "HOME": "elsewhere"}

    settings = load(environment, file=file, options={"port": 1003, "data": None})

    assert (settings.port, settings.data, settings.model) == (1003, "from-variable", "from-file")
    assert settings.host == Settings().host


def test_a_variable_is_text_for_every_type(file: Path) -> None:
    """Numbers are read, lists are parted by commas, and an empty variable says nothing."""
    environment = {
        "RAPPORT_KEEP_INPUT_DAYS": " 7 ",
        "RAPPORT_ALLOWED_HOSTS": "a.example, b.example,",
        "RAPPORT_TOKEN": "",
    }

    settings = load(environment, file=file)

    assert settings.keep_input_days == 7
    assert settings.allowed_hosts == ["a.example", "b.example"]
    assert settings.token is None


def test_a_file_holds_lists_and_numbers_as_they_are(file: Path) -> None:
    """TOML has types of its own."""
    file.write_text('allowed_origins = ["https://shop.example"]\nflush_interval_ms = 100\n')

    settings = load({}, file=file)

    assert settings.allowed_origins == ["https://shop.example"]
    assert settings.flush_interval_ms == 100


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1\n", ["there is no setting prot", "did you mean port?"]),
        ("zzz = 1\n", ["there is no setting zzz", "the settings are", "remembered_ids"]),
        ('port = "8080"\n', ["port", "Expected `int`", "'8080'"]),
        ("port = 65536\n", ["port", "<= 65535", "65536"]),
        ("[server]\nport = 1\n", ["there is no setting server"]),
        ("port = \n", ["cannot be read", "line 1"]),
    ],
)
def test_a_bad_file_stops_the_start(file: Path, text: str, words: list[str]) -> None:
    """The message says which file, what is wrong and what to write instead."""
    file.write_text(text)

    with pytest.raises(SettingsError) as caught:
        load({}, file=file)

    assert all(word in str(caught.value) for word in [str(file), *words])


def test_a_file_that_is_no_text_stops_the_start(file: Path) -> None:
    """Whatever cannot be read is named, not passed over."""
    file.write_bytes(b"\xff\xfe")

    with pytest.raises(SettingsError, match="cannot be read"):
        load({}, file=file)


def test_a_directory_in_place_of_the_file_stops_the_start(file: Path) -> None:
    """Only a missing file is no settings."""
    file.mkdir()

    with pytest.raises(SettingsError, match="cannot be read"):
        load({}, file=file)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"RAPPORT_PROT": "1"}, ["RAPPORT_PROT", "did you mean RAPPORT_PORT?"]),
        ({"RAPPORT_PORT": "many"}, ["RAPPORT_PORT", "'many'"]),
        ({"RAPPORT_PORT": "-1"}, ["RAPPORT_PORT", ">= 0"]),
        ({"RAPPORT_FLUSH_INTERVAL_MS": "0"}, ["RAPPORT_FLUSH_INTERVAL_MS", ">= 1"]),
    ],
)
def test_a_bad_variable_stops_the_start(file: Path, environment: dict[str, str], words: list[str]) -> None:
    """An unknown variable with our prefix is a misspelt setting."""
    with pytest.raises(SettingsError) as caught:
        load(environment, file=file)

    assert all(word in str(caught.value) for word in words)


def test_a_bad_option_stops_the_start(file: Path) -> None:
    """An option is held to the same bounds."""
    with pytest.raises(SettingsError, match="the command line: port"):
        load({}, file=file, options={"port": 70000})


def test_a_secret_stays_out_of_the_message(file: Path) -> None:
    """A token that is too short is refused without being repeated."""
    with pytest.raises(SettingsError) as caught:
        load({"RAPPORT_TOKEN": "hunter2"}, file=file)

    assert "RAPPORT_TOKEN" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_password_stays_out_of_the_message(file: Path) -> None:
    """A number in a file is no password, and is not repeated either."""
    file.write_text("sasl_password = 8675309\n")

    with pytest.raises(SettingsError, match="sasl_password") as caught:
        load({}, file=file)

    assert "8675309" not in str(caught.value)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"security": "sasl_tls", "sasl_password": "p"}, ("SCRAM-SHA-512", "RAPPORT_SASL_USERNAME")),
        ({"security": "sasl_plaintext", "sasl_username": "u"}, ("RAPPORT_SASL_PASSWORD",)),
        ({"security": "sasl_tls", "sasl_mechanism": "OAUTHBEARER"}, ("RAPPORT_OAUTH_TOKEN_FILE",)),
        ({"security": "tls", "cert_file": "c.pem"}, ("cert_file and key_file",)),
        ({"security": "tls", "key_file": "k.pem"}, ("cert_file and key_file",)),
        ({"sasl_username": "u"}, ("sasl_username", "plaintext", "RAPPORT_SECURITY", "sasl_tls")),
        ({"security": "tls", "oauth_token_file": "t"}, ("oauth_token_file", "sasl_tls")),
        ({"ca_file": "ca.pem"}, ("ca_file", "tls or sasl_tls")),
        (
            {"security": "sasl_plaintext", "sasl_username": "u", "sasl_password": "p", "ca_file": "ca.pem"},
            ("ca_file", "sasl_plaintext"),
        ),
    ],
)
def test_a_way_to_connect_that_cannot_work_stops_the_start(
    file: Path, chosen: dict[str, object], words: tuple[str, ...]
) -> None:
    """What is missing is named; and what would be left unused, since somebody relies on it."""
    with pytest.raises(SettingsError) as caught:
        load({}, file=file, options=chosen)

    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    "chosen",
    [
        {"security": "tls"},
        {"security": "tls", "ca_file": "ca.pem", "cert_file": "c.pem", "key_file": "k.pem"},
        {"security": "sasl_plaintext", "sasl_username": "u", "sasl_password": "p"},
        {"security": "sasl_tls", "sasl_username": "u", "sasl_password": "p", "ca_file": "ca.pem"},
        {"security": "sasl_tls", "sasl_mechanism": "OAUTHBEARER", "oauth_token_file": "token"},
    ],
)
def test_a_whole_way_to_connect_is_taken(file: Path, chosen: dict[str, object]) -> None:
    """Nothing missing, nothing unused."""
    settings = load({}, file=file, options=chosen)

    assert all(getattr(settings, name) == value for name, value in chosen.items())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "rapport.example"])
def test_a_port_that_others_can_reach_needs_a_token(file: Path, host: str) -> None:
    """Without one the start is refused; with one it is not."""
    with pytest.raises(SettingsError, match="RAPPORT_TOKEN"):
        load({"RAPPORT_HOST": host}, file=file)

    assert load({"RAPPORT_HOST": host, "RAPPORT_TOKEN": TOKEN}, file=file).host == host
    assert load({"RAPPORT_HOST": host, "RAPPORT_TOKENS_FILE": "tokens.json"}, file=file).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_token(file: Path, host: str) -> None:
    """Only this machine can reach it."""
    assert is_loopback(host)
    assert load({"RAPPORT_HOST": host}, file=file).host == host


@pytest.mark.parametrize(("length", "fits"), [(15, False), (16, True)])
def test_a_token_has_at_least_sixteen_characters(file: Path, length: int, fits: bool) -> None:
    """Both sides of the bound."""
    environment = {"RAPPORT_TOKEN": "t" * length}

    if fits:
        assert load(environment, file=file).token == "t" * 16
    else:
        with pytest.raises(SettingsError):
            load(environment, file=file)

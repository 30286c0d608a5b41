"""hello's own pages, without a server."""

from flask.testing import FlaskClient

from hello.app import HelloSettings, create_app

ENVIRON = {
    "SECRET_KEY": "the-key",
    "DB_PASSWORD": "the-password",
    "API_BASE_URL": "https://api.example.com",
}


def client(**more: str) -> FlaskClient:
    return create_app(HelloSettings.load(ENVIRON | more)).test_client()


def test_the_sentence() -> None:
    answer = client().get("/")
    assert answer.text == "Hello, this is a message from your Python app!"
    assert answer.mimetype == "text/plain"


def test_config_masks_secrets() -> None:
    answer = client(LOG_LEVEL="WARNING", MAX_CONNECTIONS="50").get("/config")
    assert answer.json == {
        "message": "Config and secrets accessed",
        "SECRET_KEY": "********",
        "DB_PASSWORD": "********",
        "API_BASE_URL": "https://api.example.com",
        "LOG_LEVEL": "WARNING",
        "MAX_CONNECTIONS": "50",
    }


def test_config_reveals_on_purpose() -> None:
    told = client(REVEAL_SECRETS="true").get("/config").json
    assert told is not None
    assert (told["SECRET_KEY"], told["DB_PASSWORD"]) == ("the-key", "the-password")

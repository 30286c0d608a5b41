"""A small Flask service with settings and secrets, served by Morrow.

python -m morrow hello.app:service
"""

import logging
from typing import Literal

from flask import Flask, Response, jsonify

from morrow import Secret, Service, Settings, Url, setting


class HelloSettings(Settings):
    """What hello reads from its environment."""

    secret_key: Secret = setting(help="Signs what the service hands out.")
    db_password: Secret = setting(help="The password of the database.")
    api_base_url: Url = setting(help="The API that hello asks.", example="https://api.example.com")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO", help="The least level that is logged."
    )
    max_connections: int = setting(10, minimum=1, maximum=10_000, help="Connections at most.")
    reveal_secrets: bool = setting(
        False, unprotected_only=True, help="Show secrets in /config. For trying things only."
    )


def create_app(settings: HelloSettings) -> Flask:
    """Build the application. Everything it needs comes as an argument."""
    logging.getLogger().setLevel(settings.log_level)
    app = Flask(__name__)

    def shown(secret: Secret) -> str:
        return secret.reveal() if settings.reveal_secrets else str(secret)

    @app.get("/")
    def hello() -> Response:
        return Response("Hello, this is a message from your Python app!", mimetype="text/plain")

    @app.get("/config")
    def config() -> Response:
        return jsonify(
            message="Config and secrets accessed",
            SECRET_KEY=shown(settings.secret_key),
            DB_PASSWORD=shown(settings.db_password),
            API_BASE_URL=settings.api_base_url,
            LOG_LEVEL=settings.log_level,
            MAX_CONNECTIONS=str(settings.max_connections),
        )

    return app


service = Service(create_app, HelloSettings)

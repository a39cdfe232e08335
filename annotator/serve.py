"""`python -m annotator.serve`: the app in the foreground, silent unless something is wrong."""

import argparse
import sys
from typing import Any

from annotator.access import AccessError, AppSettings, check_address, secrets_file
from annotator.context import platform
from annotator.theme import streamlit_theme
from db.errors import PlatformError
from db.settings import Settings
from trainer.tracking.store import ask_briefly


def serve(access: AppSettings) -> None:
    """Listen until stopped. Raises AccessError, PlatformError before anything listens."""
    settings = Settings()
    check_address(access, settings)
    ask_briefly()
    platform()
    from annotator.app import build_app

    build_app(access).run(config=streamlit_config(access, settings))


def streamlit_config(access: AppSettings, settings: Settings) -> dict[str, Any]:
    """Streamlit's options: our address, nothing that calls home, its own protections on."""
    return {
        "server.address": access.host,
        "server.port": access.port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.showEmailPrompt": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        # Photos come in by a route of our own; Streamlit's would take bytes of anybody who only opened the start page.
        "server.maxUploadSize": 0,
        # Pages put back what was chosen on them before.
        "global.disableWidgetStateDuplicationWarning": True,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": "localhost" if access.is_loopback else access.host,
        "client.toolbarMode": "viewer",
        "client.showErrorLinks": False,
        "client.showErrorDetails": "none",
        "logger.hideWelcomeMessage": True,
        "logger.level": "warning",
        "secrets.files": [str(secrets_file(settings))],
        **streamlit_theme(),
    }


def main() -> None:
    settings = AppSettings()
    parser = argparse.ArgumentParser(prog="python -m annotator.serve", description="Serve heirloom's pages.")
    parser.add_argument("--host", default=settings.host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=settings.port, help="port (default: %(default)s)")
    arguments = parser.parse_args()
    sys.argv = sys.argv[:1]
    try:
        serve(settings.model_copy(update={"host": arguments.host, "port": arguments.port}))
    except (AccessError, PlatformError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()

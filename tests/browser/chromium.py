"""The browser of the distribution."""

import shutil

ARGUMENTS = ["--no-sandbox"]  # containers seldom allow the sandbox; nothing but our own server is visited


def find_chromium() -> str:
    """Return its path.

    Raises:
        FileNotFoundError: There is none; the message says how to get it.
    """
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise FileNotFoundError("these tests look through a real browser: apt-get install chromium")
    return path

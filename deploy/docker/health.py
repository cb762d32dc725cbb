"""Say by the exit code whether what runs in this container lives: `/healthz` on the one port or the other.

`rapport up` and `rapport dashboard` answer on RAPPORT_PORT, a worker on RAPPORT_METRICS_PORT.
"""

import http.client
import os
import sys

PORTS = {"RAPPORT_PORT": "8080", "RAPPORT_METRICS_PORT": "9108"}
TIMEOUT_S = 1


def lives(port: int) -> bool:
    """Ask on this port of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not any(lives(int(os.environ.get(name) or port)) for name, port in PORTS.items()))

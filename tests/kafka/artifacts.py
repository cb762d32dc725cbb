"""Apache Kafka's jars, fetched once with Maven into a cache directory (RAPPORT_KAFKA_HOME moves it)."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

VERSION: Final = "4.1.0"
FETCH_TIMEOUT_S: Final = 600

# Kafka comes without a binding for slf4j, and logs nothing without one.
_POM: Final = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rapport</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


class MissingPart(Exception):
    """Something that the broker needs is not on this machine. The message is the step to take."""


def home() -> Path:
    """Return the directory that holds the jars, whether they are there or not."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("RAPPORT_KAFKA_HOME") or cache / "rapport" / f"kafka-{VERSION}")


def jars(directory: Path) -> Path:
    """Return the directory of the jars below `directory`, after fetching them if they are not there yet.

    Raises:
        MissingPart: Maven is not installed, or could not fetch them.
    """
    wanted = directory / "libs"
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once: the second finds what the first has fetched
        if not wanted.is_dir():
            _fetch(wanted)
    return wanted


def tool(name: str) -> str:
    """Return the path of `java`, `mvn` or `openssl`.

    Raises:
        MissingPart: it is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise MissingPart(
            f"`{name}` is not on the PATH, and these tests run a real Apache Kafka. Either: "
            "apt-get install openjdk-17-jre-headless maven openssl. "
            "Or point RAPPORT_TEST_KAFKA=host:port at a broker"
        )
    return path


def _fetch(wanted: Path) -> None:
    """Fetch into a directory beside `wanted` and rename it: what is there is always whole."""
    maven = tool("mvn")
    with tempfile.TemporaryDirectory(dir=wanted.parent, prefix="fetching-") as name:
        work = Path(name)
        (work / "pom.xml").write_text(_POM, encoding="utf-8")
        command = [maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={work / 'libs'}"]
        try:
            ran = subprocess.run(
                command, cwd=work, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise MissingPart(
                f"Maven did not fetch Apache Kafka {VERSION} within {FETCH_TIMEOUT_S} s. Try it by hand with "
                "`mvn dependency:get -Dartifact=org.apache.kafka:kafka_2.13:" + VERSION + "`"
            ) from error
        if ran.returncode != 0:
            raise MissingPart(
                f"Maven could not fetch Apache Kafka {VERSION}: it needs a repository that it can reach "
                f"(~/.m2/settings.xml may name a mirror). It said:\n{(ran.stdout + ran.stderr)[-2000:]}"
            )
        (work / "libs").rename(wanted)

"""Apache Kafka's jars, by Maven, once for a machine; and the Java to run them."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from shared.cache import machine_cache
from shared.embedded.tenancy import StartFailed

VERSION = "4.4.0"
_OTHERWISE = "or set LIAISON_KAFKA_BOOTSTRAP=embedded"

# Without an SLF4J binding Kafka says nothing at all, not even why it will not start.
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>liaison</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


def missing() -> str | None:
    """What is not there for Kafka from jars ("Java", "Maven"); None when it can be had."""
    if shutil.which("java") is None:
        return "Java"
    return None if _complete(_folder()) or shutil.which("mvn") else "Maven"


def java() -> str:
    """The Java to run Kafka with; StartFailed where there is none."""
    found = shutil.which("java")
    if found is None:
        raise StartFailed(f"Kafka from jars needs Java 17 or later, which is not on the path: install it, {_OTHERWISE}")
    return found


def kafka_jars() -> Path:
    """The folder of Kafka's jars. The first call on a machine has Maven fetch 44 MB; StartFailed if it cannot."""
    folder = _folder()
    if not _complete(folder):
        with (folder / "fetch.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _complete(folder):
                _fetch(folder)
    return folder / "jars"


def _folder() -> Path:
    return machine_cache(f"kafka-{VERSION}")


def _complete(folder: Path) -> bool:
    return (folder / "jars" / f"kafka_2.13-{VERSION}.jar").exists()


def _fetch(folder: Path) -> None:
    if shutil.which("mvn") is None:
        raise StartFailed(f"Kafka's jars are fetched by Maven, which is not on the path: install it, {_OTHERWISE}")
    fresh = folder / "jars.new"
    shutil.rmtree(fresh, ignore_errors=True)
    (folder / "pom.xml").write_text(_POM)
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={fresh}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if "ERROR" in line] or ["no reason given"]
        raise StartFailed(f"Maven could not fetch Kafka's jars: {lines[0].removeprefix('[ERROR]').strip()[:300]}")
    shutil.rmtree(folder / "jars", ignore_errors=True)
    fresh.rename(folder / "jars")

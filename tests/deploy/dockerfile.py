"""The Dockerfile, read: its instructions, stage by stage."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PATH = ROOT / "deploy/docker/Dockerfile"


class Instruction(NamedTuple):
    """`word` is what is done (RUN, COPY, …), `rest` what stands after it, on one line."""

    word: str
    rest: str


def stages(text: str) -> list[list[Instruction]]:
    """Return the instructions of each stage; the first of a stage is its FROM."""
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found: list[list[Instruction]] = []
    for line in re.sub(r"\\\n\s*", "", code).splitlines():
        if not line.strip():
            continue
        instruction = Instruction(*(line.split(maxsplit=1)))
        if instruction.word == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def values(stage: list[Instruction], word: str) -> list[str]:
    """Return what stands after each instruction of a kind."""
    return [each.rest for each in stage if each.word == word]


def environment(stage: list[Instruction]) -> dict[str, str]:
    """Return the variables that a stage sets."""
    return dict(pair.split("=", 1) for rest in values(stage, "ENV") for pair in shlex.split(rest))  # type: ignore[misc]


def faults(text: str) -> list[str]:
    """Return what is wrong with a Dockerfile, whatever it is about: the rules that linters have."""
    found = []
    everything = stages(text)
    last = everything[-1]
    for stage in everything:
        base = stage[0].rest.split()[0]
        if not re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?", base):
            found.append(f"{base}: pin the base image")
    for instruction in (each for stage in everything for each in stage):
        match instruction:
            case ("ADD", _):
                found.append("ADD: use COPY")
            case ("RUN", rest) if "apt-get install" in rest:
                if "--no-install-recommends" not in rest or not re.search(r"-y\b|--yes", rest):
                    found.append("apt-get install: --yes and --no-install-recommends")
                if "rm -rf /var/lib/apt/lists/*" not in rest or "apt-get update" not in rest:
                    found.append("apt-get install: update before and remove the lists in the same layer")
            case ("RUN", rest) if re.search(r"\b(curl|wget|sudo)\b", rest):
                found.append("RUN: nothing is fetched from an address, nothing is done by sudo")
            case ("RUN", rest) if "pip install" in rest and not re.search(
                r"--require-hashes|--no-deps", rest
            ):
                found.append("pip install: by hashes")
            case ("COPY", rest) if rest.split()[0] in {".", "./"}:
                found.append("COPY: name what is copied")
            case ("ENV" | "ARG", rest) if re.search(r"(?i)token|secret|password", rest):
                found.append(f"{instruction.word}: no secrets in an image")
            case ("CMD" | "ENTRYPOINT", rest) if not rest.startswith("["):
                found.append(f"{instruction.word}: as a list, so that signals arrive")
    users = values(last, "USER")
    if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        found.append("USER: a number that is not root's, so that it can be checked")
    if [each.word for each in last].count("HEALTHCHECK") != 1:
        found.append("HEALTHCHECK: one")
    return found

"""Load a model: from a preset, a file or a text to a checked `Model`. Of the outside it only reads files."""

from pathlib import Path

import msgspec

from streams.model.check import check_draft
from streams.model.definition import Model
from streams.model.digest import digest_of
from streams.model.extend import laid_over
from streams.model.fields import Notes
from streams.model.order import in_dependency_order
from streams.model.problems import ModelError, Problem, did_you_mean
from streams.model.read import read_text
from streams.model.sections import read_model, scalar_text
from streams.model.tree import Mapping, Tree, child, is_null

PRESETS = Path(__file__).parent / "presets"
CHAIN_LIMIT = 8


class Checked(msgspec.Struct, frozen=True):
    """What loading came to: the model (None after an error), all problems, and the texts by file name."""

    model: Model | None
    problems: tuple[Problem, ...]
    texts: dict[str, str]


def load_model(name_or_path: str) -> Model:
    """Return the model of a preset's name or of a file.

    Raises:
        ModelError: the file cannot be read or the model has an error.
    """
    return checked_or_raise(check_model(name_or_path))


def load_model_text(text: str, *, name: str = "<text>") -> Model:
    """Return the model that a text says; `extends` in it may name presets only.

    Raises:
        ModelError: the model has an error.
    """
    return checked_or_raise(check_text(text, name=name))


def checked_or_raise(checked: Checked) -> Model:
    """Return the model, or raise what is wrong with it."""
    if checked.model is None:
        raise ModelError(checked.problems)
    return checked.model


def check_model(name_or_path: str) -> Checked:
    """Read and check a preset or a file."""
    path = locate(name_or_path, beside=None)
    text, problems = read_file(path, name_or_path)
    if text is None:
        return Checked(model=None, problems=tuple(problems), texts={})
    shown = path.name if path.parent == PRESETS else name_or_path
    return check(text, name=shown, beside=path.parent)


def check_text(text: str, *, name: str = "<text>") -> Checked:
    """Read and check a text."""
    return check(text, name=name, beside=None)


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets that come with Rapport."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.yaml")))


def preset_descriptions() -> dict[str, str]:
    """Return what each preset says of itself, by name."""
    described: dict[str, str] = {}
    for name in preset_names():
        text, _ = read_file(PRESETS / f"{name}.yaml", name)
        tree, _ = read_text(name=name, text=text or "")
        described[name] = scalar_text(child(tree, "description"))
    return described


def check(text: str, *, name: str, beside: Path | None) -> Checked:
    """Read a text, follow `extends`, read the model and check it."""
    texts: dict[str, str] = {}
    notes = Notes()
    tree = read_with_parents(notes, text, name=name, beside=beside, texts=texts, chain=())
    if tree is None:
        return Checked(model=None, problems=in_order(notes.problems, name), texts=texts)
    draft = read_model(notes, tree)
    check_draft(notes, draft)
    problems = in_order(notes.problems, name)
    if any(problem.severity == "error" for problem in problems):
        return Checked(model=None, problems=problems, texts=texts)
    model = in_dependency_order(draft.model)
    return Checked(
        model=msgspec.structs.replace(model, digest=digest_of(model)), problems=problems, texts=texts
    )


def in_order(problems: list[Problem], name: str) -> tuple[Problem, ...]:
    """Return problems by place, those of the file itself before those of the files that it extends."""
    return tuple(
        sorted(
            problems, key=lambda problem: (problem.file != name, problem.file, problem.line, problem.column)
        )
    )


def read_with_parents(
    notes: Notes, text: str, *, name: str, beside: Path | None, texts: dict[str, str], chain: tuple[str, ...]
) -> Mapping | None:
    """Return the tree of a text laid over the models that it extends; None when that cannot be done."""
    texts[name] = text
    tree, problems = read_text(name=name, text=text)
    notes.problems.extend(problems)
    if tree is None:
        return None
    if not isinstance(tree, Mapping):
        notes.add(tree, "a model is keys and values", "start with model: my-model")
        return None
    wanted = child(tree, "extends")
    if wanted is None or is_null(wanted):
        return tree
    parent = read_parent(notes, wanted, beside=beside, texts=texts, chain=(*chain, name))
    return None if parent is None else laid_over(parent, tree)


def read_parent(
    notes: Notes, wanted: Tree, *, beside: Path | None, texts: dict[str, str], chain: tuple[str, ...]
) -> Mapping | None:
    """Return the tree of the model that `extends` names: a preset, or a file beside the child's."""
    name = scalar_text(wanted)
    if not name:
        notes.add(wanted, "extends names one preset or one file", "extends: starter")
        return None
    if beside is None and name not in preset_names():
        notes.add(wanted, f"{name} is not a preset", preset_hint(name))
        return None
    path = locate(name, beside=beside)
    shown = path.name if path.parent == PRESETS else str(path)
    if shown in chain or len(chain) >= CHAIN_LIMIT:
        notes.add(wanted, f"{name} extends itself in the end", "break the circle")
        return None
    text, problems = read_file(path, name)
    if text is None:
        notes.add(wanted, problems[0].reason, problems[0].suggestion)
        return None
    return read_with_parents(notes, text, name=shown, beside=path.parent, texts=texts, chain=chain)


def locate(name: str, *, beside: Path | None) -> Path:
    """Return where a preset or a file is to be found."""
    if name in preset_names():
        return PRESETS / f"{name}.yaml"
    return Path(name) if beside is None else beside / name


def read_file(path: Path, name: str) -> tuple[str | None, list[Problem]]:
    """Return the text of a file, or None and why it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig"), []
    except UnicodeDecodeError as fault:
        return None, [Problem(file=name, reason=f"not UTF-8: byte {fault.start} cannot be read")]
    except FileNotFoundError:
        return None, [
            Problem(file=name, reason=f"no file and no preset {name}", suggestion=preset_hint(name))
        ]
    except OSError as fault:
        return None, [Problem(file=name, reason=f"cannot be read: {fault.strerror or fault}")]
    except ValueError:
        return None, [Problem(file=name, reason="this is not the name of a file")]


def preset_hint(name: str) -> str:
    """Return the preset that may be meant, or all of them."""
    return did_you_mean(name, preset_names()) or f"presets: {', '.join(preset_names())}"

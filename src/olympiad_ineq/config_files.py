"""A config file is read as it is meant: one that says two things at once is refused.

YAML forbids a key twice in one mapping; its readers take the last and forget the rest in silence.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from olympiad_ineq.errors import UserError, from_os_error

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first takes under a millisecond


def check(path: Path) -> None:
    """See that a file is YAML with settings, and has no key twice.

    Raises:
        UserError: it cannot be read, is not YAML, holds no settings, or has a key twice: with the
            lines.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=_LOADER)
        found = yaml.load(text, Loader=_LOADER)
        json.dumps(found, default=str)
    except PermissionError as error:
        raise UserError(str(path), "you may not read it", f"chmod u+r {path}") from error
    except OSError as error:
        raise from_os_error(error, path) from error
    # besides what is no YAML: 2024-99-99 is no date, a list no key, an anchor not its own content
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else str(error).splitlines()[0]
        raise UserError(str(path), f"it is not YAML ({where})", "correct that file") from error
    if not isinstance(found, dict):
        rule, fix = "it holds no settings", "write `key: value` lines in it, or do not name it"
        raise UserError(str(path), rule, fix)
    for key, one, other in _repeated(root, (), set()):
        lines = f"lines {one} and {other}" if one != other else f"line {one}"
        rule = f"the key {key} stands twice, in {lines}"
        raise UserError(str(path), rule, "keep one of them, with what belongs under it")


def _repeated(
    node: yaml.Node | None, above: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[str, int, int]]:
    if node is None or id(node) in seen:  # an alias may lead back to where it stands
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item, above, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[tuple[str, str], int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        name = (key.tag, key.value)
        line = key.start_mark.line + 1
        if name in lines and key.tag != "tag:yaml.org,2002:merge":
            yield ".".join((*above, key.value)), lines[name], line
        lines.setdefault(name, line)
        yield from _repeated(value, (*above, key.value), seen)

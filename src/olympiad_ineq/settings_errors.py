"""What a broken rule of the config is called: the words of the config file, not those of Python."""

import difflib
import json
import re
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from olympiad_ineq.errors import UserError

_WORDS = {
    "tuple_type": "it should be a list",
    "dict_type": "it should be a mapping of keys to values",
    "model_type": "it should be a mapping of keys to values",
    "float_type": "it should be a number",
    "float_parsing": "it should be a number",
    "int_type": "it should be a whole number",
    "int_parsing": "it should be a whole number",
    "int_from_float": "it should be a whole number",
    "bool_type": "it should be true or false",
    "bool_parsing": "it should be true or false",
    "string_type": "it should be text",
}


class Broken(ValueError):
    """A rule that a section's validator found broken, with its fix."""

    def __init__(self, rule: str, fix: str) -> None:
        super().__init__(rule)
        self.fix = fix


def broken(error: ValidationError) -> tuple[str, str]:
    """Rule and fix of the first thing wrong."""
    first = error.errors()[0]
    fix = getattr(first.get("ctx", {}).get("error"), "fix", "change that value")
    return _small(first["msg"].removeprefix("Value error, ")), fix


def explain(error: ValidationError, root: type[BaseModel]) -> UserError:
    """The first thing wrong with a config, by the key's dotted name, its value and the fix."""
    first = error.errors()[0]
    place, kind, value = first["loc"], first["type"], first["input"]
    dotted = ".".join(map(str, place))
    if kind == "extra_forbidden":
        return _unknown_key(root, [str(part) for part in place])
    if kind == "missing":
        return UserError(f"config {dotted}", "the key is missing", f"set {dotted}")
    if kind == "value_error":
        return UserError(f"config {dotted}".strip(), *broken(error))
    if place[-1:] == ("[key]",):
        pattern = first.get("ctx", {}).get("pattern", "")
        rule = f"the name does not match {pattern}" if pattern else "the name is no text"
        fix = "choose a name of small letters and digits" if pattern else "put it in quotes"
        return UserError(f"config {dotted.removesuffix('.[key]')}", rule, fix)
    what = f"config {dotted} = {_shown(value)}"
    annotation, in_schema = _at(root, place)
    fix = f"see {in_schema} in config/settings.schema.json"
    if kind == "tuple_type":
        plain = isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
        fix = f"write a list: {f'[{value}]' if plain else _example(annotation)}"
    elif kind in ("dict_type", "model_type"):
        fix = f"write a mapping: {_example(annotation)}"
    if kind == "too_short":
        return UserError(what, f"it should name {first['ctx']['min_length']} or more", fix)
    rule = _WORDS.get(kind) or re.sub(r"^\w+ should", "it should", _small(first["msg"]))
    return UserError(what, rule, fix)


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _shown(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)


def _unknown_key(root: type[BaseModel], place: Sequence[str]) -> UserError:
    section = _at(root, place[:-1])[0]
    known = sorted(section.model_fields) if _is_section(section) else []
    close = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.5)
    fix = (
        f"did you mean {'.'.join((*place[:-1], close[0]))}?"
        if close
        else f"the keys there are {', '.join(known)}"
    )
    return UserError(f"config {'.'.join(place)}", "there is no such key", fix)


def _at(root: type[BaseModel], place: Sequence[str | int]) -> tuple[Any, str]:
    """The type that stands at a place (None: none), and the place's name in the schema."""
    found: Any = root
    names: list[str] = []
    for part in place:
        kind = get_origin(found)
        if kind is dict:
            found = get_args(found)[1]
            names.append("<name>")
        elif kind is tuple:
            found = get_args(found)[0]
        else:
            field = found.model_fields.get(part) if _is_section(found) else None
            found = field.annotation if field else None
            names.append(str(part))
        found = _bare(found)
    return found, ".".join(names)


def _bare(annotation: Any) -> Any:
    """Without bounds and without `| None`."""
    kind = get_origin(annotation)
    if kind is Annotated:
        return _bare(get_args(annotation)[0])
    if kind in (Union, UnionType):
        return _bare(next(option for option in get_args(annotation) if option is not NoneType))
    return annotation


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _example(annotation: Any, field: FieldInfo | None = None) -> str:
    """A value of this type as YAML has it on one line; of a section one key stands for all."""
    annotation = _bare(annotation)
    kind, inner = get_origin(annotation), get_args(annotation)
    if kind is dict:
        return f"{{mine: {_example(inner[1])}}}"
    if kind is tuple:
        return f"[{_example(inner[0])}]"
    if kind is Literal:
        return str(inner[0])
    if _is_section(annotation):
        fields = annotation.model_fields.items()
        key, of = next(
            ((k, f) for k, f in fields if not _is_section(_bare(f.annotation))), next(iter(fields))
        )
        return f"{{{key}: {_example(of.annotation, of)}}}"
    default = field.default if field and isinstance(field.default, int | float) else 1
    return {bool: "true", str: "..."}.get(annotation, str(default))

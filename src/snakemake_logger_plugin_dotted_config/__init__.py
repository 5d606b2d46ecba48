"""Lets `snakemake --config train.learning_rate=1e-5` set one nested value.

Snakemake refuses a dot in a --config key before any Snakefile is read, and offers no hook there.
It does import every module named `snakemake_logger_plugin_...` before it parses --config, so this
one, named like that, wraps the parser: dotted keys are set aside, values keep Snakemake's own
reading, and the result is the nested mapping that Snakemake merges over the config files.
As a logger it is the base class alone: nothing ever selects it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from snakemake import cli
from snakemake_interface_logger_plugins.base import LogHandlerBase as LogHandler

__all__ = ["LogHandler"]

Parser = Callable[[Sequence[str] | None], dict[str, Any]]


def _nested(parse: Parser) -> Parser:
    def parse_config(entries: Sequence[str] | None) -> dict[str, Any]:
        from snakemake.utils import update_config

        config: dict[str, Any] = {}
        for entry in entries or ():
            key, separator, value = entry.partition("=")
            *above, last = key.split(".")
            # Snakemake wants two characters in a name; the settings say which names there are.
            parsed = parse([f"{last}{separator}{value}"])
            for part in reversed(above):
                parsed = {part: parsed}
            update_config(config, parsed)
        return config

    return parse_config


cli.parse_config = _nested(cli.parse_config)

"""The JSON Schema of the configuration: documentation, editor completion and the chart's value check.

It is made of the same models that read the document, and of the options of the plugins that are
installed, so it cannot say anything else than what holds. It refuses to be written by hand.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from auditor.config.document import Configuration
from auditor.plugins import PluginKind, installed, load_plugin, options_model

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_WORDS: Final = {
    PluginKind.SINK: ("SinkChoice", "type"),
    PluginKind.RENDERER: ("Desired", "renderer"),
}
"""Which section chooses a plugin, and by which field."""


def configuration_schema() -> dict[str, Any]:
    """Describe auditor.yaml as JSON Schema, options of the installed plugins included."""
    schema = Configuration.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    for kind, (section, word) in _WORDS.items():
        chosen = [_when(kind, plugin.name, word, definitions) for plugin in installed(kind)]
        if chosen:
            definitions[section]["allOf"] = [rule for rule in chosen if rule]
    return {"$schema": _DIALECT, **schema, "title": "auditor.yaml"}


def _when(kind: PluginKind, name: str, word: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Say: where the plugin of this name is chosen, the options are its own."""
    model = options_model(load_plugin(kind, name))
    if model is None:
        return {}
    reference = _adopt(model, f"{kind.word}.{name}", definitions)
    return {
        "if": {"properties": {word: {"const": name}}, "required": [word]},
        "then": {"properties": {"options": reference}},
    }


def _adopt(model: type[BaseModel], prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Take a plugin's model among the definitions, under names that cannot collide."""
    template = f"#/$defs/{prefix}.{{model}}"
    schema = model.model_json_schema(by_alias=True, ref_template=template)
    for inner, definition in schema.pop("$defs", {}).items():
        definitions[f"{prefix}.{inner}"] = definition
    definitions[prefix] = schema
    return {"$ref": f"#/$defs/{prefix}"}

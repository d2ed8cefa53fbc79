"""Numbers that are numbers: by itself pydantic takes `true` and the text "5" for them, and 1 and "yes" for `true`."""

from typing import Any

_LAX = ("int", "float", "bool")
_NO_SCHEMAS = {"metadata", "serialization", "default", "expected"}
"""Parts of a schema that are values, or say how to write."""


def strict_numbers(schema: Any, *, inside: bool = False) -> Any:  # a part of pydantic's description of a model
    """The schema of a model in which no number and no truth value is made of something else; an integer is a float too.

    Models `inside` it have seen to that themselves.
    """
    if isinstance(schema, list):
        return [strict_numbers(part, inside=inside) for part in schema]
    if not isinstance(schema, dict) or (inside and schema.get("type") == "model"):
        return schema
    strict = {"strict": True} if schema.get("type") in _LAX else {}
    deeper = inside or schema.get("type") == "model"
    parts = {k: v if k in _NO_SCHEMAS else strict_numbers(v, inside=deeper) for k, v in schema.items()}
    return parts | strict

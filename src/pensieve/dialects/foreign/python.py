"""Python as text: literals, and the calls of a few lines of code that hold nothing else."""

from __future__ import annotations

import ast
from typing import Any

LONGEST = 100_000
"""Characters that are parsed."""
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": None}
PythonCall = tuple[str, list[Any], dict[str, Any]]


def calls_in(code: str) -> list[PythonCall] | None:
    """Each call's name, positional arguments and named arguments. None: the code is something else.

    A call may stand alone, in a list, in `print()`, or be assigned to a name.
    """
    if len(code) > LONGEST:
        return None
    try:
        statements = ast.parse(code).body
        return [call for statement in statements for call in _of_statement(statement)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def value_of(code: str) -> Any:
    """The value of a literal. ValueError: it is none."""
    if len(code) > LONGEST:
        raise ValueError("too long")
    try:
        return _literal(ast.parse(code, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("no literal") from error


def _of_statement(statement: ast.stmt) -> list[PythonCall]:
    if isinstance(statement, ast.Expr | ast.Assign):
        return _of_value(statement.value)
    raise ValueError("not a call")


def _of_value(value: ast.expr) -> list[PythonCall]:
    match value:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [call for element in elements for call in _of_value(element)]
        case ast.Await(value=inner) | ast.Call(func=ast.Name(id="print"), args=[inner]):
            return _of_value(inner)
        case ast.Call(func=function, args=positional, keywords=named):
            members = {str(one.arg): _literal(one.value) for one in named if one.arg is not None}
            if len(members) < len(named):
                raise ValueError("arguments that are not written out")
            return [(_name(function), [_literal(one) for one in positional], members)]
    raise ValueError("not a call")


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return f"{module}.{name}"
    raise ValueError("not a name")


def _literal(node: ast.expr) -> Any:
    """The value of a literal; JavaScript's words for constants are understood too."""
    match node:
        case ast.Name(id=word) if word in _CONSTANTS:
            return _CONSTANTS[word]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_literal(element) for element in elements]
        case ast.Dict(keys=keys, values=values):
            return {_key(key): _literal(value) for key, value in zip(keys, values, strict=True)}
    value = ast.literal_eval(node)
    if not isinstance(value, str | int | float | bool | None):
        raise ValueError("no value that JSON has")
    return value


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError("no key that JSON has")

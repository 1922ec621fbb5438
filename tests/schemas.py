"""Schemas of tools: what clients really send, and the corners. A description would change nothing, so there are few."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
DRAFT = "http://json-schema.org/draft-07/schema#"


def one_of(*values: Any) -> Schema:
    return {"type": "string", "enum": list(values)}


def many(item: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": item, **more}


def thing(required: str = "", /, **members: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": members}
    return schema | ({"required": required.split()} if required else {})


def closed(required: str = "", /, **members: Schema) -> Schema:
    return thing(required, **members) | {"additionalProperties": False, "$schema": DRAFT}


CLAUDE_CODE: dict[str, Schema] = {
    "Bash": closed(
        "command",
        command=TEXT,
        timeout=NUMBER,
        description=TEXT,
        run_in_background=FLAG,
        dangerouslyDisableSandbox=FLAG,
    ),
    "Read": closed(
        "file_path",
        file_path=TEXT,
        offset=WHOLE | {"minimum": 0, "maximum": 9007199254740991},
        limit=WHOLE | {"exclusiveMinimum": 0, "maximum": 9007199254740991},
        pages=TEXT,
    ),
    "Edit": closed(
        "file_path old_string new_string",
        file_path=TEXT,
        old_string=TEXT,
        new_string=TEXT,
        replace_all=FLAG | {"default": False},
    ),
    "Write": closed("file_path content", file_path=TEXT, content=TEXT),
    "Grep": closed(
        "pattern",
        **{"pattern": TEXT, "path": TEXT, "-A": NUMBER, "-B": NUMBER, "-i": FLAG, "-n": FLAG, "type": TEXT},
        output_mode=one_of("content", "files_with_matches", "count"),
        head_limit=NUMBER,
        multiline=FLAG,
    ),
    "Glob": closed("pattern", pattern=TEXT, path=TEXT),
    "TodoWrite": closed(
        "todos",
        todos=many(
            closed(
                "content status activeForm",
                content=TEXT | {"minLength": 1},
                status=one_of("pending", "in_progress", "completed"),
                activeForm=TEXT | {"minLength": 1},
            )
        ),
    ),
    "WebFetch": closed("url prompt", url=TEXT | {"format": "uri"}, prompt=TEXT),
    "WebSearch": closed("query", query=TEXT | {"minLength": 2}, allowed_domains=many(TEXT), blocked_domains=many(TEXT)),
    "Task": closed(
        "description prompt subagent_type",
        description=TEXT,
        prompt=TEXT,
        subagent_type=TEXT,
        model=one_of("sonnet", "opus", "haiku"),
        isolation={"const": "worktree", "type": "string"},
    ),
    "AskUserQuestion": closed(
        "questions",
        questions=many(
            closed(
                "question header options multiSelect",
                question=TEXT,
                header=TEXT,
                options=many(closed("label description", label=TEXT, description=TEXT), minItems=2, maxItems=4),
                multiSelect=FLAG,
            ),
            minItems=1,
            maxItems=4,
        ),
        answers={"type": "object", "propertyNames": TEXT, "additionalProperties": TEXT},
    ),
    "NotebookEdit": closed(
        "notebook_path new_source",
        notebook_path=TEXT,
        cell_id=TEXT,
        new_source=TEXT,
        cell_type=one_of("code", "markdown"),
        edit_mode=one_of("replace", "insert", "delete"),
    ),
    "ExitPlanMode": closed("", allowedPrompts=many(closed("tool prompt", tool=one_of("Bash"), prompt=TEXT)))
    | {"additionalProperties": {}},
    "KillShell": closed("shell_id", shell_id=TEXT),
    "ToolSearch": closed("query max_results", query=TEXT, max_results=NUMBER | {"default": 5}),
    "CronCreate": closed("cron prompt", cron=TEXT, prompt=TEXT, recurring=FLAG, durable=FLAG),
}

SDK: dict[str, Schema] = {
    "get_weather": thing("location", location=TEXT, unit=one_of("celsius", "fahrenheit")),
    "get_stock_price": thing("ticker", ticker=TEXT),
    "calculate": thing("expression", expression=TEXT),
    "record_summary": thing(
        "key_colors description",
        key_colors=many(thing("r g b name", r=NUMBER, g=NUMBER, b=NUMBER, name=TEXT), maxItems=4),
        description=TEXT,
        estimated_year=WHOLE,
    ),
    "get_time": thing(),
    "print_entities": thing("entities", entities=many(thing("name type", name=TEXT, type=one_of("person", "place")))),
}

MCP: dict[str, Schema] = {
    "read_multiple_files": thing("paths", paths=many(TEXT, minItems=1)),
    "edit_file": thing(
        "path edits", path=TEXT, edits=many(closed("oldText newText", oldText=TEXT, newText=TEXT)), dryRun=FLAG
    ),
    "directory_tree": thing("path", path=TEXT, excludePatterns=many(TEXT, default=[])),
    "list_allowed_directories": thing() | {"required": []},
    "git_diff": thing("repo_path target", repo_path=TEXT, target=TEXT, context_lines=WHOLE | {"default": 3})
    | {"title": "GitDiff"},
    "git_log": thing(
        "repo_path",
        repo_path=TEXT,
        max_count=WHOLE | {"default": 10},
        start_timestamp={"anyOf": [TEXT, {"type": "null"}], "default": None},
    ),
    "sqlite_write": thing("query", query=TEXT, params=many({"type": ["string", "number", "boolean", "null"]})),
    "postgres_query": thing("sql", sql=TEXT, limit=WHOLE | {"minimum": 1, "maximum": 1000}),
    "browser_click": closed("element ref", element=TEXT, ref=TEXT, doubleClick=FLAG, button=one_of("left", "right")),
    "browser_fill_form": closed(
        "fields",
        fields=many(
            closed("name type ref value", name=TEXT, type=one_of("textbox", "checkbox", "slider"), ref=TEXT, value=TEXT)
        ),
    ),
    "slack_post": thing("channel_id text", channel_id=TEXT, text=TEXT),
    "create_entities": thing(
        "entities",
        entities=many(closed("name entityType observations", name=TEXT, entityType=TEXT, observations=many(TEXT))),
    ),
    "create_issue": thing(
        "owner repo title", owner=TEXT, repo=TEXT, title=TEXT, body=TEXT, labels=many(TEXT), milestone=NUMBER
    ),
    "sequential_thinking": thing(
        "thought nextThoughtNeeded thoughtNumber",
        thought=TEXT,
        nextThoughtNeeded=FLAG,
        thoughtNumber=WHOLE | {"minimum": 1},
    ),
    "notion_page": {
        "type": "object",
        "properties": {"parent": {"$ref": "#/$defs/parent"}, "title": TEXT},
        "required": ["parent"],
        "$defs": {
            "parent": {
                "anyOf": [
                    closed("page_id", page_id=TEXT | {"format": "uuid"}),
                    closed("database_id", database_id=TEXT | {"format": "uuid"}),
                ]
            }
        },
    },
}

NODE: Schema = {"node": closed("value", value=WHOLE, children=many({"$ref": "#/$defs/node"}, maxItems=2))}

CORNERS: dict[str, Schema] = {
    "empty": {},
    "nested_refs": thing("a", a={"$ref": "#/definitions/A"})
    | {"definitions": {"A": thing("b", b={"$ref": "#/definitions/B"}), "B": one_of("x", "y")}},
    "recursion": thing("tree", tree={"$ref": "#/$defs/node"}) | {"$defs": NODE},
    "recursion_to_the_root": thing("name", name=TEXT, child={"$ref": "#"}),
    "one_of": thing("value", value={"oneOf": [TEXT, WHOLE]}),
    "one_of_objects": thing("shape", shape={"oneOf": [closed("radius", radius=NUMBER), closed("side", side=NUMBER)]}),
    "any_of": thing("value", value={"anyOf": [FLAG, many(WHOLE, maxItems=3), {"type": "null"}]}),
    "any_of_at_the_top": {"type": "object", "anyOf": [closed("id", id=WHOLE), closed("name", name=TEXT)]},
    "all_of": {"type": "object", "allOf": [thing("a", a=TEXT), thing("b", b=WHOLE)]},
    "pattern": thing("code", code=TEXT | {"pattern": "^[A-Z]{2}-\\d{3}$"}),
    "pattern_anywhere": thing("code", code=TEXT | {"pattern": "a|b/c"}),
    "formats": thing("when", when=TEXT | {"format": "date-time"}, mail=TEXT | {"format": "email"}, day=TEXT),
    "odd_format": thing("key", key=TEXT | {"format": "no-such-format"}),
    "bounds": thing(
        "n", n=WHOLE | {"minimum": -5, "maximum": 5}, x=NUMBER | {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
    ),
    "even": thing("n", n=WHOLE | {"multipleOf": 2}),
    "lengths": thing("name", name=TEXT | {"minLength": 2, "maxLength": 4}),
    "items": thing("list", list=many(WHOLE, minItems=2, maxItems=3)),
    "unique_items": thing("list", list=many(one_of("a", "b"), uniqueItems=True)),
    "tuple": thing("pair", pair={"type": "array", "prefixItems": [TEXT, WHOLE], "items": False, "minItems": 2}),
    "old_tuple": thing("pair", pair={"type": "array", "items": [FLAG, WHOLE], "additionalItems": False, "minItems": 2})
    | {"$schema": DRAFT},
    "enum_of_500": thing("city", city=one_of(*(f"city {number}" for number in range(500)))),
    "large_enum": thing("word", word=one_of(*(f"word number {number * 7919}" for number in range(5000)))),
    "odd_enum": thing("value", value={"enum": ["a", 1, 2.5, None, True, 'it\'s "so"\n']}),
    "unicode": thing("naïve größe", naïve=TEXT, größe=WHOLE, 名前=TEXT),
    "odd_names": thing("", **{"with space": WHOLE, "a-b": FLAG, "a.b": TEXT, "$x": WHOLE}),
    "constants": thing("kind version", kind={"const": "user"}, version={"const": 2}),
    "nullable": thing("name", name={"type": ["string", "null"]}, age={"type": "integer", "nullable": True}),
    "conditional": thing("kind", kind=one_of("a", "b"), extra=TEXT)
    | {"if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["extra"]}},
    "other_members": {"type": "object", "additionalProperties": WHOLE},
    "more_members": thing("id", id=WHOLE) | {"additionalProperties": FLAG},
    "names_by_pattern": {"type": "object", "patternProperties": {"^x_[a-z]+$": WHOLE}, "additionalProperties": False},
    "names_by_list": {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": WHOLE},
    "fifty": thing("", **{f"option_{number}": (TEXT, WHOLE, FLAG)[number % 3] for number in range(50)}),
    "at_least_one": thing("", a=WHOLE, b=WHOLE) | {"minProperties": 1},
    "required_or": thing("", a=WHOLE, b=WHOLE) | {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    "anything": thing("value", value={}),
    "anything_true": thing("value", value=True),  # type: ignore[arg-type]  # schemas may be booleans
    "deep": thing("a", a=thing("b", b=thing("c", c=thing("d", d=many(thing("e", e=WHOLE), maxItems=2))))),
}

BROKEN: dict[str, Any] = {
    "no_object": {"type": "string"},
    "unknown_type": thing("a", a={"type": "str"}),
    "bad_pattern": thing("a b", a=TEXT | {"pattern": "[a"}, b=WHOLE),
    "lookaround": thing("a", a=TEXT | {"pattern": "^(?!x).*$"}),
    "circle": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}},
    "circle_in_all_of": {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"type": "object"}]}}},
    "endless": thing("a", a={"$ref": "#"}),
    "nothing_fits": thing("a", a=False),  # type: ignore[arg-type]  # as above
    "no_such_definition": thing("a b", a={"$ref": "#/$defs/none"}, b=WHOLE),
    "elsewhere": thing("a", a={"$ref": "https://example.com/a.json"}),
    "wrong_kinds": {"type": "object", "properties": [1], "required": "a", "minProperties": "x", "enum": {}},
    "members_that_are_no_schemas": {"type": "object", "properties": {"a": 5, "b": None, "c": []}},
    "huge_bounds": thing("a", a=NUMBER | {"minimum": -1e300}, b=WHOLE | {"minimum": 10**30}),
    "long_chain": thing("a", a={"$ref": "#/$defs/n0"})
    | {"$defs": {f"n{n}": {"$ref": f"#/$defs/n{n + 1}"} for n in range(3000)} | {"n3000": TEXT}},
    "long_ladder": thing("a", a={"$ref": "#/$defs/n0"})
    | {"$defs": {f"n{n}": thing("", x={"$ref": f"#/$defs/n{n + 1}"}) for n in range(300)} | {"n300": TEXT}},
    "too_many_members": thing("", **{f"p{number}": TEXT for number in range(5000)}),
    "a_megabyte": thing("a", a=one_of(*(f"value with some text {number * 7919}" for number in range(40000)))),
    "cross_product": {
        "type": "object",
        "allOf": [{"anyOf": [thing(f"a{i}{j}", **{f"a{i}{j}": TEXT}) for j in range(7)]} for i in range(7)],
    },
    "not_a_number": thing("a", a=NUMBER | {"minimum": float("nan")}),
    "half_a_pair": thing("a", a=one_of("\ud800")),
    "large_counts": thing("a", a=many(TEXT, minItems=10**9), b=TEXT | {"minLength": 10**12}),
    "x_guidance": thing("a", a=WHOLE) | {"x-guidance": {"lenient": 5}},
}
"""What is no schema, or none that can be compiled."""


def deep(levels: int) -> Schema:
    schema: Schema = TEXT
    for _ in range(levels):
        schema = thing("", a=schema)
    return schema


BROKEN |= {"too_deep": deep(200), "far_too_deep": deep(5000)}

REAL = CLAUDE_CODE | SDK | MCP
SCHEMAS = REAL | CORNERS

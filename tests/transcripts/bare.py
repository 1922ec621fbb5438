"""Calls with nothing around them: JSON, Python, and ReAct's lines."""

from __future__ import annotations

from transcripts.shape import CART, LIST, READ, RUN, STATUS, Shape

_ARGUMENTS = '{"file_path": "/shop/cart.py"}'
_QUOTED = r'"{\"file_path\": \"/shop/cart.py\"}"'

BARE = (
    Shape("an object", "hermes", "ollama #12174: qwen2.5-coder", READ, (CART,)),
    Shape(
        "an object in lines",
        "hermes",
        "opilot #149: qwen2.5-coder:7b",
        '{\n"name": "Read",\n"arguments": {\n"file_path": "/shop/cart.py"\n}\n}',
        (CART,),
    ),
    Shape("without arguments", "hermes", "qwen3 #1459: a call of pwd", '{"name": "List", "arguments": {}}', (LIST,)),
    Shape(
        "on a line behind a sentence",
        "hermes",
        "webbrain #2682",
        f"I will read it now.\n{READ}",
        (CART,),
        before="I will read it now.",
    ),
    Shape(
        "on the line of a sentence",
        "mistral",
        "mcphost #12 and others",
        f"I will use the Read tool: {READ}",
        (CART,),
        before="I will use the Read tool:",
    ),
    Shape(
        "with an invented answer behind it",
        "prompted",
        "SmolLM2: it goes on as if it had run",
        f"{READ}\n\nThe file defines a cart.",
        (CART,),
        behind="The file defines a cart.",
    ),
    Shape("a list", "mistral", "mistral-common #73: Mistral Large", f"[{READ}, {RUN}]", (CART, STATUS)),
    Shape("objects on lines", "hermes", "opilot #149", f"{READ}\n{RUN}", (CART, STATUS)),
    Shape("objects with a semicolon", "llama_json", "vllm #11786: Llama 3.2", f"{READ}; {RUN}", (CART, STATUS)),
    Shape(
        "a type first",
        "llama_python",
        "vllm #46863: Llama 4 Scout under Claude Code",
        '{"type": "function", "name": "Bash", "parameters": {"command": "git status"}}',
        (STATUS,),
    ),
    Shape(
        "the last brace is missing",
        "llama_json",
        "vllm #11786: Llama 3.2 11B",
        '{"type": "function", "function": {"name": "Bash", "parameters": {"command": "git status"}}',
        (STATUS,),
    ),
    Shape(
        "input",
        "hermes",
        "the API of Anthropic, learned: free-claude-code #1028",
        '{"type": "tool_use", "name": "Read", "input": ' + _ARGUMENTS + "}",
        (CART,),
    ),
    Shape(
        "an id first",
        "hermes",
        "openclaude #1239",
        '{"id": "call_1", "type": "function", "function": {"name": "Read", "arguments": ' + _QUOTED + "}}",
        (CART,),
    ),
    Shape(
        "arguments as a string", "glm", "smolagents #1000", '{"name": "Read", "arguments": ' + _QUOTED + "}", (CART,)
    ),
    Shape("function around it", "hermes", "goose #9664", '{"function": ' + READ + "}", (CART,)),
    Shape(
        "function as the name", "glm", "mlx-lm #792", '{"function": "Read", "arguments": ' + _ARGUMENTS + "}", (CART,)
    ),
    Shape(
        "tool and tool_input",
        "prompted",
        "ReAct agents' JSON, learned: Yi, InternLM",
        '{"tool": "Read", "tool_input": ' + _ARGUMENTS + "}",
        (CART,),
    ),
    Shape(
        "action and action_input",
        "prompted",
        "langchain's structured chat, learned",
        '{"action": "Read", "action_input": ' + _ARGUMENTS + "}",
        (CART,),
    ),
    Shape(
        "tool_name and parameters",
        "command",
        "Command R7B without its marks",
        '[{"tool_name": "Read", "parameters": ' + _ARGUMENTS + "}]",
        (CART,),
    ),
    Shape("a tool inside", "glm", "mlx-lm #792: nested tool objects", '{"tool": ' + READ + "}", (CART,)),
    Shape(
        "a message with tool_calls",
        "hermes",
        "nanocoder #493",
        '{"tool_calls": [{"type": "function", "function": '
        + READ
        + '}, {"type": "function", "function": '
        + RUN
        + "}]}",
        (CART, STATUS),
    ),
    Shape(
        "arguments first",
        "hermes",
        "Hermes 2 Pro: the order of its schema",
        '{"arguments": ' + _ARGUMENTS + ', "name": "Read"}',
        (CART,),
    ),
    Shape("doubled braces", "hermes", "llamadart #43: Qwen", READ.replace("{", "{{").replace("}", "}}"), (CART,)),
    Shape(
        "a list of Python dictionaries",
        "prompted",
        "smolagents #938",
        "Calling tools:\n[{'id': '1', 'type': 'function', 'function': {'name': 'List', 'arguments': {}}}]",
        (LIST,),
        before="Calling tools:",
    ),
    Shape(
        "functools",
        "phi4",
        "llama.cpp's templates: Phi-4-mini, Firefunction",
        f" functools[{READ}, {RUN}]",
        (CART, STATUS),
    ),
    Shape(
        "a thought, then an object",
        "deepseek_v3",
        "vllm #28219",
        f"<think>\nHm.\n</think>\n\n{READ}",
        (CART,),
        thought="Hm.",
    ),
    Shape("the name, then JSON", "glm", "mlx-lm #792: GLM 4.7 Flash", f"Read {_ARGUMENTS}", (CART,)),
    Shape("the name on its own line, then JSON", "glm", "GLM-4 9B: glm4 parsers", f"Read\n{_ARGUMENTS}", (CART,)),
    Shape(
        "a name and ARGS without the mark", "mistral", "llamadart #43: Ministral", f"Read[ARGS]{_ARGUMENTS}", (CART,)
    ),
    Shape("a Python call", "granite", "vllm #43116", 'Read(file_path="/shop/cart.py")', (CART,)),
    Shape(
        "Python calls on lines",
        "granite",
        "vllm #43116",
        "Read(file_path='/shop/cart.py', offset=10, limit=20)\nBash(command='git status')",
        (("Read", {"file_path": "/shop/cart.py", "offset": 10, "limit": 20}), STATUS),
    ),
    Shape(
        "a list of Python calls",
        "llama_json",
        "vllm #9991: Llama 3.2",
        '[Read(file_path="/shop/cart.py"), Bash(command="git status")]',
        (CART, STATUS),
    ),
    Shape("a printed Python call", "prompted", "Gemma 3", 'print(Read(file_path="/shop/cart.py"))', (CART,)),
    Shape(
        "a Python call of default_api", "prompted", "Gemma 3", 'default_api.Read(file_path="/shop/cart.py")', (CART,)
    ),
    Shape(
        "a call of functions",
        "harmony",
        "gpt-oss in the final channel",
        f"<|channel|>final<|message|>functions.Read({_ARGUMENTS})",
        (CART,),
    ),
    Shape("a call without arguments", "llama_python", "Llama 3.2 and 4", "List()", (LIST,)),
    Shape(
        "a Python call behind a sentence",
        "granite",
        "vllm #43116",
        'Let me check.\n\nBash(command="git status")',
        (STATUS,),
        before="Let me check.",
    ),
    Shape("ReAct", "prompted", "qwen3 #197, InternLM, Yi", f"Action: Read\nAction Input: {_ARGUMENTS}", (CART,)),
    Shape(
        "ReAct with a thought",
        "prompted",
        "vllm #3584: Qwen",
        f"Thought: I should read the file.\nAction: Read\nAction Input: {_ARGUMENTS}",
        (CART,),
        before="Thought: I should read the file.",
    ),
    Shape(
        "ReAct with an invented observation",
        "prompted",
        "qwen3 #197",
        f"Action: Read\nAction Input: {_ARGUMENTS}\nObservation: class Cart",
        (CART,),
        behind="Observation: class Cart",
    ),
    Shape(
        "a prefix",
        "hermes",
        "vllm #42454: functions. comes and goes",
        '{"name": "functions.Read", "arguments": ' + _ARGUMENTS + "}",
        (CART,),
    ),
    Shape(
        "capitals",
        "llama_json",
        "several clients",
        '{"name": "BASH", "parameters": {"command": "git status"}}',
        (STATUS,),
    ),
    Shape(
        "gpt-oss, JSON in the final channel",
        "harmony",
        "cloudflare/ai #574",
        f"<|channel|>analysis<|message|>I read it.<|end|><|start|>assistant<|channel|>final<|message|>{READ}",
        (CART,),
        thought="I read it.",
    ),
    Shape(
        "a name that nobody offers",
        "hermes",
        "openclaude #433: repository_structure",
        '{"name": "repository_structure", "arguments": {"path": "."}}',
        (("repository_structure", {"path": "."}),),
        unknown=True,
    ),
)

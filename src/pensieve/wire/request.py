"""What a client may send to `/v1/messages` and `/v1/messages/count_tokens`.

Fields that change nothing here (cache_control, metadata, context_management, ...) are not listed and so are ignored.
Reference: the types of the official `anthropic` SDK.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from pensieve.core.errors import RequestError
from pensieve.wire.blocks import AnyBlock, parse_blocks
from pensieve.wire.numbers import in_range
from pensieve.wire.options import LARGEST_INT, AnyThinking, JsonSchemaFormat, OutputConfig, ThinkingEnabled
from pensieve.wire.paths import field_error
from pensieve.wire.tools import ToolChoice, ToolDefinition, checked_choice, checked_tools

MOST_STOP_SEQUENCES = 64


class _RawMessage(Struct, frozen=True):
    role: Literal["user", "assistant", "system"]
    content: str | list[dict[str, Any]]


class _Body(Struct, frozen=True):
    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[_RawMessage], Meta(min_length=1)]
    system: str | list[dict[str, Any]] | None = None
    tools: list[ToolDefinition] | None = None
    tool_choice: ToolChoice | None = None
    thinking: AnyThinking | None = None
    output_config: OutputConfig | None = None
    output_format: JsonSchemaFormat | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    stop_sequences: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(max_length=MOST_STOP_SEQUENCES)] | None = (
        None
    )


class _MessagesBody(_Body, frozen=True, kw_only=True):
    max_tokens: Annotated[int, Meta(ge=0)]


class InputMessage(Struct, frozen=True):
    role: Literal["user", "assistant", "system"]
    blocks: tuple[AnyBlock, ...]


class MessagesRequest(Struct, frozen=True):
    """A request whose every field has been checked; an integer is `LARGEST_INT` at most. `max_tokens` is None for
    count_tokens alone.

    An `output_format` beside the config, as clients sent it before there was one, has been moved into it. `betas` are
    the names in the header `anthropic-beta`.
    """

    model: str
    messages: tuple[InputMessage, ...]
    max_tokens: int | None
    system: tuple[AnyBlock, ...] = ()
    tools: tuple[ToolDefinition, ...] = ()
    tool_choice: ToolChoice = ToolChoice()
    thinking: AnyThinking | None = None
    output_config: OutputConfig = OutputConfig()
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: tuple[str, ...] = ()
    betas: frozenset[str] = frozenset()


_B = TypeVar("_B", bound=_Body)
_MESSAGES_DECODER = msgspec.json.Decoder(_MessagesBody)
_COUNT_DECODER = msgspec.json.Decoder(_Body)


def parse_messages_request(body: bytes, betas: str = "") -> MessagesRequest:
    """`betas` is the header `anthropic-beta`. Raises RequestError that names the field."""
    parsed = _decode(_MESSAGES_DECODER, body)
    return _finish(parsed, parsed.max_tokens, frozenset(filter(None, map(str.strip, betas.split(",")))))


def parse_count_request(body: bytes) -> MessagesRequest:
    """As `parse_messages_request`, for a body without `max_tokens`."""
    return _finish(_decode(_COUNT_DECODER, body), None)


def _decode(decoder: msgspec.json.Decoder[_B], body: bytes) -> _B:
    try:
        # msgspec does not look into fields that it skips.
        body.decode("utf-8")
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            if "out of range" not in str(error):
                raise
        # This takes several times as long.
        return decoder.decode(in_range(body))
    except UnicodeDecodeError as error:
        raise RequestError(f"not valid UTF-8: {error.reason}", field="body") from None
    except msgspec.ValidationError as error:
        raise field_error(error) from None
    except (msgspec.DecodeError, ValueError) as error:
        raise RequestError(f"not valid JSON: {error}", field="body") from None
    except RecursionError:
        raise RequestError("nested too deeply", field="body") from None


def _finish(body: _Body, max_tokens: int | None, betas: frozenset[str] = frozenset()) -> MessagesRequest:
    output = body.output_config or OutputConfig()
    messages = tuple(
        InputMessage(message.role, parse_blocks(message.content, f"messages.{index}.content"))
        for index, message in enumerate(body.messages)
    )
    return MessagesRequest(
        model=body.model,
        messages=messages,
        max_tokens=_clamped(max_tokens),
        system=parse_blocks(body.system, "system"),
        tools=checked_tools(body.tools or []),
        tool_choice=checked_choice(body.tool_choice),
        thinking=_clamped_budget(body.thinking),
        output_config=OutputConfig(output.effort, output.format or body.output_format),
        stream=bool(body.stream),
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=_clamped(body.top_k),
        stop_sequences=tuple(body.stop_sequences or ()),
        betas=betas,
    )


def _clamped(number: int | None) -> int | None:
    return None if number is None else min(number, LARGEST_INT)


def _clamped_budget(thinking: AnyThinking | None) -> AnyThinking | None:
    if isinstance(thinking, ThinkingEnabled) and thinking.budget_tokens > LARGEST_INT:
        return msgspec.structs.replace(thinking, budget_tokens=LARGEST_INT)
    return thinking

"""What templates can use, what they may not do, and how their failures are told."""

from __future__ import annotations

from datetime import datetime

import pytest
from jinja2.exceptions import SecurityError

from pensieve.core.chat import Chat, Text, Tool, Turn
from pensieve.core.errors import RequestError, SettingsError
from pensieve.prompts.environment import Compiled
from pensieve.prompts.render import ChatTemplate

ASKED = Chat("", (Turn("user", (Text("<a> & 'é'"),)),), (Tool("f", "d", {"b": 1, "a": [True, None]}),))


def rendered(source: str, asked: Chat = ASKED) -> str:
    return ChatTemplate(source, bos="<s>", eos="</s>").render(asked).text


def test_the_tokens_that_begin_and_end_a_text_have_names() -> None:
    assert rendered("{{ bos_token }}{{ eos_token }}") == "<s></s>"


def test_thinking_is_not_asked_for_and_an_answer_is() -> None:
    assert rendered("{{ enable_thinking }}{{ add_generation_prompt }}") == "FalseTrue"


def test_without_tools_there_are_none() -> None:
    assert rendered("{{ tools is none }}", Chat("", ASKED.turns)) == "True"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ messages[0].content | tojson }}", "\"<a> & 'é'\""),
        ("{{ messages[0].content | tojson(ensure_ascii=true) }}", "\"<a> & '\\u00e9'\""),
        ("{{ tools[0].function.parameters | tojson }}", '{"b": 1, "a": [true, null]}'),
        ("{{ {'b': 1, 'a': [2]} | tojson(indent=2) }}", '{\n  "b": 1,\n  "a": [\n    2\n  ]\n}'),
        ("{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}", '{"a": 2, "b": 1}'),
        ("{{ {'b': 1, 'a': 2} | tojson(separators=(',', ':')) }}", '{"b":1,"a":2}'),
        ("{{ messages[0].content }}", "<a> & 'é'"),
        ("{% set n = namespace(x=1) %}{% for i in [1, 2] %}{% set n.x = n.x + i %}{% endfor %}{{ n.x }}", "4"),
        ("{% for i in [1, 2, 3, 4] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "134"),
        ("{% for i in [1, 2, 3, 4] %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "12"),
        ("{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice('a') }}", "aa"),
        ("{%- if true %}\n    a\n{%- endif %}\nb\n", "    ab"),
        ("  {% if true %}\na\n  {% endif %}\nb", "a\nb"),
        ("{{ missing }}{{ messages[0].tool_calls or 'none' }}", "none"),
        ("{{ 'a b'.split(' ')[1].strip() | upper }}", "B"),
        ("{% generation %}a{% endgeneration %}b", "ab"),
    ],
)
def test_templates_find_what_hugging_face_gives_them(source: str, expected: str) -> None:
    assert rendered(source) == expected


def test_templates_can_tell_the_date() -> None:
    before = datetime.now().strftime("%Y-%m-%d")
    assert before <= rendered("{{ strftime_now('%Y-%m-%d') }}") <= datetime.now().strftime("%Y-%m-%d")


def test_a_template_can_refuse_a_conversation_in_its_own_words() -> None:
    with pytest.raises(RequestError) as caught:
        rendered("{{ raise_exception('only odd ones') }}")
    assert caught.value.field == "messages"
    assert "only odd ones" in str(caught.value)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ (''|attr('__class__')).mro() }}",
        "{{ raise_exception.__globals__['json'] }}",
        "{{ strftime_now.__code__.co_code }}",
        "{{ '{0.__class__.__mro__}'.format('').x }}",
        "{% include '/etc/hostname' %}",
        "{% import 'os' as os %}",
    ],
)
def test_a_template_cannot_reach_out_of_its_sandbox(source: str) -> None:
    with pytest.raises(RequestError):
        rendered(source)


@pytest.mark.parametrize(
    "source",
    ["{{ messages.append(1) }}", "{{ messages[0].update({'content': ''}) }}", "{{ tools[0].function.clear() }}"],
)
def test_a_template_cannot_change_a_conversation(source: str) -> None:
    with pytest.raises(RequestError):
        rendered(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages[7].content }}",
        "{{ messages[0].content.nothing() }}",
        "{{ messages[0].content + 1 }}",
        "{{ messages[0].content.index('q') }}",
        "{{ 1 / 0 }}",
        "{% for i in range(10**9) %}{% endfor %}",
        "{{ 10.0 ** 1000 }}",
        "{{ 'a'.encode('nothing') }}",
        "{{ cycler() }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    ],
)
def test_however_a_template_fails_it_is_a_request_error(source: str) -> None:
    with pytest.raises(RequestError) as caught:
        rendered(source)
    assert caught.value.field == "messages"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "loops do not end"),
        ("{% for a in range(9999) %}{% for b in range(9999) if b < 0 %}{{ b }}{% endfor %}{% endfor %}", "loops"),
        ("{% set x = 'x' * 900000 %}{% for a in range(999) %}{{ x }}{% endfor %}", "text does not end"),
        ("{{ (10 ** 90000) ** 90000 }}", "power is far too large"),
        ("{{ 'x' * 10**9 }}", "product is far too large"),
        ("{{ 10**9 * [1] }}", "product is far too large"),
        ("{{ 2 ** (10**9) }}", "power is far too large"),
    ],
)
def test_what_a_template_may_use_up_is_bounded(source: str, words: str) -> None:
    with pytest.raises(SecurityError, match=words):
        Compiled(source).run({})


def test_a_template_that_uses_up_too_much_is_a_request_error() -> None:
    with pytest.raises(RequestError, match="product is far too large"):
        rendered("{{ 'x' * 10**9 }}")


def test_bounds_do_not_change_what_loops_see() -> None:
    source = (
        "{% for a in 'abc' %}{{ a }}{{ loop.index }}{{ loop.last }}{% else %}none{% endfor %}"
        "{% for a, b in {'x': 1}.items() %}{{ a }}{{ b }}{% endfor %}{% for a in missing %}{% else %}none{% endfor %}"
        "{% for a in [1, 2, 3] | select('odd') %}{{ a }}{{ loop.length }}{% endfor %}"
    )
    assert rendered(source) == "a1Falseb2Falsec3Truex1none1232"


@pytest.mark.parametrize("source", ["{% if", "{{ a", "{% endfor %}", "{% nothing %}", "{{ 'a }}", "{{ a | nothing }}"])
def test_a_template_that_cannot_be_read_is_a_settings_error(source: str) -> None:
    with pytest.raises(SettingsError, match="chat template cannot be read"):
        ChatTemplate(source)


def test_what_a_template_cannot_take_is_found_out_without_failing() -> None:
    template = ChatTemplate(
        "{% if messages | length > 1 %}{{ raise_exception('no') }}{% endif %}{{ messages[0].content }}"
    )
    assert template.render(ASKED).text == "<a> & 'é'"

"""Writes what jinja2 makes of chat templates, in the environment that transformers sets up for them.

    python Tests/Fixtures/chat/generate.py                       cases.json, from the templates in templates/ and the list below
    python Tests/Fixtures/chat/generate.py FILE TEMPLATE...      FILE, from other templates (those of published models, which are not kept here)

Made with transformers 5.24.0 and jinja2 3.1.6; nothing is random. `templates` by their names, `variables` by theirs, and `cases`, a list of
[name, template, variables, expected]: a template without a name stands there itself; expected is null where jinja2 ends in an error or the
template refuses the conversation. The templates in templates/ were written for this test, each with the
constructs that a family's published one has.
"""

import datetime
import json
import pathlib
import sys

import jinja2
from transformers.utils import chat_template_utils

HERE = pathlib.Path(__file__).parent
SYSTEM = {"role": "system", "content": "  Antworte kurz.\n"}
USER = {"role": "user", "content": " Wie heißt die Hauptstadt?\n"}
ASSISTANT = {"role": "assistant", "content": "<think>\nEine Frage.\n</think>\n\nBerlin 🐻 한국어"}
MORE = {"role": "user", "content": "Und \"die\" von <Frankreich>?"}
TOOL = {"type": "function", "function": {"name": "wetter", "description": "Das Wetter.", "parameters": {
    "type": "object", "properties": {"ort": {"type": "string"}}, "required": ["ort"]}}}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "id": "abcdefghi", "function": {
    "name": "wetter", "arguments": {"ort": "Köln", "tage": 3, "genau": True}}}]}
RESULT = {"role": "tool", "name": "wetter", "tool_call_id": "abcdefghi", "content": "sonnig"}
CONVERSATIONS = {
    "one": [USER], "system": [SYSTEM, USER], "turns": [SYSTEM, USER, ASSISTANT, MORE], "answered": [USER, ASSISTANT],
    "assistant first": [ASSISTANT, USER], "twice": [USER, MORE], "empty": [],
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}

# Expressions, each the whole template; `x` and others are given below.
EXPRESSIONS = r"""
{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 2 ** 5 }} {{ 1.5 }} {{ 3.0 }} {{ 10 / 5 }} {{ 1e3 }}
{{ "a" ~ 1 ~ none ~ true }} {{ 'it''s' }} {{ "tab\tend" }} {{ "\u00e4\x41" }} {{ "ab" * 3 }} {{ [1] + [2] }} {{ "x" "y" }}
{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ "a" in "cat" }} {{ 3 not in [1, 2] }} {{ "k" in object }} {{ not x }}
{{ undefined_name }}|{{ undefined_name is defined }}|{{ object.missing }}|{{ object.missing is undefined }}|{{ undefined_name or "or" }}
{{ x if x else "no" }} {{ "yes" if not x }} {{ ("a" if true else "b") ~ "c" }} {{ none or 0 or "" or [] or "last" }} {{ 1 and 2 }}
{{ text[1:3] }} {{ text[-1] }} {{ text[::-1] }} {{ list[1:] }} {{ list[:-1] }} {{ list[-2:][0] }} {{ list[::2] }} {{ text[10:] }} {{ list[99] }}
{{ object.items() | list | length }} {{ object.keys() | list }} {{ object.values() | list }} {{ object.get("k") }} {{ object.get("z", 5) }} {{ object["k"] }}
{{ text.upper() }} {{ text.strip() }} {{ " a b ".split() }} {{ "a,b,,c".split(",") }} {{ "a,b,c".split(",", 1) }} {{ "aXbX".rstrip("X") }} {{ "xxa".lstrip("x") }}
{{ "abc".startswith("ab") }} {{ "abc".endswith(("x", "c")) }} {{ "aaa".replace("a", "b", 2) }} {{ "abc".find("c") }} {{ "hello world".title() }} {{ "hELLO".capitalize() }}
{{ ", ".join(["a", "b"]) }} {{ "a\nb\n".splitlines() }} {{ "banana".count("an") }} {{ "a-b-c".rsplit("-", 1) }} {{ "12".isdigit() }}
{{ list | length }} {{ text | length }} {{ object | length }} {{ list | first }} {{ list | last }} {{ list | join("-") }} {{ list | reverse | list }} {{ text | reverse }}
{{ "  a " | trim }} {{ text | upper }} {{ text | lower }} {{ text | capitalize }} {{ missing | default("d") }} {{ "" | default("d", true) }} {{ "" | d("d") }} {{ text | replace("ß", "ss") }}
{{ people | map(attribute="name") | join(", ") }} {{ people | selectattr("age", "gt", 20) | map(attribute="name") | list }} {{ people | rejectattr("vip") | list | length }} {{ people | selectattr("vip", "defined") | list | length }}
{{ list | map("string") | list }} {{ [3, 1, 2] | sort }} {{ [1, 1, 2] | unique | list }} {{ [1, 2, 3] | select("odd") | list }} {{ [1, 2] | reject("equalto", 1) | list }} {{ [2, 5] | max }} {{ [2, 5] | min }}
{{ object | tojson }} {{ people | tojson(indent=2) }} {{ "ä\"\n</x>&" | tojson }} {{ none | tojson }} {{ [] | tojson(indent=4) }} {{ 1.5 | tojson }} {{ true | tojson }}
{{ "3" | int + 1 }} {{ "x" | int }} {{ "2.5" | float }} {{ 3.7 | int }} {{ -3 | abs }} {{ "a\nb" | indent(2) }} {{ "a\n\nb" | indent(2, true) }} {{ object | dictsort | map("first") | join }} {{ (object | items | list)[1][0] }}
{{ x is none }} {{ text is string }} {{ list is iterable }} {{ object is mapping }} {{ list is sequence }} {{ 1 is number }} {{ true is boolean }} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 1.0 is float }} {{ 1 is integer }} {{ 2 is not even }} {{ 3 is in [3] }} {{ 1 is eq 1 }}
{{ range(3) | list }} {{ range(2, 8, 3) | list }} {{ dict(a=1) }} {{ [none, true, 1.0, "a'b", "q\"'"] }} {{ {"a": [1, {"b": none}]} }}
{{ -text | length }}
{{ 1 + "a" }}
{{ undefined_name.attribute }}
{{ raise_exception("no") }}
{{ [1, 2](0) }}
{{ 1 // 0 }}
{{ unclosed
{% if x %}
{{ a b }}
{% for a, b in [[1, 2], [3, 4]] %}{{ a }}{{ b }};{% endfor %}{% for a in [] %}x{% else %}none{% endfor %}
{% for i in range(6) if i is odd %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ "," if not loop.last }}{% endfor %}
{% for i in list %}{{ loop.index0 }}{{ loop.first }}{{ loop.revindex }}{% if loop.previtem is defined %}<{{ loop.previtem }}{% endif %}{% if loop.nextitem is defined %}>{{ loop.nextitem }}{% endif %} {% endfor %}
{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% set y = 1 %}{% for i in [1] %}{% set y = 2 %}{{ y }}{% endfor %}{{ y }}{% if true %}{% set y = 3 %}{% endif %}{{ y }}
{% set ns = namespace(a=1, b="x") %}{% for i in range(3) %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set block %} in {{ a }} {% endset %}[{{ block }}]{% set t = (1, 2) %}{{ t[1] }}
{% macro greet(name, mark="!") %}Hi {{ name }}{{ mark }}{% endmacro %}{{ greet("A") }} {{ greet("B", mark="?") }} {{ greet(name="C") | upper }}
{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}
{% raw %}{{ not }} {% this %}{% endraw %}!{# a comment #}?{#- another -#} end
{% generation %}kept{% endgeneration %}
{% if x %}a{% elif text %}b{% else %}c{% endif %}{%- if not x -%} d {%- endif %}
{% for k, v in object.items() %}{{ k }}={{ v }};{% endfor %}{% for c in "äb" %}{{ c }}.{% endfor %}{% for k in object %}{{ k }}{% endfor %}
{{ strftime_now("%d %b %Y") }} {{ strftime_now("%H:%M") }}
{{ "%s" is string }} {{ messages | length }} {{ (messages | length) > 0 and true }}
""".strip().split("\n")
# White space: one template each, between lines of ~.
SPACES = r"""
a
  {% if true %}
    b
  {% endif %}
c
~
  {{ 1 }}
 {%- if true %} x {% endif -%}
 y
~
a {% if true %} b {% endif %} c
  {# comment #}
d
~
{%+ if true %}
  x
  {%+ endif +%}

z
~
line  
	{%- for i in [1, 2] -%}
  {{ i }}
	{%- endfor %}
end


~
{% set a = 1 %}

{{- a -}}

b {{ a }}
{% set b = 2 %}  {% if b %}q{% endif %}
""".strip("\n").split("\n~\n")
VARIABLES = {
    "x": None, "text": "Straße", "list": ["a", "b", "c"], "object": {"k": "v", "n": 1}, "messages": [],
    "people": [{"name": "Ann", "age": 30, "vip": True}, {"name": "Bo", "age": 20, "vip": False}, {"name": "Cy", "age": 41}],
}


class FixedDate(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 26, 8, 5, 0)


def rendered(template, variables):
    try:
        return chat_template_utils._compile_jinja_template(template).render(**variables)
    except (jinja2.TemplateError, TypeError, ZeroDivisionError):
        return None


def all_variables():
    """What templates are rendered with, by name."""
    result = {"expressions": VARIABLES}
    for title, messages in CONVERSATIONS.items():
        for prompt in (True, False):
            result[f"{title}, {prompt}"] = {
                "messages": messages, "add_generation_prompt": prompt, "tools": None, "documents": None, **TOKENS}
    for title, messages in {"tools": [USER], "tool call": [SYSTEM, USER, CALL, RESULT]}.items():
        result[title] = {"messages": messages, "add_generation_prompt": True, "tools": [TOOL], "documents": None, **TOKENS}
    return result


def main():
    chat_template_utils.datetime = FixedDate
    output, paths = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else (HERE / "cases.json", sorted((HERE / "templates").iterdir()))
    variables, cases = all_variables(), []
    if len(sys.argv) == 1:
        for template in EXPRESSIONS + SPACES:
            cases.append([template, template, "expressions", rendered(template, VARIABLES)])
    templates = {pathlib.Path(path).stem: pathlib.Path(path).read_text(encoding="utf-8") for path in paths}
    for name, template in templates.items():
        for title in list(variables)[1:]:
            cases.append([f"{name}, {title}", name, title, rendered(template, variables[title])])
    lines = [f'"{key}": ' + json.dumps(value, ensure_ascii=False) for key, value in (("templates", templates), ("variables", variables))]
    lines.append('"cases": [' + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "]")
    pathlib.Path(output).write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
    print(f"{len(cases)} cases, {sum(case[3] is None for case in cases)} of them refused")


if __name__ == "__main__":
    main()

"""Chat templates in the manner of the supported families, and what transformers makes of them.

    python scripts/make-references/chat_templates.py Tests/Fixtures/Families/chat-templates.json [FOLDER]

FOLDER may hold more templates, `*.jinja`; what they render is recorded, not their text. The templates are written for this project: they use what the families' own use (trimming tags, namespaces, slices,
loops over filtered messages, refusals), not their words.
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import jinja2
from transformers.utils.chat_template_utils import _compile_jinja_template

from references import versions, write_json
from template_snippets import SNIPPETS, VARIABLES

DATE = datetime.datetime(2026, 2, 3)
FORMATS = ["%d %b %Y", "%Y-%m-%d", "%A, %B %d, %Y", "%a %j %U %W %w %u %V %G %g", "%y %m %e %-d %-m %C %D %F", "%H:%M:%S %I %p %f|%z|%Z|",
           "%c|%x|%X|%h|%n%t%%", "", "plain", "%R %T %r %k %l", "%", "%Q"]
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

TEMPLATES = {
    # Headers around every role, the system's text first whether there is one or not.
    "headers": """{{- bos_token }}
{%- if documents is not defined or not documents %}
    {%- set documents = none %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set opening = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set opening = "" %}
{%- endif %}
{{- "<head>system</head>\\n\\n" }}
{%- if tools is not none %}
    {{- "Tools: " + tools|tojson }}
{%- endif %}
{{- "Known until: some day\\n\\n" }}
{{- opening }}
{{- "<turn>" }}
{#- Every message has a header of its own. -#}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'calls' in message) %}
        {{- '<head>' + message['role'] + '</head>\\n\\n' + message['content'] | trim + '<turn>' }}
    {%- elif 'calls' in message %}
        {{- raise_exception("calls are not for this test") }}
    {%- else %}
        {{- "<head>tool</head>" ~ loop.index ~ message.content }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<head>assistant</head>\\n\\n' }}
{%- endif %}
""",
    # Two roles that must take turns, the assistant under another name, no system.
    "turns": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system here') }}{% endif %}
{% for message in messages %}
    {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('Roles must take turns: user, assistant, user, …') }}
    {% endif %}
    {% if (message['role'] == 'assistant') %}
        {% set role = 'model' %}
    {% else %}
        {% set role = message['role'] %}
    {% endif %}
{{ '<begin>' + role + '\\n' + message['content'] | trim + '<end>\\n' }}
{% endfor %}
{% if add_generation_prompt %}{{ '<begin>model\\n' }}{% endif %}""",
    # A default for the system's text, attributes, tests of kinds.
    "defaults": """{%- if tools %}
    {{- '<start>system\\n' }}
    {%- for tool in tools %}{{- "\\n" }}{{- tool | tojson }}{%- endfor %}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<start>system\\n' + messages[0]['content'] + '<stop>\\n' }}
    {%- else %}
        {{- '<start>system\\nYou answer briefly.<stop>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.calls) %}
        {{- '<start>' + message.role + '\\n' + message.content + '<stop>' + '\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<start>user' }}
        {%- endif %}
        {{- '\\n[' }}{{- message.content }}{{- ']' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<stop>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<start>assistant\\n' }}
{%- endif %}""",
    # A namespace that a loop over the reversed messages fills, and thoughts that are cut out.
    "thoughts": """{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string and not(message.content.startswith('<result>') and message.content.endswith('</result>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if message.reasoning is string %}
            {%- set thought = message.reasoning %}
        {%- elif '</t>' in content %}
            {%- set thought = content.split('</t>')[0].rstrip('\\n').split('<t>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</t>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or (not loop.last and thought)) %}
            {{- '<a>' + message.role + '\\n<t>\\n' + thought.strip('\\n') + '\\n</t>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<a>' + message.role + '\\n' + content }}
        {%- endif %}
    {%- else %}
        {{- '<a>' + message.role + '\\n' + content + '<z>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<a>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<t>\\n\\n</t>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    # The system's text goes into the last user's message; turns are counted without what was filtered out.
    "instructions": """{%- if messages[0]["role"] == "system" %}
    {%- set system_text = messages[0]["content"] %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set rest = messages %}
{%- endif %}
{%- set users = rest | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in rest | rejectattr("role", "equalto", "tool") %}
    {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
        {{- raise_exception("After the optional system message, roles must alternate") }}
    {%- endif %}
    {%- set ns.index = ns.index + 1 %}
{%- endfor %}
{{- bos_token }}
{%- for message in rest if message["role"] != "tool" %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_text is defined %}
            {{- "[I] " + system_text + "\\n\\n" + message["content"] + "[/I]" }}
        {%- else %}
            {{- "[I] " + message["content"] + "[/I]" }}
        {%- endif %}
    {%- else %}
        {{- " " + message["content"]|trim + eos_token }}
    {%- endif %}
{%- else %}
    {{- "nobody spoke to " ~ users|length }}
{%- endfor %}
{{- " (" if users|length > 1 else "" }}{{ users | length }}{{- ")" if users|length > 1 }}""",
    # A capital for each role.
    "titles": """{{ bos_token }}{% for message in messages %}{{ 'Right ' + message['role'].title() + ': ' + message['content'] + '<turn>'}}{% endfor %}{% if add_generation_prompt %}{{ 'Right Assistant:' }}{% endif %}""",
    # A date that is asked for without a test.
    "dated": """{%- set today = strftime_now("%Y-%m-%d") %}
{%- set sys = "You help. It is " + today + ", a " + strftime_now("%A") + "." %}
{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- set sys = messages[0]['content'] %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set turns = messages %}
{%- endif %}
{{- '[SYS]' + sys + '[/SYS]' }}
{%- for message in turns %}
    {%- if message['role'] == 'user' %}
        {{- '[ASK]' + message['content'] + '[/ASK]' }}
    {%- elif message['role'] == 'assistant' %}
        {%- generation %}
        {{- message['content'] + eos_token }}
        {%- endgeneration %}
    {%- else %}
        {{- raise_exception('Roles are user, system and assistant') }}
    {%- endif %}
{%- endfor %}""",
    # A block that is set, one that is filtered, a macro for tools that are not there.
    "blocks": """{%- set prefix -%}{%- endset -%}
{%- set opening | trim %}
   {{ bos_token }}
{% endset -%}
{%- macro kind(spec) %}
    {%- set names = {"string": "str", "number": "float"} %}
    {%- if spec.type is string and spec.type in names %}
        {{- names[spec.type] }}
    {%- elif spec is mapping and spec.type is not string %}
        {{- "Union[" + (spec.type | map('upper') | join(',')) + "]" }}
    {%- else %}
        {{- "Any" }}
    {%- endif %}
{%- endmacro %}
{{- opening }}
{%- filter trim -%}
  {{ messages[0]['content'] }}
{%- endfilter -%}
{%- for message in messages %}
    {{- '<start>' + message.role + '\n' + message.content + '<stop>\n' }}
    {%- if loop.index >= 3 %}{% break %}{% endif %}
{%- endfor %}
{%- for spec in [{"type": "string"}, {"type": ["number", "null"]}, {"type": "x"}] %}{{- kind(spec) + ';' }}{%- endfor %}
{%- if tools is iterable and tools | length > 0 %}
    {%- for tool in tools %}{{- kind(tool) }}{%- endfor %}
{%- endif %}
{%- if add_generation_prompt -%}{{- '<a>' -}}{%- endif -%}""",
    # Whitespace: what the tags leave and take.
    "spaces": """  {% if true %}
  one
  {% endif %}
two {% if true %} three {% endif %} four
  {%+ if true %} five{% endif +%}

{{ 'six' }}
  {{- 'seven' -}}
  eight
{# gone #}
nine {#- gone too -#} ten
    {# indented #}
  {% set x = [1, 2, 3] %}
{% for i in x %}{{ i }}{{ ', ' if not loop.last }}{% endfor %}

{{ 'a' 'b' }} {{ x[-1] }} {{ 'word'[1:3] }} {{ 7 // 2 }} {{ -7 % 3 }} {{ none }} {{ true }} {{ missing }} {{ missing|default('d') }}
{{ {'k': 'v\\n"', 'n': [1, none, false]} | tojson }} {{ 'x' in 'xyz' }} {{ 3 not in x }} {{ not x }} {{ 'B' ~ 1 ~ 'é' }}
{% for k, v in {'p': 'q'}.items() %}{{ k ~ '=' ~ v }}{% endfor %} {{ 'a-b'.replace('-', '+') }} {{ ['x', 'y'] | join('/') }}
end

""",
}

CHATS = [
    [("user", "Hi")], [("user", "  What is\nthe capital?  ")], [("system", " Be kind. "), ("user", "Hi")],
    [("user", "One"), ("assistant", "<t>\nhm\n</t>\n\nTwo "), ("user", "Three")],
    [("user", "One"), ("assistant", "Two"), ("user", "<result>3</result>"), ("assistant", "<t>so</t>Four")],
    [("system", "S"), ("user", "é 猫 👩🏽\u200d🚀"), ("assistant", " a\u00a0"), ("user", "\t<z>'\"{{ x }}")],
    [("assistant", "First?")], [("user", "a"), ("user", "b")], [("user", "a"), ("tool", "T"), ("tool", "U"), ("assistant", "b")],
    [("user", "")],
]


def render(template: str, chat: list[tuple[str, str]], **variables) -> dict:
    messages = [{"role": role, "content": content} for role, content in chat]
    try:
        text = _compile_jinja_template(template).render(
            messages=messages, tools=None, documents=None, add_generation_prompt=True,
            strftime_now=lambda form: DATE.strftime(form), **TOKENS, **variables)
        return {"text": text}
    except jinja2.exceptions.TemplateError as error:
        # What a template refuses itself has no name of its own among the errors.
        return {"refused" if type(error) is jinja2.exceptions.TemplateError else "fails": str(error)}
    except (TypeError, ValueError, ZeroDivisionError, OverflowError, SyntaxError) as error:
        return {"fails": str(error)}


def main() -> None:
    more = sorted(Path(sys.argv[2]).glob("*.jinja")) if len(sys.argv) > 2 else []
    write_json(Path(sys.argv[1]), {
        "made_by": "scripts/make-references/chat_templates.py", "versions": {**versions(), "jinja2": jinja2.__version__},
        "tokens": TOKENS, "date": DATE.strftime("%Y-%m-%d"), "chats": [[list(message) for message in chat] for chat in CHATS],
        "templates": [{"name": name, "template": template, "rendered": [render(template, chat) for chat in CHATS]}
                      for name, template in TEMPLATES.items()],
        "elsewhere": [{"name": file.name, "rendered": [render(file.read_text(), chat) for chat in CHATS]} for file in more],
        "switched_off": [{"name": file.name, "rendered": [render(file.read_text(), chat, think_aloud=False) for chat in CHATS]}
                         for file in more if "think_aloud" in file.read_text()],
        "variables": VARIABLES,
        "snippets": [{"template": snippet, **render(snippet, CHATS[2], **VARIABLES)} for snippet in SNIPPETS],
        "dates": [{"format": form, "text": DATE.strftime(form)} for form in FORMATS],
    })


if __name__ == "__main__":
    main()

"""Small templates, each for a part of Jinja that chat templates use or may use: see chat_templates.py."""

# What every snippet is given besides the messages; as JSON, since settings are.
VARIABLES = {
    "n": 7, "x": 2.5, "yes": True, "no": False, "nil": None, "s": "Hello wide world", "t": "a-b-a-b", "empty": "",
    "l": [3, 1, 2], "names": ["beta", "Alpha", "gamma"], "d": {"k": "v", "a": 1, "z": [1, None, False]},
    "users": [{"name": "Ann", "age": 31, "tags": ["x", "y"]}, {"name": "bob", "age": 25, "tags": []},
              {"name": "Cid", "tags": ["z"], "admin": True}],
    "tool": {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {
        "p": {"type": "string", "description": "a \"p\" <b>"}, "q": {"type": ["number", "null"]}}, "required": ["p"]}}},
    "odd": "é\u0301 猫 👩🏽\u200d🚀 \u2028 \x7f \\ ' \"", "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}],
}

SNIPPETS = [
    # Values as texts.
    "{{ nil }} {{ yes }} {{ no }} {{ n }} {{ x }} {{ missing }} {{ l }} {{ d }} {{ names }} {{ (1,) }} {{ () }} {{ (1, 'a') }}",
    "{{ 1.0 }} {{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 123456789.125 }} {{ 1e300 }} {{ -0.0 }} {{ 1/3 }} {{ 100.0 }}",
    "{{ 1_000 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1.5e3 }} {{ 1e-7 }} {{ 2.5e+2 }}",
    "{{ [odd, \"it's\", 'say \"x\"', 'both \\' and \"'] }}", "{{ {1: 'a', none: 2, true: 3, (1, 2): 4} }}", "{{ [missing, [], {}] }}",
    "{{ 'tab\\tnew\\nq\\'q\\\"b\\\\x' }} {{ '\\x41\\u00e9\\101\\a\\q' }} {{ 'a' \"b\" 'c' }}", "{{ '\\U0001F680' }}{{ 'a\\\nb' }}",
    # Operators.
    "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}",
    "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ -n + 1 }} {{ +n }} {{ - -n }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 'ab' * 3 }} {{ 2 * [1, 2] }}",
    "{{ yes + 1 }} {{ yes * 3 }} {{ 1 == 1.0 }} {{ yes == 1 }} {{ '1' == 1 }} {{ [1] + [2] }} {{ (1,) + (2,) }} {{ 0.1 + 0.2 }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 < 2 == 2 }} {{ 'a' < 'b' <= 'b' }} {{ [1, 2] < [1, 3] }} {{ (1, 2) > (1,) }} {{ 3 > 2 > 1 }}",
    "{{ 'a' in s }} {{ 'wide' in s }} {{ 3 in l }} {{ 'k' in d }} {{ 4 not in l }} {{ 'x' in missing }} {{ '' in '' }} {{ none in [none] }}",
    "{{ s ~ n ~ nil ~ x ~ l }} {{ 1 ~ (2 + 3) }} {{ 'a' ~ 'b' * 2 }}", "{{ not n }} {{ not not n }} {{ n and s }} {{ no or 'else' }} {{ nil and x }} {{ '' or 0 or [] }}",
    "{{ 'a' if n > 3 else 'b' }} {{ 'a' if no }} {{ 'a' if no else 'b' if no else 'c' }} {{ ('x' if yes) ~ 'y' }}",
    # Parts of values.
    "{{ l[0] }} {{ l[-1] }} {{ l[9] }} {{ s[0] }} {{ s[-1] }} {{ d.k }} {{ d['k'] }} {{ d.nope }} {{ d['nope'] }} {{ l.0 }} {{ l.1 }} {{ nil.x }} {{ n.x }} {{ users.0.name }}",
    "{{ l[1:] }} {{ l[:-1] }} {{ l[::-1] }} {{ l[::2] }} {{ s[6:10] }} {{ s[::-3] }} {{ l[5:] }} {{ l[-2:1] }} {{ s[-3:] }} {{ (1,2,3)[1:] }} {{ l[2::-1] }} {{ s[100::-1][:3] }}",
    "{{ d.items() | list }} {{ d.keys() | list }} {{ d.values() | list }} {{ d.get('k') }} {{ d.get('q') }} {{ d.get('q', 5) }} {{ {'items': 1}.items() | list }} {{ {'items': 1}['items'] }}",
    "{{ messages[0].role }} {{ messages[0]['content'] }} {{ messages|length }} {{ messages[-1].content.strip() }} {{ bos_token }}",
    # Methods of texts.
    "{{ s.title() }} {{ \"it's they're o'neil x2y\".title() }} {{ s.upper() }} {{ s.lower() }} {{ s.capitalize() }} {{ s.swapcase() }} {{ 'ǆ ß'.title() }}",
    "{{ s.split() }} {{ s.split(' ', 1) }} {{ t.split('-') }} {{ t.split('-', 2) }} {{ t.rsplit('-', 1) }} {{ '  a  b '.split() }} {{ '  a  b  c '.split(none, 1) }} {{ ' a b c '.rsplit(none, 1) }} {{ 'a,,b'.split(',') }} {{ s.split(maxsplit=1) }} {{ s.split(sep='i') }}",
    "[{{ '  x '.strip() }}] [{{ 'xxaxx'.strip('x') }}] [{{ 'abcab'.lstrip('ba') }}] [{{ 'abcab'.rstrip('ab') }}] [{{ '\\n x\\t'.rstrip() }}] [{{ '\\x1cx\\x85'.strip() }}]",
    "{{ s.startswith('He') }} {{ s.endswith('ld') }} {{ s.startswith(('x', 'H')) }} {{ s.endswith('') }} {{ s.find('wide') }} {{ s.find('q') }} {{ s.rfind('l') }} {{ s.index('o') }} {{ s.count('l') }} {{ s.count('') }} {{ t.rindex('a') }}",
    "{{ t.replace('a', 'X') }} {{ t.replace('a', 'X', 1) }} {{ 'abc'.replace('', '.') }} {{ 'abc'.replace('', '.', 2) }} {{ t.replace('-', '') }} {{ 'aaa'.replace('aa', 'b') }}",
    "{{ t.partition('-') }} {{ t.rpartition('-') }} {{ s.partition('q') }} {{ s.rpartition('q') }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ 'abc'.removeprefix('b') }} {{ 'abc'.removesuffix('') }}",
    "{{ '-'.join(names) }} {{ ', '.join(d.keys()) }} {{ ''.join(['a']) }} {{ ' '.join(names | map('upper')) }} {{ 'a\\nb\\r\\nc\\x0bd\\u2028e\\n'.splitlines() }} {{ ''.splitlines() }}",
    "[{{ 'ab'.ljust(5) }}] [{{ 'ab'.rjust(5, '.') }}] [{{ 'ab'.center(5) }}] [{{ 'abc'.center(6, '*') }}] [{{ '7'.zfill(3) }}] [{{ '-7'.zfill(4) }}] [{{ 'abc'.ljust(2) }}]",
    "{{ 'AB1'.isupper() }} {{ 'ab1'.islower() }} {{ 'ab'.isalpha() }} {{ '12'.isdigit() }} {{ '²'.isdigit() }} {{ '²'.isdecimal() }} {{ '½'.isnumeric() }} {{ 'a1'.isalnum() }} {{ ' \\n'.isspace() }} {{ ''.isalpha() }} {{ 'é'.isascii() }} {{ '12'.isupper() }}",
    "{{ l.count(1) }} {{ l.index(2) }} {{ (1, 1).count(1) }} {{ l.copy() }} {{ d.copy() }}",
    # Filters.
    "{{ s | upper }} {{ s | lower }} {{ 'hELLO wORLD' | capitalize }} {{ 'foo-bar (baz) qux_x' | title }} {{ n | string ~ 'x' }} {{ 5 | upper }} {{ missing | upper }} {{ l | string }}",
    "[{{ '  a ' | trim }}] [{{ 'xax' | trim('x') }}] [{{ 5 | trim }}] [{{ missing | trim }}] [{{ 'xax' | trim(chars='x') }}]",
    "{{ t | replace('a', 'Q') }} {{ t | replace('a', 'Q', 1) }} {{ 121 | replace(1, 3) }} {{ t | replace(old='-', new='') }}",
    "{{ l | length }} {{ s | count }} {{ d | length }} {{ missing | length }} {{ '' | length }} {{ '👩🏽\u200d🚀' | length }}",
    "{{ l | first }} {{ l | last }} {{ s | first }} {{ s | last }} {{ [] | first }} {{ d | first }} {{ d | last }} {{ missing | first }}",
    "{{ l | join }} {{ l | join(', ') }} {{ users | join('/', attribute='name') }} {{ 'abc' | join('-') }} {{ [1, none, 2.5] | join(d='+') }} {{ d | join(',') }}",
    "{{ missing | default('q') }} {{ missing | d }} {{ empty | default('q') }} {{ empty | default('q', true) }} {{ nil | default('q', boolean=true) }} {{ n | d(0) }} {{ missing | default(default_value=3) }}",
    "{{ l | sort }} {{ names | sort }} {{ names | sort(case_sensitive=true) }} {{ l | sort(reverse=true) }} {{ users | sort(attribute='name') | map(attribute='name') | list }} {{ users[:2] | sort(attribute='age') | map(attribute='name') | join(',') }} {{ ['b', 'B', 'a', 'A'] | sort }} {{ ['b', 'B', 'a', 'A'] | sort(true) }}",
    "{{ l | reverse | list }} {{ s | reverse }} {{ l | max }} {{ l | min }} {{ names | min }} {{ names | max }} {{ [] | max }} {{ l | sum }} {{ users[:2] | sum(attribute='age') }} {{ l | sum(start=10) }} {{ [1.5, 2] | sum }}",
    "{{ [1, 2, 1, 3, 2] | unique | list }} {{ ['a', 'A', 'b'] | unique | list }} {{ ['a', 'A', 'b'] | unique(true) | list }} {{ d | dictsort }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'A': 2} | dictsort(true) }} {{ {'b': 1, 'A': 2} | dictsort(by='value', reverse=true) }}",
    "{{ l | map('string') | list }} {{ names | map('upper') | join(' ') }} {{ users | map(attribute='name') | list }} {{ users | map(attribute='tags.0') | list }} {{ users | map(attribute='age', default=0) | list }} {{ names | map('replace', 'a', 'A') | list }} {{ [[1, 2], [3]] | map('join', '-') | list }} {{ [[1,2]] | map('first') | list }}",
    "{{ l | select('odd') | list }} {{ l | reject('odd') | list }} {{ [0, 1, none, 'a', ''] | select | list }} {{ [0, 1, none] | reject | list }} {{ l | select('gt', 1) | list }} {{ l | select('>', 1) | list }} {{ l | select('in', [1, 2]) | list }} {{ [1, 'a'] | select('string') | list }}",
    "{{ users | selectattr('admin') | map(attribute='name') | list }} {{ users | rejectattr('admin') | map(attribute='name') | list }} {{ users | selectattr('name', 'equalto', 'Ann') | list | length }} {{ users | selectattr('age', 'defined') | map(attribute='age') | list }} {{ users | selectattr('age', 'none') | list }} {{ users | rejectattr('age', 'undefined') | list | length }} {{ users | selectattr('name', '==', 'bob') | first }}",
    "{{ l | list }} {{ 'abc' | list }} {{ d | list }} {{ d | items | list }} {{ missing | list }} {{ missing | items | list }} {{ [1,2,3,4,5] | batch(2) | list }} {{ [1,2,3] | batch(2, 'x') | list }}",
    "{{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(5) }} {{ 3.9 | int }} {{ ' 7 ' | int }} {{ '3.7' | int }} {{ none | int }} {{ '1.5' | float }} {{ 'x' | float }} {{ n | float }} {{ -3 | abs }} {{ -2.5 | abs }}",
    "{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(method='ceil') }} {{ 2.9 | round(0, 'floor') }} {{ 7 | round }} {{ 2.675 | round(2) }}",
    "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(2, blank=true) }}|{{ 'a\\nb' | indent('> ') }}|{{ 'a\\nb\\n' | indent }}|", "[{{ 'ab' | center(6) }}] [{{ 'abc' | center(6) }}]",
    "{{ s | safe }}|{{ '<b>' | safe }}|{{ d | tojson | safe }}",
    # JSON.
    "{{ d | tojson }} {{ l | tojson }} {{ s | tojson }} {{ nil | tojson }} {{ x | tojson }} {{ yes | tojson }} {{ odd | tojson }} {{ {} | tojson }} {{ [] | tojson }} {{ (1, 2) | tojson }} {{ 1e20 | tojson }}",
    "{{ tool | tojson }}\n{{ tool | tojson(indent=4) }}\n{{ tool | tojson(indent=2, sort_keys=true) }}", "{{ d | tojson(indent=none) }} {{ d | tojson(separators=(',', ':')) }} {{ odd | tojson(ensure_ascii=true) }} {{ {'b': 1, 'a': [{}]} | tojson(sort_keys=true, indent=1) }} {{ l | tojson(indent=0) }} {{ l | tojson(indent='--') }}",
    "{{ {1: 2, none: 3, true: 4, 2.5: 5} | tojson }} {{ '\\x00\\x1f\\x7f/</é' | tojson }} {{ '\\x7f👩' | tojson(ensure_ascii=true) }}",
    # Tests.
    "{{ n is defined }} {{ missing is defined }} {{ missing is undefined }} {{ d.k is defined }} {{ d.q is not defined }} {{ nil is none }} {{ nil is defined }} {{ n is not none }} {{ missing is none }}",
    "{{ s is string }} {{ n is number }} {{ x is number }} {{ yes is number }} {{ n is integer }} {{ yes is integer }} {{ x is float }} {{ yes is boolean }} {{ yes is true }} {{ 1 is true }} {{ no is false }} {{ d is mapping }} {{ l is mapping }}",
    "{{ l is iterable }} {{ s is iterable }} {{ n is iterable }} {{ nil is iterable }} {{ missing is iterable }} {{ l is sequence }} {{ s is sequence }} {{ d is sequence }} {{ n is sequence }} {{ missing is sequence }} {{ (1,) is sequence }} {{ l | map('string') is sequence }}",
    "{{ n is odd }} {{ n is even }} {{ n is divisibleby 7 }} {{ n is divisibleby(2) }} {{ n is eq 7 }} {{ n is equalto(7) }} {{ n is ne 7 }} {{ n is gt 3 }} {{ n is lt(3) }} {{ n is ge 7 }} {{ 'a' is in 'abc' }} {{ 3 is in l }}",
    "{{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'aB' is lower }} {{ range is callable }} {{ n is callable }} {{ s.upper is callable }} {{ strftime_now is defined }} {{ raise_exception is defined }} {{ raise_exception is callable }} {{ n is escaped }}",
    "{{ n is defined and n > 3 }} {{ n is not string or no }} {{ not n is string }} {{ 'y' if n is odd else 'z' }} {{ n is number and not nil is string }}",
    # Loops.
    "{% for i in l %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ ',' if not loop.last }}{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for c in 'abc' %}{{ c }}.{% endfor %}",
    "{% for i in l %}{{ loop.first }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem is defined }}{{ loop.depth }}{{ loop.cycle('a', 'b') }}{{ loop.changed(i > 1) }} {% endfor %}",
    "{% for i in range(10) %}{% if i == 3 %}{% continue %}{% endif %}{% if i == 6 %}{% break %}{% endif %}{{ i }}{% else %}none{% endfor %}", "{% for i in [] %}x{% else %}empty{% endfor %}{% for i in missing %}x{% else %}undefined{% endfor %}",
    "{% for i in l if i > 1 %}{{ loop.index }}{{ i }}{% endfor %} {% for i in l if i > 9 %}{% else %}none{% endfor %}", "{% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %} {% for (a, (b, c)) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for n in tree recursive %}[{{ n.v }}@{{ loop.depth }}{{ loop(n.c) if n.c }}]{% endfor %}", "{% for i in 1, 2, 3 %}{{ i }}{% endfor %} {% for i in (4, 5) %}{{ i }}{% endfor %} {% for x in range(5, 0, -2) %}{{ x }}{% endfor %} {{ range(3) | list }} {{ range(2, 4) | join }}",
    "{% for i in l %}{% for j in names %}{{ i }}{{ j[0] }}{% if loop.index == 2 %}{% break %}{% endif %}{% endfor %}|{% endfor %}", "{% set g = l | map('string') %}{{ g | list }}{{ g | list }}{% set h = l | select %}{{ h | first }}{{ h | list }}",
    "{% for i in d | items %}{{ i }}{% endfor %}{% for m in messages[::-1] %}{{ m.role }}{% endfor %}{% for u in users | selectattr('tags') %}{{ u.name }}{% endfor %}",
    # Names.
    "{% set a = 1 %}{% for i in l %}{% set a = a + i %}{{ a }}{% endfor %}{{ a }}", "{% set ns = namespace(a=1, b='x') %}{% for i in l %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c }}{{ ns.c is defined }}",
    "{% if yes %}{% set a = 5 %}{% endif %}{{ a }}{% if no %}{% set b = 5 %}{% endif %}{{ b }}", "{% set a, b = 1, 'x' %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c }}{% set (e, f) = 'yz' %}{{ e }}{{ f }}", "{% set a %}text {{ n }}{% endset %}{{ a }}|{{ a | length }}",
    "{% set a | upper %}text {{ s }}{% endset %}{{ a }}{% set b | replace('x', 'y') | trim %} x {% endset %}[{{ b }}]", "{% set a = 1 %}{% set b %}{% set a = 2 %}{{ a }}{% endset %}{{ b }}{{ a }}", "{% set ns = namespace() %}{% set ns.t %}block{% endset %}{{ ns.t }}{% set ns = namespace(d, q=1) %}{{ ns.k }}{{ ns.q }}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set a = 3 %}{{ a }}{% endwith %}{{ a }}{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}", "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% filter upper %}a {{ s }}{% endfilter %}{% filter replace('a', 'b') | trim %} xaxa {% endfilter %}|{% set v = 1 %}{% filter lower %}{% set v = 2 %}X{% endfilter %}{{ v }}",
    "{% for i in l %}{% if loop.first %}{% set z = 'set' %}{% endif %}{{ z }}{% endfor %}", "{{ dict(a=1, b=2) }} {{ dict([('x', 1), ['y', 2]]) }} {{ dict({'q': 1}, r=2) }} {{ namespace(a=1).a }}",
    # Macros.
    "{% macro f(a, b=2, c='z') %}({{ a }},{{ b }},{{ c }}){% endmacro %}{{ f(1) }}{{ f(1, 5) }}{{ f(1, c=9) }}{{ f(b=3, a=4) }}{{ f() }}", "{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, k=3) }}{% macro g(a) %}{{ a }}{{ varargs | length }}{% endmacro %}{{ g(1, 2, 3) }}",
    "{% macro t(x) %}{% if x is mapping %}{ {%- for k, v in x.items() %}{{ k }}:{{ t(v) }};{% endfor -%} }{% elif x is string or x is number or x is none or x is boolean %}{{ x }}{% else %}[{% for v in x %}{{ t(v) }}{{ ',' if not loop.last }}{% endfor %}]{% endif %}{% endmacro %}{{ t(d) }} {{ t(users) }}",
    "{% macro f() %}{{ n }}{{ later }}{% endmacro %}{% set later = 'L' %}{{ f() }}{% set later = 'M' %}{{ f() }}", "{% macro wrap(tag) %}<{{ tag }}>{{ caller() }}</{{ tag }}>{% endmacro %}{% call wrap('b') %}in {{ s }}{% endcall %}", "{% macro each(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(v) each(l) %}<{{ v }}>{% endcall %}",
    "{%- macro f(x) -%}  {{ x | trim }}  {%- endmacro -%}[{{ f(' a ') }}]{% set r = f('b') %}{{ r ~ r | length }}", "{% macro f(x) %}{% set y = x %}{{ y }}{% endmacro %}{{ f(1) }}{{ y }}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    # What stands between tags.
    "a {#- b -#} c {# d #}\n  {# e #}\nf {#- #}g", "  {% if yes %}\n  x\n  {% endif %}\ny {% if yes %} z {% endif %} w\n", "{{ 'a' }}\n{{ 'b' -}}\n  c\n  {{- 'd' }}\n", "  {%+ if yes %} x{% endif +%}\n\ny", "{% raw %}{{ not }} {% set %}{% endraw %} {%- raw -%}  {{ x }}  {%- endraw -%}  y",
    "{% if yes -%}\n  a\n{%- endif %}\n\n{% if yes %}\n\nb{% endif %}\n", "x\r\n{{ 'y' }}\r\nz\r", "{% generation %}{{ s }}{% set inner = 1 %}{% endgeneration %}{{ inner }}", "{%- if yes -%}a{%- else -%}b{%- endif -%}", "a\u00a0{%- if yes %}b{% endif -%}\u2003c", "{{ {'a': {'b': 1}}['a'] }}{{ {'x': '}}'} }}",
    "{% if l %}1{% elif no %}2{% else %}3{% endif %}{% if no %}{% elif yes %}4{% endif %}{% if () %}5{% else %}6{% endif %}", "\n{{ 'first line is blank' }}\n\n", "line {{ n }}\n\tindented {% set a = 1 %}\n\t{% set b = 2 %}\nend {{ a + b }}",
    # Errors, as Jinja has them.
    "{{ missing.attribute }}", "{{ missing() }}", "{{ missing + 1 }}", "{{ 1 + 'x' }}", "{{ 'x' + 1 }}", "{{ n | length }}", "{{ nil | length }}", "{{ 1 < 'x' }}", "{{ 1 / 0 }}", "{{ 5 % 0 }}", "{% for i in 3 %}{% endfor %}", "{% for i in nil %}{% endfor %}", "{% for a, b in [1] %}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{{ l.append(1) }}", "{{ d.update({}) }}", "{{ d.pop('k') }}", "{{ d.setdefault('a', 1) }}", "{% set ns = namespace() %}{% set ns._x = 1 %}", "{% set d.k = 1 %}", "{{ namespace(_x=1) }}", "{{ missing | tojson }}", "{{ l | map('string') | length }}", "{{ l | map('string') | last }}", "{{ nil() }}", "{{ n.f() }}", "{{ s.nothing() }}",
    "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{% endmacro %}{{ f(b=2) }}", "{{ raise_exception('no: ' ~ n) }}", "{{ [3, 'a'] | sort }}", "{{ s.index('q') }}", "{{ {[]: 1} }}", "{{ loop.index }}", "{{ l[missing.x] }}", "{{ s | unknown }}", "{{ n is unknown }}", "{{ ''.join([1]) }}", "{{ range(0, 10, 0) }}", "{{ range(10000000) | length }}", "{{ s.split('') }}",
    "{% break %}", "{% endif %}", "{{ 1 + }}", "{% if %}{% endif %}", "{% set 1 = 2 %}", "{% for x of y %}{% endfor %}", "{{ a b }}", "{{ (1 }}", "{{ 'x }}", "{% macro %}{% endmacro %}", "{% set true = 1 %}", "{% for i in l %}", "{{ x[1:2:3:4] }}", "{{ n is odd is even }}", "{% if yes %}{% endfor %}", "{# open", "{{ 1 if }}", "{% set x %}", "{{ f(a=1, 2) }}", "{{ 007 }}",
    # A loop's else: where no turn came to its end.
    "{% for i in [1] %}{% break %}{% else %}E{% endfor %}|{% for i in l %}{% continue %}{% else %}E{% endfor %}|{% for i in l %}{{ i }}{% if i == 1 %}{% break %}{% endif %}{% else %}E{% endfor %}|{% for i in l %}{% if i != 2 %}{% continue %}{% endif %}{{ i }}{% else %}E{% endfor %}",
    "{% for j in l %}{% for i in [] %}{% else %}{% break %}{% endfor %}{{ j }}{% else %}E{% endfor %}|{% for j in l %}{% for i in [] %}{% else %}{{ loop.index }}{% if j == 1 %}{% continue %}{% endif %}{% endfor %}{{ j }}{% endfor %}", "{% for i in l if i > 1 %}{% break %}{% else %}E{% endfor %}{% for i in [] %}{% else %}{{ loop is defined }}{% set q = 1 %}{{ q }}{% endfor %}[{{ q }}]",
    "{% set i = 5 %}{% for i in l %}{% break %}{% else %}{{ i }}{% endfor %}{% for i in [] %}{% else %}{{ i }}{% endfor %}", "{% for n in tree recursive %}{{ n.v }}{% if n.v == 2 %}{% break %}{% endif %}{{ loop(n.c) }}{% else %}leaf{% endfor %}",
    # Filters of what is not defined.
    "[{{ missing | upper }}{{ missing | trim }}{{ missing | title }}{{ missing | capitalize }}{{ missing | string }}{{ missing | replace('a', 'b') }}{{ missing | join(',') }}{{ missing | default('d') }}{{ d.q | lower }}{{ l[9] | center(3) }}]", "{{ missing | length }} {{ missing | list }} {{ missing | first }} {{ missing | last }} {{ missing | sum }} {{ missing | max }} {{ missing | sort }} {{ missing | unique | list }} {{ missing | reverse | list }} {{ missing | items | list }} {{ missing | batch(2) | list }}",
    "{{ missing | map('upper') | list }} {{ missing | select | list }} {{ missing | rejectattr('a') | list }} {{ missing | map(attribute='x') | join }} {{ [missing, d.q] | map('default', 7) | list }} {{ [missing, missing] | sort }} {{ users | sort(attribute='nothing') | map(attribute='name') | join(' ') }}",
    "{{ 'x'.join(missing) }}|{{ 'a' in missing }}|{{ missing ~ 1 }}|{{ missing == d.q }}|{{ s.split(maxsplit=1) }}", "{{ '1_000' | int }} {{ '1_0.5' | float }} {{ '_1' | int }} {{ '1__0' | int(3) }} {{ '+7' | int }} {{ ' -7.9 ' | int }} {{ '\u0663' | int }} {{ 'nan(1)' | float(2) }} {{ 'infinity' | float }} {{ '1e3' | int }} {{ '.5' | float }} {{ '5.' | float }}",
    "{{ missing | int }}", "{{ missing | int(5) }}", "{{ d.q | float }}", "{{ l[9] | float(2.5) }}", "{{ missing | abs }}", "{{ missing | round }}", "{{ missing | indent }}", "{{ missing | dictsort }}", "{{ s.split(missing) }}", "{{ s.strip(missing) }}", "{% macro f(a) %}{{ a | int }}{% endmacro %}{{ f() }}", "{{ users | sort(attribute='admin') }}",
]

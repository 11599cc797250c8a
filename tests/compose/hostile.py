# ruff: noqa: E501 - a letter is read best on one line
"""Letters that mean harm: each would run for hours or fill the memory if nothing stopped it."""

from __future__ import annotations

__all__ = ["HOSTILE"]

_DOUBLED = "{% set a = [1] %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40
_DEEP_TUPLE = "{% set t = (1,) %}" + "{% set t = (t, t) %}" * 40
_LONG = "{% set s = 'x' * 900000 %}"
_STATEMENTS = "{% set y = 1 %}" * 500
_FOR_EVER = "{% for i in range(9000) %}"
_LONGER = "{% for i in range(40000) %}"

_LONG_TEXTS = (
    "{% set s = 'x' * 90000 %}{% set a = [s ~ 'a', s ~ 'b'] * 100 %}{% set c = [s ~ 'a', s ~ 'b'] * 100 %}"
    "{% set b = [{'n': s ~ 'a'}, {'n': s ~ 'b'}] * 100 %}"
)

HOSTILE = {
    # Loops
    "loops in loops": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "a long body": f"{_FOR_EVER}{_STATEMENTS}{{% endfor %}}",
    "a filtered loop": "{% for a in range(90000) if a is divisibleby(7) and a * a + a * a > 5 and a ~ a ~ a ~ a %}{% endfor %}",
    "a loop that calls itself": "{% for a in [[1]] recursive %}{{ loop([a]) }}{% endfor %}",
    "a loop that calls itself twice": "{% for a in [1] recursive %}{{ loop([1, 1]) if loop.depth < 25 }}{% endfor %}",
    "a long range for itself": "{% for a in [1] recursive %}{{ loop(range(99999)) if loop.depth < 9 }}{% endfor %}",
    "a range beyond reason": "{% for i in range(10 ** 9) %}{% endfor %}",
    "ranges joined": "{{ range(99999)|join('x' * 9000) }}",
    "ranges of ranges": "{{ range(9999)|map('string')|map('list')|map('join')|join|length }}" * 20,
    # Calls
    "a macro for ever": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "macros that double": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
    "a macro with a long body": f"{{% macro m() %}}{_STATEMENTS}{{% endmacro %}}{_FOR_EVER}{{% set z = m() %}}{{% endfor %}}",
    "a block for ever": "{% block b %}{{ self.b() }}{% endblock %}",
    "a block with a long body": f"{{% block b %}}{_STATEMENTS}{{% endblock %}}{_FOR_EVER}{{% set z = self.b() %}}{{% endfor %}}",
    "a caller for ever": "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}{% endcall %}"
    "{% endmacro %}{{ n() }}",
    "a long call block": f"{{% macro m() %}}{_FOR_EVER}{{% set z = caller() %}}{{% endfor %}}{{% endmacro %}}"
    f"{{% call m() %}}{_STATEMENTS}{{% endcall %}}",
    "cycles": "{% set c = cycler(*range(90000)) %}{% for i in range(90000) %}{% set z = c.next() ~ c.next() %}{% endfor %}",
    # Text
    "a long text": "{{ 'x' * 50_000_000 }}",
    "a long text from the left": "{{ 50_000_000 * 'x' }}",
    "text that doubles": "{% set s = 'xxxxxxxxxx' %}" + "{% set s = s ~ s %}" * 40,
    "text that doubles by +": "{% set s = 'xxxxxxxxxx' %}" + "{% set s = s + s %}" * 40,
    "a namespace that doubles": "{% set n = namespace(s='xx') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "a set block that doubles": "{% set s = 'xxxxxxxxxx' %}" + "{% set s %}{{ s }}{{ s }}{% endset %}" * 40,
    "a set block that is long": f"{_LONG}{{% set t %}}{_FOR_EVER}{{{{ s }}}}{{% endfor %}}{{% endset %}}",
    "a set block of short texts": f"{{% set t %}}{_FOR_EVER}{'{{ i }}' * 50}{{% endfor %}}{{% endset %}}",
    "a set block of constants": f"{_FOR_EVER}{{% set t %}}{'x' * 50_000}{{% endset %}}{{% endfor %}}",
    "a filter block": f"{_LONG}{_FOR_EVER}{{% filter upper %}}{{{{ s }}}}{{% endfilter %}}{{% endfor %}}",
    "joined by ~ again and again": f"{_LONG}{_FOR_EVER}{{% set t = s ~ i %}}{{% endfor %}}",
    "replacing that grows": "{{ 'xxxxxxxxxx'|replace('x', 'x' * 9000)|replace('x', 'x' * 9000) }}",
    "a method that replaces and grows": "{{ ('x' * 9000).replace('x', 'x' * 9000) }}",
    "replacing nothing": "{{ ('x' * 9000)|replace('', 'y' * 9000) }}",
    "joining long glue": "{{ ('x' * 90000).join(range(9000)|map('string')) }}",
    "escaping that grows": "{{ ('<' * 900000)|e|forceescape|forceescape|forceescape }}",
    "tags stripped": "{{ ('<!---->' * 120000)|striptags }}",
    "comments without end": "{{ ('<!--' * 200000)|striptags }}",
    "words found": f"{_LONG}{_FOR_EVER}{{% set t = s|wordcount %}}{{% endfor %}}",
    "links found": "{{ ('(' * 200000)|urlize }}",
    "text wrapped": "{{ ('x ' * 400000)|wordwrap(1, wrapstring='y' * 90) }}",
    "text wrapped long": "{{ ('x ' * 90)|wordwrap(1, wrapstring='y' * 900000) }}",
    "stripped sign by sign": "{{ ('x' * 900000).strip('abcdefghij' * 90000 ~ 'x')|length }}",
    "trimmed sign by sign": "{{ ('x' * 900000)|trim('abcdefghij' * 90000 ~ 'x') }}",
    "searched from the end": "{{ ('a' * 900000).rfind('b' ~ 'a' * 400000) }}",
    "compared again and again": f"{_LONG}{{% set t = 'x' * 900000 %}}{_FOR_EVER}{{% if s == t %}}{{% endif %}}{{% endfor %}}",
    "searched again and again": f"{_LONG}{_FOR_EVER}{{% if 'y' in s %}}{{% endif %}}{{% endfor %}}",
    "tested again and again": f"{_LONG}{_FOR_EVER}{{% if s is upper %}}{{% endif %}}{{% endfor %}}",
    "found by a test": f"{_LONG}{_FOR_EVER}{{% if 'y' is in s %}}{{% endif %}}{{% endfor %}}",
    "sliced in steps": f"{_LONG}{_FOR_EVER}{{% set t = s[1:] %}}{{% set t = [s, s][1:][0][::2] %}}{{% endfor %}}",
    "sliced again and again": f"{_LONG}{_FOR_EVER}{{% set t = s[::-1] %}}{{% endfor %}}",
    "copied as safe": f"{_LONG}{_FOR_EVER}{{% set t = s|safe %}}{{% endfor %}}",
    "folded when compiled": "{{ 'x'|replace('x', 'y')" + "|replace('y', 'yy')" * 40 + " }}",
    "folded when compiled, often": (
        "{{ 'x'|replace('x', '" + "y" * 900 + "')|replace('y', '" + "z" * 900 + "')|length }}"
    )
    * 200,
    # Wide from a number
    "centred": "{{ 'x'|center(10 ** 9) }}",
    "centred by a method": "{{ 'x'.center(10 ** 9) }}",
    "indented": "{{ 'x'|indent(10 ** 9) }}",
    "formatted": "{{ '%999999999d'|format(1) }}",
    "formatted by a method": "{{ '{:999999999}'.format(1) }}",
    "formatted by %": "{{ '%999999999d' % 1 }}",
    "justified": "{{ 'x'.ljust(10 ** 9) }}{{ 'x'.rjust(10 ** 9) }}",
    "filled with noughts": "{{ 'x'.zfill(10 ** 9) }}",
    "tabs": "{{ '\t'.expandtabs(10 ** 9) }}",
    "batches": "{{ [1]|batch(10 ** 9, 'x')|list }}",
    "slices": "{{ [1]|slice(10 ** 9)|list }}",
    "rounded": "{{ 1.5|round(10 ** 9) }}{{ 1|round(-(10 ** 9)) }}",
    "json indented": "{{ [1]|tojson(indent=10 ** 9) }}",
    "a date that is wide": "{{ d.strftime('%999999999Y' * 9000) }}",
    "prices": f"{_LONGER}{{{{ i|money('RUB') }}}}{{% endfor %}}",
    "dates": f"{_LONGER}{{{{ d|date('yMMMMEEEEd') }}}}{{{{ i|plural('a', 'b') }}}}{{% endfor %}}",
    "numbers with many digits": "{{ 1|number(digits=10 ** 9) }}",
    "a date pattern that is wide": "{{ '2026-03-01'|date('y' * 100000) }}",
    "lorem ipsum": "{{ lipsum(n=10 ** 6) }}",
    # Numbers
    "a power": "{{ 2 ** (10 ** 9) }}",
    "a tower of powers": "{{ 10 ** (7 ** 8) }}",
    "products": "{% set n = namespace(y=9) %}{% for i in range(99) %}{% set n.y = n.y * n.y %}{% endfor %}",
    "a million digits": "{{ ('9' * 900000)|int }}{{ ('f' * 900000)|int(base=16) // ('f' * 400000)|int(base=16) }}",
    "a remainder of a million digits": "{{ ('f' * 900000)|int(base=16) % ('f' * 400000)|int(base=16) }}",
    "a float beyond reason": "{{ (1e308 * 10)|int }}",
    # Lists
    "a list that doubles": "{% set a = [1] %}" + "{% set a = a + a %}" * 40,
    "a long list": "{{ ([0] * 10 ** 9)|length }}",
    "lists sorted": "{% set a = range(99999)|list %}" + "{{ (a|sort|reverse|list|sort(reverse=true))[0] }}" * 20,
    "lists summed": "{{ ([[0] * 1000] * 1000)|sum(start=[])|length }}",
    "lists in lists as JSON": _DOUBLED + "{{ a|tojson }}",
    "lists in lists as text": _DOUBLED + "{{ a|string }}",
    "lists in lists joined": _DOUBLED + "{{ a ~ '' }}",
    "lists in lists in upper case": _DOUBLED + "{{ a|upper }}",
    "lists in lists compared": _DOUBLED + "{% if a == b %}{% endif %}",
    "lists in lists found": _DOUBLED + "{% if a in [b] %}{% endif %}",
    "lists in lists tested": _DOUBLED + "{% if a is eq b %}{% endif %}",
    "lists in lists unique": _DOUBLED + "{{ [a, b]|unique|list|length }}",
    "long texts sorted": _LONG_TEXTS + "{{ a|sort|length }}",
    "long texts sorted by a name": _LONG_TEXTS + "{{ b|sort(attribute='n,0')|length }}",
    "long texts grouped": _LONG_TEXTS + "{{ b|groupby('n')|length }}",
    "long texts grouped as one that is missing": _LONG_TEXTS + "{{ b|groupby('m', default=s)|length }}",
    "long texts sorted as pairs": _LONG_TEXTS + "{{ b|map('list')|map('first')|sort|length }}{{ [a, a]|sort|length }}",
    "long texts made unique": _LONG_TEXTS + "{{ a|unique|list|length }}",
    "long texts made unique by a name": _LONG_TEXTS + "{{ b|unique(false, 'n')|list|length }}",
    "long texts whose greatest is sought": _LONG_TEXTS + "{{ a|map('string')|max }}",
    "long texts whose least is sought": _LONG_TEXTS + "{{ b|min(attribute='n') }}",
    "long texts as keys sorted": _LONG_TEXTS + "{% set d = {s ~ 'a': 1, s ~ 'b': 2} %}" + "{{ d|dictsort }}" * 20,
    "long texts in lists compared": _LONG_TEXTS + "{% if a == c %}{% endif %}",
    "long texts in lists looked for": _LONG_TEXTS + "{% if s ~ 'c' in a %}{% endif %}",
    "long texts in lists tested": _LONG_TEXTS + "{{ [a]|select('in', [c])|list|length }}",
    "long texts in lists counted": _LONG_TEXTS + "{{ a.count(s ~ 'c') }}",
    "long texts looked up": "{% set s = 'x' * 900000 %}{% set d = {s: 1} %}" + "{{ d[s] }}" * 20,
    "lists in lists in a namespace": _DOUBLED + "{% set n = namespace(a=a) %}{{ n }}{{ n ~ '' }}",
    "lists in lists in a query": _DOUBLED + "{{ {'a': a}|urlencode }}",
    "lists in lists as a key": _DEEP_TUPLE + "{% set z = {}[t] %}",
    "lists in lists as keys": _DEEP_TUPLE + "{% set z = {t: 1} %}",
    "lists in lists passed on": _DOUBLED + "{{ loop }}{% for i in [1, 2] %}{{ loop.changed(a) }}{% endfor %}",
    "a list appended to": "{% set a = [] %}{% for i in range(90000) %}{% set z = a.append(a) %}{% endfor %}",
    "deep lists": "{% set n = namespace(a=[1]) %}{% for i in range(90000) %}{% set n.a = [n.a] %}{% endfor %}{{ n.a|tojson }}",
    # What is not for letters
    "the inside of Python": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "the inside of a function": "{{ cycler.__init__.__globals__ }}",
    "the inside by a filter": "{{ (''|attr('__class__')) }}",
    "another file": "{% include '/etc/passwd' %}",
    # Sources
    "brackets in brackets": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "lists in lists in the source": "{{ " + "[" * 5_000 + "]" * 5_000 + " }}",
    "loops in loops in the source": "{% for a in [1] %}" * 500 + "{% endfor %}" * 500,
    "conditions in conditions": "{% if 1 %}" * 500 + "{% endif %}" * 500,
    "nots": "{{ " + "not " * 9_000 + "1 }}",
    "one after another": "{{ 1 " + "+ 1 " * 5_000 + "}}",
    "joined one after another": "{{ 1 " + "~ 1 " * 5_000 + "}}",
    "filters one after another": "{{ 1 " + "|abs" * 9_000 + "}}",
}
"""What it does, and how."""

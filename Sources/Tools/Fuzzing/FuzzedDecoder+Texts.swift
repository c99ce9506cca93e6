import ChatTemplates
import Foundation
import Tokenization

/// Tokenizers and chat templates: what turns a prompt into tokens. Both come with a model and are small programs.
extension FuzzedDecoder {
    static func texts(_ scratch: ScratchFiles, models: [URL], tokenizers: [URL]) -> [FuzzedDecoder] {
        func bytes(_ urls: [URL]) -> [[UInt8]] { urls.compactMap { try? Data(contentsOf: $0) }.map { Array($0) } }
        let whole = bytes(models.map { $0.appendingPathComponent("tokenizer.json") }) + bytes(tokenizers)
        return [
            FuzzedDecoder("tokenizer.json", Mutator(seeds: whole, words: json + members)) {
                try tokenize($0, scratch)
            },
            // The same with little vocabulary, so that changes fall on what matters, and thousands fit in a second.
            FuzzedDecoder(
                "small tokenizer.json", Mutator(seeds: smallTokenizers.map { Array($0.utf8) }, words: json + members)
            ) {
                try tokenize($0, scratch)
            },
            FuzzedDecoder("chat template", Mutator(seeds: templates.map { Array($0.utf8) }, words: jinja)) {
                let template = try ChatTemplate(
                    source: String(decoding: $0, as: UTF8.self), tokens: ["bos_token": "<s>", "eos_token": "</s>"])
                _ = try template.prompt(user: "Hello wörld  12,345\n\n👩‍🔬 </t> don't\u{0}")
                _ = try template.prompt(conversation)
            },
            FuzzedDecoder(
                "tokenizer_config.json",
                Mutator(
                    seeds: tokenizerConfigurations.map { Array($0.utf8) },
                    words: json + ["\"chat_template\":", "\"bos_token\":", "\"content\":", "\"default\"", "{{", "%}"])
            ) {
                _ = try scratch.write($0, "tokenizer_config.json")
                _ = try ChatTemplate(folder: scratch.folder, tokens: [:]).prompt(conversation)
            },
        ]
    }

    private static func tokenize(_ bytes: [UInt8], _ scratch: ScratchFiles) throws {
        let tokenizer = try Tokenizer(file: try scratch.write(bytes, "tokenizer.json"))
        let ids = tokenizer.encode("Hello wörld  12,345\n\n👩‍🔬 don't <s>aab\u{0}")
        _ = tokenizer.decode(ids)
        _ = tokenizer.decode([-1, 0, .max])
    }

    private static let members = [
        "\"type\":\"", "ByteLevel", "Split", "Sequence", "\"pattern\":{\"Regex\":\"", "(?i)", "+", "\"vocab\":{",
        "\"merges\":[", "\"normalizer\":", "Metaspace", "\"added_tokens\":[", "\\\\p{L}", "(a+)+$", "{1,99999}", "(?=",
        "\"Replace\"", "\"NFKC\"", "Prepend", "Digits", "TemplateProcessing", "ByteFallback", "<0x41>", "▁",
    ]

    private static let conversation = [
        ("system", "Be kind. "), ("user", "é\n"), ("assistant", "<t>a</t>b"), ("user", ""),
    ]
    .map { ChatTemplate.Message(role: $0.0, content: $0.1) }

    /// Every component of the families' tokenizers.
    private static let smallTokenizers = [
        #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":12,"content":"<s>","single_word":false,
        "lstrip":true,"rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Sequence","normalizers":[
        {"type":"NFC"},{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
        "pre_tokenizer":null,"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>",
        "type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{
        "id":"B","type_id":1}}],"special_tokens":{"<s>":{"id":"<s>","ids":[12],"tokens":["<s>"]}}},"decoder":{"type":
        "Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
        {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},"model":{"type":"BPE","dropout":null,
        "unk_token":"?","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,
        "ignore_merges":false,"vocab":{"?":0,"<0x41>":1,"▁":2,"a":3,"b":4,"ab":5,"o":6,"l":7,"ll":8,"▁a":9,"e":10,"aab":11},
        "merges":["a b","l l","▁ a","a ab"]}}
        """#,
        #"""
        {"added_tokens":[{"id":9,"content":"don't","single_word":true,"lstrip":false,"rstrip":true,"normalized":true,
        "special":false}],"normalizer":{"type":"NFKC"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split",
        "pattern":{"Regex":"(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s+"},"behavior":"Isolated",
        "invert":false},{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,
        "trim_offsets":true,"use_regex":false}]},"post_processor":{"type":"ByteLevel","add_prefix_space":true,
        "trim_offsets":false,"use_regex":true},"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,
        "use_regex":true},"model":{"type":"BPE","ignore_merges":true,"vocab":{"H":0,"e":1,"l":2,"o":3,"Ġ":4,"el":5,"lo":6,
        "Ċ":7,"ello":8},"merges":[["e","l"],["l","o"],["el","lo"]]}}
        """#,
        #"""
        {"added_tokens":[],"normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"StripAccents"},
        {"type":"Strip","strip_left":true,"strip_right":true}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[
        {"type":"WhitespaceSplit"},{"type":"Punctuation","behavior":"Isolated"},{"type":"Metaspace","replacement":"▁",
        "prepend_scheme":"first","split":true}]},"post_processor":null,"decoder":{"type":"Metaspace","replacement":"▁",
        "prepend_scheme":"always","split":false},"model":{"type":"BPE","unk_token":"u","vocab":{"u":0,"▁":1,"h":2,"o":3,
        "▁h":4,"ho":5},"merges":["▁ h","h o"]}}
        """#,
    ]

    private static let jinja = [
        "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "{% for x in ", "{% endfor %}", "{% if ", "{% endif %}",
        "{% else %}", "{% set n.x = ", "namespace(", "range(9999)", "messages", "loop", "loop.index0", "[", "]",
        "[::-1]",
        "(", ")", " not ", " is ", " in ", " ~ ", " + ", " * ", " // ", "|tojson", "|list", "|join(", "|trim",
        ".split(", ".replace(", ".items()", "'a'", "0", "-1", "9223372036854775807", "none", "raise_exception(",
        "selectattr('role')", "n.x", "[n.x, n.x]", "\\", "{% macro m(a, b=1) %}", "{% endmacro %}", "m(",
        "{% call m() %}",
        "{% endcall %}", "caller(", "{% set x %}", "{% endset %}", "{% filter upper %}", "{% endfilter %}",
        "{% break %}",
        "{% continue %}", "{% raw %}", "{% endraw %}", " recursive", "loop(", "|map(", "|sort", "|batch(2)", " ** ",
        " < ",
        "1e308", "0x7f", ", ", "(1,)", ".center(", ".zfill(999", "|indent(", "|unique", "\\u00e9", "varargs",
        "|round(2)",
    ]

    private static let templates = [
        #"""
        {{- bos_token }}{%- if messages[0]['role'] == 'system' %}{%- set opening = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}{%- else %}{%- set opening = "" %}{%- endif %}
        {{- "<head>system</head>\n\n" + opening }}{% for m in messages if m.role != 'tool' %}
        {%- if not (m.role == 'tool' or 'calls' in m) %}{{- '<head>' + m['role'] + '</head>\n' ~ m.content | trim }}
        {%- elif loop.last and loop.index0 > 1 %}{{ raise_exception("no\n" ~ m.role) }}{%- endif %}{%- else %}none{%- endfor %}
        {%- if add_generation_prompt %}{{- '<head>assistant</head>\n\n' }}{%- endif %}
        """#,
        #"""
        {%- set n = namespace(x=true, last=messages|length - 1) %}{%- for m in messages[::-1] %}
        {%- set index = (messages|length - 1) - loop.index0 %}
        {%- if n.x and m.role == "user" and m.content is string and not(m.content.startswith('<r>')) %}
        {%- set n.x = false %}{%- set n.last = index %}{%- endif %}{%- endfor %}
        {%- for m in messages %}{%- set c = m.content if m.content is defined else '' %}{%- if '</t>' in c %}
        {%- set t = c.split('</t>')[0].rstrip('\n').split('<t>')[-1].lstrip('\n') %}{{- t ~ loop.index ~ c[-3:] }}
        {%- endif %}{%- endfor %}
        """#,
        #"""
        {% set x = [1, 2, 3] %}{% set n = namespace(x=[x]) %}{% for i in range(3) %}{{ i }}{{ ', ' if not loop.last }}
        {%- set n.x = [n.x, i] %}{% endfor %}{{ x[-1] }}{{ 'word'[1:3] }} {{ 7 // 2 }} {{ -7 % 3 }} {{ missing|default('d') }}
        {{ {'k': 'v\n"', 'n': [1, none, false]} | tojson }} {{ 'x' in 'xyz' }} {{ 3 not in x }} {{ n.x == n.x }}
        {% for k, v in {'p': 'q'}.items() %}{{ k ~ '=' ~ v }}{% endfor %} {{ 'a-b'.replace('-', '+') | upper }}
        {{ ['x', 'y'] | join('/') }}{{ messages | selectattr('role', 'equalto', 'user') | list | length }}
        """#,
        #"""
        {%- macro m(a, b=2) -%}<{{ a }}{% if a is mapping %}{% for k, v in a | dictsort %}{{ m(v) }}{% endfor %}{% endif %}>
        {%- endmacro -%}{{ m({'k': {'z': 1.5}}) }}{% macro w() %}[{{ caller(3) }}]{% endmacro %}
        {%- call(x) w() %}{{ x ** 2 }}{% endcall %}{% set t | trim %} {{ messages | map(attribute='role') | join(',') }} {% endset %}
        {%- for n in [{'c': [{'c': []}]}] recursive %}{{ loop.depth }}{{ loop(n.c) }}{% if loop.first %}{% continue %}{% endif %}
        {%- else %}-{% endfor %}{% filter upper %}{% raw %}{{ t }}{% endraw %}{{ t.title().center(20, '*') }}{% endfilter %}
        {%- with a, b = (1, 2) %}{{ a < b <= 2 }}{{ (a, [b, none, 1e-7]) }}{% endwith %}{% generation %}{{ t[::-2] }}{% endgeneration %}
        {{ [3, 1, 2] | sort | batch(2) | list | tojson(indent=2) }}{{ 'a\nb' | indent(2) }}{{ loop is defined }}
        """#,
    ]

    private static let tokenizerConfigurations = [
        #"{"bos_token":{"content":"<s>","special":true},"eos_token":"</s>","chat_template":"{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"}"#,
        #"{"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"{{ messages[0].content }}"}],"pad_token":null}"#,
    ]
}

import Foundation
import JSON
import TestSupport
import Testing

@testable import ChatTemplates

/// Templates in the manner of the families, and parts of Jinja one by one, against jinja2 as transformers sets it up: see
/// scripts/make-references/chat_templates.py.
struct ChatTemplateTests {
    struct Rendered: Decodable {
        let text: String?
        /// What the template itself refuses the messages with.
        let refused: String?
        /// What Jinja or Python refuses; with other words here.
        let fails: String?
    }

    private struct Fixture: Decodable {
        struct Template: Decodable {
            let name: String
            let template: String?
            let rendered: [Rendered]
        }
        struct Day: Decodable {
            let format, text: String
        }
        let tokens: [String: String]
        let date: String
        let chats: [[[String]]]
        let templates, elsewhere, switchedOff: [Template]
        let dates: [Day]

        static let recorded: Fixture = {
            let data = try! Data(contentsOf: Repository.fixture("Families/chat-templates.json"))
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try! decoder.decode(Fixture.self, from: data)
        }()

        func messages(_ chat: Int) -> [ChatTemplate.Message] {
            chats[chat].map { ChatTemplate.Message(role: $0[0], content: $0[1]) }
        }
    }

    struct Snippet: Sendable, CustomTestStringConvertible {
        let template: String
        let text: String?

        var testDescription: String { template }

        /// With the variables that they are given, whose members keep their order.
        static let recorded: (variables: [String: String], snippets: [Snippet]) = {
            let url = Repository.fixture("Families/chat-templates.json")
            let root = try! JSONField<JSONError>(contentsOf: url, limit: 1 << 24)
            let variables = try! root.required("variables").members().map { ($0.name, $0.field.value.compact) }
            let snippets = try! root.required("snippets").elements().map {
                Snippet(template: try $0.required("template").string(), text: try $0.string("text"))
            }
            return (Dictionary(uniqueKeysWithValues: variables), snippets)
        }()
    }

    private func render(_ source: String, _ content: String = "Hi") throws -> String {
        try ChatTemplate(source: source).prompt([ChatTemplate.Message(role: "user", content: content)])
    }

    private func compare(_ template: ChatTemplate, _ rendered: [Rendered]) {
        let fixture = Fixture.recorded
        #expect(rendered.count == fixture.chats.count)
        for (chat, expected) in rendered.enumerated() {
            switch Result(catching: { try template.prompt(fixture.messages(chat)) }) {
            case .success(let text):
                #expect(Array(text.utf8) == Array((expected.text ?? "to be refused").utf8), "\(text.debugDescription)")
            case .failure(let error):
                let refusal = expected.refused.map(ChatTemplateError.refused)
                #expect(expected.fails != nil || error as? ChatTemplateError == refusal, "\(error)")
            }
        }
    }

    @Test(arguments: [
        "headers", "turns", "defaults", "thoughts", "instructions", "titles", "dated", "blocks", "spaces",
    ])
    func `conversations are written as transformers writes them`(_ name: String) throws {
        let fixture = Fixture.recorded
        let item = try #require(fixture.templates.first { $0.name == name })
        let settings = try TemplateSettings(variables: [:], date: fixture.date)
        compare(
            try ChatTemplate(source: try #require(item.template), tokens: fixture.tokens, settings: settings),
            item.rendered)
    }

    @Test(
        .enabled(if: SharedData.isPresent, "the shared data is not there"),
        arguments: [[:], ["think_aloud": "false"]])
    func `templates in the manner of published ones are written as transformers writes them`(
        _ variables: [String: String]
    ) throws {
        let fixture = Fixture.recorded
        let settings = try TemplateSettings(variables: variables, date: fixture.date)
        let items = variables.isEmpty ? fixture.elsewhere : fixture.switchedOff
        #expect(items.count == (variables.isEmpty ? 6 : 1))
        for item in items {
            let source = try String(contentsOf: SharedData.path("cases/templates/\(item.name)"), encoding: .utf8)
            compare(try ChatTemplate(source: source, tokens: fixture.tokens, settings: settings), item.rendered)
        }
    }

    @Test(arguments: Snippet.recorded.snippets)
    func `each part of Jinja does what it does there`(_ snippet: Snippet) throws {
        let fixture = Fixture.recorded
        let settings = try TemplateSettings(variables: Snippet.recorded.variables, date: fixture.date)
        let found = Result {
            try ChatTemplate(source: snippet.template, tokens: fixture.tokens, settings: settings)
                .prompt(fixture.messages(2))
        }
        switch found {
        case .success(let text): #expect(text.debugDescription == (snippet.text ?? "an error").debugDescription)
        case .failure(let error): #expect(snippet.text == nil, "\(error), not \(snippet.text?.debugDescription ?? "")")
        }
    }

    @Test func `a day is written as Python writes it`() throws {
        let date = try #require(TemplateDate(Fixture.recorded.date))
        for day in Fixture.recorded.dates { #expect(date.written(day.format) == day.text, "\(day.format)") }
        #expect(date.written("%s") == nil && date.written(String(repeating: "%A", count: 3000)) == nil)
        #expect(date.written("%9999d") == nil && date.written("a\u{0}b") == nil)
        for text in ["2026-02-30", "2026-2-3", "26-02-03", "2026-13-01", "2026-02-03x", "", "0999-01-01", "2026/02/03"]
        {
            #expect(TemplateDate(text) == nil)
        }
        #expect(TemplateDate("2024-02-29") != nil && TemplateDate("2100-02-29") == nil)
    }

    @Test(arguments: [
        ("{% include 'x' %}", "include"), ("{% extends 'x' %}", "extends"), ("{{ x | groupby('y') }}", "groupby"),
        ("{{ cycler('a') }}", "cycler"), ("{{ 'x'.format(3) }}", "format"), ("{{ '%s' % 1 }}", "'%'"),
        ("{{ 'x' | escape }}", "escape"), ("{{ ('x' | safe) ~ 'y' }}", "safe"), ("{{ '\\N{DASH}' }}", "escape"),
        ("{{ dict(*x) }}", "'*'"), ("{{ namespace(a=1) }}", "namespace"), ("{{ ''.__class__ }}", "__class__"),
        ("{{ [1] | map('string') }}", "once"), ("{{ '1' | int(base=2) }}", "base"),
    ])
    func `what is not supported is named, with its line`(_ source: String, _ name: String) {
        let error = #expect(throws: ChatTemplateError.self) { try render("\n\n" + source) }
        guard case .unsupported(let line, let what) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(line == 3 && what.contains(name) && !what.contains("\n"))
    }

    @Test func `work, output and nesting are bounded`() throws {
        let loops = String(repeating: "{% for x in range(10000) %}", count: 4)
        #expect(throws: ChatTemplateError.self) {
            try render(loops + "{{ x }}" + String(repeating: "{% endfor %}", count: 4))
        }
        let doubling = "{% set ns = namespace(t='x') %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}"
        #expect(throws: ChatTemplateError.self) { try render(doubling) }
        for deep in [
            String(repeating: "(", count: 10_000), String(repeating: "not ", count: 10_000),
            String(repeating: "-", count: 10_000), String(repeating: "[", count: 10_000),
            String(repeating: "1 + ", count: 10_000), String(repeating: "x.y and ", count: 10_000),
        ] {
            #expect(throws: ChatTemplateError.self) { try ChatTemplate(source: "{{ \(deep)1 }}") }
        }
        #expect(throws: ChatTemplateError.self) {
            try ChatTemplate(source: String(repeating: "{% if true %}", count: 10_000))
        }
    }

    private static let doubled =
        "{% set n = namespace(t='ab') %}{% for x in range(22) %}{% set n.t = n.t + n.t %}{% endfor %}"

    @Test(arguments: [
        // Loops that do nothing.
        "{% for x in range(9999) %}{% for y in range(9999) %}{% endfor %}{% endfor %}",
        "{% for x in range(9999) %}{% for y in range(9999) if false %}{% endfor %}{% endfor %}",
        // A list in a list in a list, and other things in one another.
        "{% set n = namespace(l=[]) %}{% for x in range(9999) %}{% set n.l = [n.l] %}{% endfor %}",
        "{% set n = namespace(l=0) %}{% for x in range(9999) %}{% set n.l = {'a': n.l} %}{% endfor %}",
        "{% set n = namespace(l=0) %}{% for x in range(9999) %}{% set n.l = (n.l,) | map('list') %}{% endfor %}",
        "{% set n = namespace(l=[]) %}{% for x in range(9999) %}{% set n.l = [n.l.count] %}{% endfor %}",
        "{% set n = namespace(l=1) %}{% for x in range(9999) %}{% for y in [n.l] %}{% set n.l = loop %}{% endfor %}{% endfor %}",
        // A list that holds itself twice, forty times over.
        "{% set n = namespace(l=[1]) %}{% for x in range(40) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l == n.l }}",
        "{% set n = namespace(l=[1]) %}{% for x in range(40) %}{% set n.l = n.l + n.l %}{% endfor %}",
        // A text that grows, and every letter of which becomes a value.
        doubled + "{% for a in range(99) %}{% for c in n.t %}{% endfor %}{% endfor %}",
        doubled + "{{ n.t.split() }}{{ n.t.split('a') }}",
        doubled + "{% for x in range(99) %}{{ n.t | list | length }}{% endfor %}",
        doubled + "{% for x in range(9999) %}{% set y = n.t | replace('a', 'b') | trim %}{% endfor %}",
        doubled + "{% for x in range(9999) %}{% set y %}{{ n.t }}{% endset %}{% endfor %}",
        doubled + "{{ [n.t, n.t] * 4000 }}", doubled + "{{ ([n.t] * 40) | map('upper') | list | length }}",
        doubled + "{{ ([n.t] * 40) | tojson }}", doubled + "{{ n.t.join([n.t] * 40) }}",
        doubled + "{{ n.t.replace('', n.t) }}",
        "{{ 'x' * 999999999 }}", "{{ [] * 999999999999 }}", "{{ 'x'.center(999999999) }}",
        "{{ 'x' | indent(999999999) }}",
        "{{ [1, 2] | batch(99999, 1) | list | tojson(indent=64) | length }}" + doubled
            + "{% for x in range(999) %}{{ n.t }}{% endfor %}",
        // Macros, and loops that go on in themselves.
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{% macro f(n) %}{{ f(n) ~ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
        "{% for x in range(99999) %}{{ range(99999) | unique | list | length }}{% endfor %}",
        "{{ dict(range(99999) | batch(2)) | length }}",
        "{% for x in range(9999) %}{{ range(9999) | sort | first }}{% endfor %}",
    ])
    func `a template that would take for ever, or all memory, ends in an error`(_ source: String) throws {
        let template = try ChatTemplate(source: source)
        let (text, work) = template.measured([ChatTemplate.Message(role: "user", content: "Hi")])
        #expect(throws: ChatTemplateError.self) { try text.get() }
        #expect(work.spent <= TemplateBudget.limit, "\(work)")
        // What no step is counted for is less than a step's worth each time, and there are no more times than steps.
        #expect(work.handled <= 2 * 4096 * TemplateBudget.limit, "\(work)")
    }

    @Test(arguments: [
        "(", "[", "{% if true %}", "{% for x in y %}", "not ", "{{ ", "{'a': ", "-", "x if ", "{% set x %}", "+",
        "x is ",
    ])
    func `nesting a million deep is an error`(_ opening: String) {
        let nested = String(repeating: opening, count: 1_000_000 / opening.utf8.count)
        for source in ["{{ \(nested)", "{% set x = \(nested)"] + (opening.hasPrefix("{%") ? [nested] : []) {
            #expect(throws: ChatTemplateError.self) { try render(source) }
        }
    }

    @Test func `namespaces and macros may hold one another`() throws {
        let ring = "{% set n = namespace() %}{% set n.a = namespace(b=n) %}{{ n.a.b == n }}"
        #expect(try render(ring) == "True")
        let chain =
            "{% set n = namespace(l=0) %}"
            + "{% for x in range(9999) %}{% set m = namespace(l=n.l) %}{% set n.l = m %}{% endfor %}end"
        #expect(try render(chain) == "end")
        let macros =
            "{% set n = namespace(m=0) %}{% for x in range(999) %}{% macro f() %}{{ x }}{% endmacro %}"
            + "{% set before = n.m %}{% set n.m = f %}{% endfor %}{{ n.m() }}"
        #expect(try render(macros) == "998")
    }

    @Test func `an error is a line, whatever the template holds`() {
        let name = String(repeating: "n", count: 100_000)
        for source in [
            "{{ raise_exception('a\\nb' ~ '\(name)') }}", "{{ \(name).x }}", "{{ 'x' | \(name) }}",
            "{{ x is \(name) }}",
            "{{ 'x'.\(name)() }}", "{% \(name) %}", "{{ [1].\(name)() }}", "{{ range(\(name)=1) }}",
        ] {
            let error = #expect(throws: ChatTemplateError.self) { try render(source) }
            let text = error.map { "\($0)" } ?? ""
            #expect(!text.contains("\n") && text.utf8.count < 1000 && !text.isEmpty)
        }
    }

    @Test func `a template of more than a megabyte is refused`() {
        #expect(throws: ChatTemplateError.self) { try render(String(repeating: "x", count: 1 << 20 + 1)) }
    }

    @Test func `texts are searched as Python searches them`() throws {
        #expect(try render("{{ 'e' in messages[0].content }}", "e\u{301}") == "True")
        #expect(try render("{{ '' in 'a' }}{{ 'b' in 'a' }}") == "TrueFalse")
        #expect(try render("{{ messages[0].content.split('e') | join('|') }}", "e\u{301}e") == "|\u{301}|")
        #expect(try render("{{ messages[0].content[1] }}{{ messages[0].content[-1] }}", "a\r\n") == "\r\n")
    }

    @Test func `without a day the date is the template's own, or an error that says how to name one`() throws {
        let source = "{% if strftime_now is defined %}{{ strftime_now('%d') }}{% else %}26 Jul{% endif %}"
        #expect(try render(source) == "26 Jul")
        let error = #expect(throws: ChatTemplateError.self) { try render("{{ strftime_now('%d') }}") }
        #expect(error.map { "\($0)" }?.contains("--template-date YYYY-MM-DD") == true)
        let settings = try TemplateSettings(variables: [:], date: "2026-02-03")
        #expect(try ChatTemplate(source: source, settings: settings).prompt(user: "x") == "03")
    }

    @Test func `variables reach the template, and what can be none is refused with the flag`() throws {
        let settings = try TemplateSettings(
            variables: ["a": #"{"b":[1,2.5,null,"é"]}"#, "bos_token": #""<x>""#, "tools": "[]"], date: nil)
        let template = try ChatTemplate(
            source: "{{ a }}{{ bos_token }}{{ tools }}", tokens: ["bos_token": "<b>"], settings: settings)
        #expect(try template.prompt(user: "x") == "{'b': [1, 2.5, None, 'é']}<x>[]")
        for (name, value, named) in [
            ("a", "yes", "expected JSON"), ("a", "", "expected JSON"), ("messages", "[]", "a name"),
            ("a b", "1", "a name"), ("a\n", "1", "a name"), ("a", #"{"x":1,"x":2}"#, "expected JSON"),
        ] {
            let error = #expect(throws: ChatTemplateError.self) {
                try TemplateSettings(variables: [name: value], date: nil)
            }
            let text = error.map { "\($0)" } ?? ""
            #expect(text.hasPrefix("--template-variable ") && text.contains(named) && !text.contains("\n"), "\(text)")
        }
        let error = #expect(throws: ChatTemplateError.self) { try TemplateSettings(variables: [:], date: "today") }
        #expect(error.map { "\($0)" } == "--template-date today: expected a day as YYYY-MM-DD")
    }

    @Test func `the template stands in a file of its own, or in the tokenizer's configuration`() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url
        func prompt() throws -> String {
            try ChatTemplate(folder: folder, tokens: ["bos_token": "<b>"]).prompt([
                ChatTemplate.Message(role: "user", content: "x")
            ])
        }
        func write(_ text: String, _ name: String = "tokenizer_config.json") throws {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        #expect(throws: ChatTemplateError.none(folder: folder.path)) { try prompt() }
        try write(#"{"chat_template":"{{ bos_token + messages[0].content }}"}"#)
        #expect(try prompt() == "<b>x")
        try write(
            #"{"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"{{ bos_token }}"}]}"#
        )
        #expect(try prompt() == "<b>")
        try write("{{ bos_token }} from a file", "chat_template.jinja")
        #expect(try prompt() == "<b> from a file")
        try FileManager.default.removeItem(at: folder.appendingPathComponent("chat_template.jinja"))
        try write("[]")
        #expect(throws: ChatTemplateError.self) { try prompt() }
    }
}

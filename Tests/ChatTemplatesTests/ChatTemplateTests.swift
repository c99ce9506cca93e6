import ChatTemplates
import Foundation
import TestSupport
import Testing

/// Templates in the manner of the families, against jinja2 as transformers sets it up: see
/// scripts/make-references/chat_templates.py.
struct ChatTemplateTests {
    private struct Fixture: Decodable {
        struct Rendered: Decodable {
            let text: String?
            let refused: String?
        }
        struct Template: Decodable {
            let name: String
            let template: String
            let rendered: [Rendered]
        }
        let tokens: [String: String]
        let chats: [[[String]]]
        let templates: [Template]
    }

    private func fixture() throws -> Fixture {
        let url = Repository.fixture("Families/chat-templates.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    private func render(_ source: String, _ content: String = "Hi") throws -> String {
        try ChatTemplate(source: source).prompt([ChatTemplate.Message(role: "user", content: content)])
    }

    @Test(arguments: ["headers", "turns", "defaults", "thoughts", "instructions", "spaces"])
    func `conversations are written as transformers writes them`(_ name: String) throws {
        let fixture = try fixture()
        let item = try #require(fixture.templates.first { $0.name == name })
        let template = try ChatTemplate(source: item.template, tokens: fixture.tokens)
        #expect(item.rendered.count == fixture.chats.count)
        for (chat, expected) in zip(fixture.chats, item.rendered) {
            let messages = chat.map { ChatTemplate.Message(role: $0[0], content: $0[1]) }
            let found = Result { try template.prompt(messages) }
            switch found {
            case .success(let text):
                #expect(Array(text.utf8) == Array((expected.text ?? "to be refused").utf8), "\(text.debugDescription)")
            case .failure(let error):
                let refusal = expected.refused.map(ChatTemplateError.refused)
                #expect(error as? ChatTemplateError == refusal, "\(error)")
            }
        }
    }

    @Test(arguments: [
        ("{% macro f() %}{% endmacro %}", "macro"), ("{% include 'x' %}", "include"),
        ("{{ x | groupby('y') }}", "groupby"),
        ("{{ 'x' is callable }}", "callable"), ("{{ cycler('a') }}", "cycler"), ("{{ 'x'.zfill(3) }}", "zfill"),
        ("{{ 1.5 }}", "number"),
        ("{{ messages | tojson(indent=4) }}", "tojson"),
        ("{{ [1,2,3][::2] }}", "steps of 2"), ("{% set x %}y{% endset %}", "set"), ("{{ '\\x41' }}", "escape"),
    ])
    func `what is not supported is named, with its line`(_ source: String, _ name: String) {
        let error = #expect(throws: ChatTemplateError.self) { try render("\n\n" + source) }
        guard case .unsupported(let line, let what) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(line == 3 && what.contains(name) && !what.contains("\n"))
    }

    @Test(arguments: [
        "{{", "{% if %}", "{% if true %}", "{% endif %}", "{{ 1 + }}", "{{ 'x }}", "{# x", "{{ (1 }}", "{{ [1 }}",
        "{% for %}",
        "{% for x of y %}{% endfor %}", "{% else %}", "{{ a b }}", "{{ x[1:2:3:4] }}", "{{ ? }}",
        "{{ 99999999999999999999 }}",
        "{% if true %}{% endfor %}",
    ])
    func `a template that is not well formed is refused`(_ source: String) {
        #expect(throws: ChatTemplateError.self) { try ChatTemplate(source: source) }
    }

    @Test(arguments: [
        "{{ missing.attribute }}", "{{ missing['x'] }}", "{{ 1 + 'x' }}", "{{ missing + 'x' }}",
        "{% for x in 3 %}{% endfor %}",
        "{% set x.y = 1 %}", "{{ 9223372036854775807 + 1 }}", "{{ range(0, 999999999) }}", "{{ -missing }}",
        "{% for a, b in [1] %}{% endfor %}", "{{ 1 in 2 }}", "{{ [][missing] }}",
    ])
    func `an operation that makes no sense is an error`(_ source: String) {
        #expect(throws: ChatTemplateError.self) { try render(source) }
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

    @Test(arguments: [
        // Loops that do nothing.
        "{% for x in range(9999) %}{% for y in range(9999) %}{% endfor %}{% endfor %}",
        "{% for x in range(9999) %}{% for y in range(9999) if false %}{% endfor %}{% endfor %}",
        // A list in a list in a list.
        "{% set n = namespace(l=[]) %}{% for x in range(9999) %}{% set n.l = [n.l] %}{% endfor %}",
        "{% set n = namespace(l=0) %}{% for x in range(9999) %}{% set n.l = {'a': n.l} %}{% endfor %}",
        // A list that holds itself twice, forty times over.
        "{% set n = namespace(l=[1]) %}{% for x in range(40) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l == n.l }}",
        "{% set n = namespace(l=[1]) %}{% for x in range(40) %}{% set n.l = n.l + n.l %}{% endfor %}",
        // A text that grows, and every letter of which becomes a value.
        "{% set n = namespace(t='ab') %}{% for x in range(23) %}{% set n.t = n.t + n.t %}{% endfor %}"
            + "{% for a in range(99) %}{% for c in n.t %}{% endfor %}{% endfor %}",
        "{% set n = namespace(t='a ') %}{% for x in range(23) %}{% set n.t = n.t + n.t %}{% endfor %}{{ n.t.split() }}",
        "{% set n = namespace(t='ab') %}{% for x in range(22) %}{% set n.t = n.t + n.t %}{% endfor %}"
            + "{% for x in range(9999) %}{% set y = n.t | replace('a', 'b') | trim %}{% endfor %}",
    ])
    func `a template that would take for ever, or all memory, ends in an error`(_ source: String) throws {
        let template = try ChatTemplate(source: source)
        let duration = ContinuousClock().measure {
            #expect(throws: ChatTemplateError.self) {
                try template.prompt([ChatTemplate.Message(role: "user", content: "Hi")])
            }
        }
        #expect(duration < .seconds(20))
    }

    @Test(arguments: ["(", "[", "{% if true %}", "{% for x in y %}", "not ", "{{ ", "{'a': ", "-", "x if "])
    func `nesting a million deep is an error`(_ opening: String) {
        let nested = String(repeating: opening, count: 1_000_000 / opening.utf8.count)
        for source in ["{{ \(nested)", "{% set x = \(nested)"] + (opening.hasPrefix("{%") ? [nested] : []) {
            #expect(throws: ChatTemplateError.self) { try render(source) }
        }
    }

    @Test func `namespaces may hold one another`() throws {
        let ring = "{% set n = namespace() %}{% set n.a = namespace(b=n) %}{{ n.a.b == n }}"
        #expect(try render(ring) == "True")
        let chain =
            "{% set n = namespace(l=0) %}"
            + "{% for x in range(9999) %}{% set m = namespace(l=n.l) %}{% set n.l = m %}{% endfor %}end"
        #expect(try render(chain) == "end")
    }

    @Test func `an error is a line, whatever the template holds`() {
        let name = String(repeating: "n", count: 100_000)
        for source in ["{{ raise_exception('a\\nb' ~ '\(name)') }}", "{{ \(name).x }}", "{{ 'x' | \(name) }}"] {
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

    @Test func `the date is the template's own`() throws {
        let source = "{% if strftime_now is defined %}{{ strftime_now('%d') }}{% else %}26 Jul{% endif %}"
        #expect(try render(source) == "26 Jul")
    }

    @Test func `the template stands in a file of its own, or in the tokenizer's configuration`() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url
        func prompt() throws -> String {
            try ChatTemplate(folder: folder, tokens: ["bos_token": "<b>"]).prompt([ChatTemplate.Message(role: "user", content: "x")])
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

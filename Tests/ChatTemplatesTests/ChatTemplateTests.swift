import ChatTemplates
import Foundation
import TestSupport
import Testing

/// Templates in the manner of the families, against jinja2 as transformers sets it up: see
/// scripts/make-references/chat_templates.py.
@Suite struct ChatTemplateTests {
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
        ("{{ strftime_now('%d') }}", "strftime_now"), ("{{ 1.5 }}", "number"),
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

    @Test func `the date is the template's own`() throws {
        let source = "{% if strftime_now is defined %}{{ strftime_now('%d') }}{% else %}26 Jul{% endif %}"
        #expect(try render(source) == "26 Jul")
    }

    @Test func `the template stands in a file of its own, or in the tokenizer's configuration`() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url
        func prompt() throws -> String {
            try ChatTemplate(folder: folder).prompt([ChatTemplate.Message(role: "user", content: "x")])
        }
        func write(_ text: String, _ name: String = "tokenizer_config.json") throws {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        #expect(throws: ChatTemplateError.none(folder: folder.path)) { try prompt() }
        try write(#"{"bos_token":{"content":"<b>"},"chat_template":"{{ bos_token + messages[0].content }}"}"#)
        #expect(try prompt() == "<b>x")
        try write(
            #"{"bos_token":"<c>","chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"{{ bos_token }}"}]}"#
        )
        #expect(try prompt() == "<c>")
        try write("{{ bos_token }} from a file", "chat_template.jinja")
        #expect(try prompt() == "<c> from a file")
        try write("[]")
        #expect(throws: ChatTemplateError.self) { try prompt() }
    }
}

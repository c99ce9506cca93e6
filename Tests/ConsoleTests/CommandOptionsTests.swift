import ArgumentParser
import Testing

@testable import Console

/// What is wrong with arguments is said in the order in which a reader can mend it.
struct CommandOptionsTests {
    private struct Tool: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tool", subcommands: [Work.self, Rest.self], defaultSubcommand: Rest.self)
    }

    private struct Work: ParsableCommand {
        @Option(help: "How fast.") var learningRate: Double
        @Flag var chat = false
        @Option(parsing: .upToNextOption) var layers: [ValueList<Int>] = []
        @Option(help: .hidden) var parent: Int?
    }

    private struct Rest: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rest")

        @Option var connect: String
    }

    private func failure(_ arguments: String...) throws -> String {
        "\(try #require(throws: UsageError.self) { try CommandOptions(Tool.self, arguments).checkNames() })"
    }

    @Test func `an unknown option is named with the nearest that there is`() throws {
        #expect(
            try failure("work", "--lerning_rate=1")
                == "unknown option '--lerning_rate'; did you mean '--learning-rate'?")
        #expect(try failure("work", "--colour", "red") == "unknown option '--colour'; see 'tool work --help'")
        #expect(try failure("--conect", "x") == "unknown option '--conect'; did you mean '--connect'?")
        #expect(try failure("rest", "--chat") == "unknown option '--chat'; see 'tool rest --help'")
    }

    @Test func `options that there are, hidden ones and the parser's own pass`() throws {
        for arguments in [
            ["work", "--learning-rate", "1", "--parent", "3", "--help"], ["--connect=tcp://x"], ["--version"],
            ["--generate-completion-script", "bash"], ["work", "--", "--whatever"],
        ] {
            try CommandOptions(Tool.self, arguments).checkNames()
        }
    }

    @Test func `what an option is can be asked`() throws {
        let command = try CommandOptions(Tool.self, ["work"])
        #expect(command.command == "tool work")
        #expect(command.option("chat")?.isFlag == true)
        #expect(command.option("layers")?.isList == true)
        #expect(command.option("learning-rate")?.isRequired == true)
        #expect(command.option("parent")?.isShown == false)
        #expect(command.option("connect") == nil)
    }

    @Test func `values stand with commas or spaces between them`() throws {
        for arguments in [["--layers", "1,2", "3"], ["--layers", "1", "2", "3"], ["--layers=1, 2,3"]] {
            let work = try Work.parse(["--learning-rate", "1"] + arguments)
            #expect(work.layers.elements() == [1, 2, 3])
        }
        for list in ["1,,2", ",", "", "1,x"] {
            #expect(throws: (any Error).self) { try Work.parse(["--learning-rate", "1", "--layers", list]) }
        }
    }

    @Test func `an option of many names takes several lines of the help, and nothing else changes`() {
        let names = (1...9).map { "--option-\($0)" }.joined(separator: ", ")
        let sentence = "  " + String(repeating: "a word ", count: 15)
        let help = Program.fitted("OPTIONS:\n  \(names) <file>\n\(sentence)\n")
        let lines = help.split(separator: "\n").map(String.init)
        #expect(lines.count == 4 && lines[1].count <= 80 && lines[3] == sentence)
        #expect(lines[1].hasPrefix("  --option-1, ") && lines[2].hasSuffix("--option-9 <file>"))
        #expect(help.hasSuffix("\n"))
    }

    @Test func `the parser's errors are spelled as this program's, with the place of a setting in a file`() {
        let message = Program.refusal(
            "Error: The value 'x' is invalid for '--rows <n>'\nUsage: tool\n  See 'tool --help' for more.")
        #expect(message == "error: The value 'x' is invalid for '--rows <n>'\nusage: tool\nsee 'tool --help' for more.")
        #expect(
            Program.placed(message, in: ["--rows": "a.yaml, line 3"])
                == "error: The value 'x' is invalid for '--rows <n>' (a.yaml, line 3)\nusage: tool\nsee 'tool --help' for more."
        )
        #expect(Program.placed("error: --row is wrong", in: ["--rows": "a.yaml, line 3"]) == "error: --row is wrong")
    }
}

import Foundation
import TestSupport
import Testing

/// What the documents point to is there, and what they tell people to type is understood.
@Suite(.blocking)
struct DocumentTests {
    /// A document of the repository: its path from the top, and its text.
    private struct Document {
        let path: String
        let text: String
        var folder: String { (path as NSString).deletingLastPathComponent }

        /// The headings as links name them: lower case, without punctuation, hyphens for spaces.
        var anchors: Set<String> {
            Set(
                text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                    line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
                        .filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
                        .replacingOccurrences(of: " ", with: "-")
                })
        }

        /// The lines of the blocks of shell commands, continued ones joined.
        var commands: [String] {
            var commands: [String] = []
            for block in text.components(separatedBy: "```sh\n").dropFirst() {
                let body = block.components(separatedBy: "```")[0].replacingOccurrences(of: "\\\n", with: " ")
                commands += body.split(separator: "\n").map { line in
                    line.components(separatedBy: " #")[0]
                }
            }
            return commands
        }
    }

    private static let documents: [Document] = {
        let top = Repository.root
        var documents: [Document] = []
        let files = FileManager.default.enumerator(atPath: top.path)
        while let path = files?.nextObject() as? String {
            // What git ignores holds documents of others.
            if path.hasPrefix(".") || ["dist", "models", "runs"].contains(path) {
                files?.skipDescendants()
            } else if path.hasSuffix(".md"),
                let text = try? String(contentsOfFile: "\(top.path)/\(path)", encoding: .utf8)
            {
                documents.append(Document(path: path, text: text))
            }
        }
        return documents.sorted { $0.path < $1.path }
    }()

    @Test func `every relative link leads to a file that is there, and to a heading of it`() throws {
        let link = try Regex(#"\]\(([^)\s]+)\)"#, as: (Substring, Substring).self)
        var broken: [String] = []
        for document in Self.documents {
            for match in document.text.matches(of: link) where !match.output.1.contains("://") {
                let parts = match.output.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let target = parts[0].isEmpty ? document.path : "\(document.folder)/\(parts[0])"
                let file = Repository.root.appendingPathComponent(target).standardizedFileURL
                guard FileManager.default.fileExists(atPath: file.path) else {
                    broken.append("\(document.path): \(match.output.1)")
                    continue
                }
                guard parts.count == 2 else { continue }
                let text = try String(contentsOf: file, encoding: .utf8)
                if !Document(path: target, text: text).anchors.contains(String(parts[1])) {
                    broken.append("\(document.path): \(match.output.1)")
                }
            }
        }
        #expect(Self.documents.count > 10)
        #expect(broken.isEmpty)
    }

    @Test func `commands in documents use options that the programs have`() throws {
        let scratch = try TemporaryFolder()
        var options: [String: [String: Set<String>]] = [:]
        for program in ["coordinator", "worker"] {
            let help = try ProgramProcess.run(program, ["--experimental-dump-help"], in: scratch)
            options[program] = try Self.options(ofHelp: help.output)
        }
        var unknown: [String] = []
        var seen = 0
        for document in Self.documents {
            for command in document.commands {
                let words = command.split(separator: " ").map { $0.trimmingCharacters(in: ["[", "]"]) }
                guard
                    let place = words.firstIndex(where: { options[($0 as NSString).lastPathComponent] != nil }),
                    let known = options[(words[place] as NSString).lastPathComponent],
                    !words[..<place].contains(where: { ["install", "echo"].contains($0) })
                else { continue }
                let rest = words[(place + 1)...]
                let subcommand = rest.first.flatMap { known[$0] } ?? known[""] ?? []
                for word in rest where word.hasPrefix("--") && word.count > 2 {
                    seen += 1
                    let name = String(word.prefix { $0 != "=" })
                    if !subcommand.contains(name) { unknown.append("\(document.path): \(name) in '\(command)'") }
                }
            }
        }
        #expect(seen > 50)
        #expect(unknown.isEmpty)
    }

    @Test func `scripts that documents name are there`() throws {
        let name = try Regex(#"`(scripts/[A-Za-z0-9_./-]+)"#, as: (Substring, Substring).self)
        let missing = Self.documents.flatMap { document in
            document.text.matches(of: name).map { String($0.output.1) }.filter {
                !FileManager.default.fileExists(atPath: Repository.root.appendingPathComponent($0).path)
            }.map { "\(document.path): \($0)" }
        }
        #expect(missing.isEmpty)
    }

    /// Options by subcommand; those of the command itself, and of its default subcommand, under "".
    private static func options(ofHelp text: String) throws -> [String: Set<String>] {
        struct Help: Decodable {
            struct Command: Decodable {
                struct Argument: Decodable {
                    struct Name: Decodable {
                        let kind: String
                        let name: String
                    }
                    let names: [Name]?
                }
                let commandName: String
                let arguments: [Argument]?
                let subcommands: [Command]?
                let defaultSubcommand: String?

                var options: Set<String> {
                    Set(
                        (arguments ?? []).flatMap { $0.names ?? [] }.map {
                            ($0.kind == "long" ? "--" : "-") + $0.name
                        })
                }
            }
            let command: Command
        }
        let command = try JSONDecoder().decode(Help.self, from: Data(text.utf8)).command
        let standard: Set = ["--help", "--version", "--generate-completion-script"]
        var options = ["": command.options.union(standard)]
        for subcommand in command.subcommands ?? [] {
            options[subcommand.commandName] = subcommand.options.union(standard)
        }
        if let name = command.defaultSubcommand, let own = options[name] { options[""]?.formUnion(own) }
        return options
    }
}

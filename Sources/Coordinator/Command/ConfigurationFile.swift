import Console
import Foundation
import PlainText
import Yams

/// Settings of `coordinator run` in a YAML file: the flags' names without the dashes, such as
///
///     model-a: models/llama-3.2-3b
///     layer-k: 26
///     c4: [c4-train.00000-of-01024.json.gz]
///     chat: yes
///
/// Flags on the command line win over the file. `yes`, `no`, `on`, `off`, `~` and lists are YAML 1.1's.
struct ConfigurationFile {
    struct Setting {
        var name: String
        /// Counted from 1.
        var line: Int
        /// What it is on the command line.
        var arguments: [String]
    }

    let path: String
    let settings: [Setting]

    private static let maximumBytes = 1 << 20

    /// - Parameter command: whose settings they are.
    init(path: String, of command: CommandOptions) throws(UsageError) {
        self.path = path
        guard let node = try Self.node(of: path) else {
            settings = []
            return
        }
        guard let mapping = node.mapping else {
            throw UsageError("\(path): expected lines of the form 'name: value'")
        }
        let reader = SettingReader(path: path, command: command)
        var settings: [Setting] = []
        for (key, value) in mapping { settings.append(try reader.setting(key, value)) }
        self.settings = settings
    }

    private static func node(of path: String) throws(UsageError) -> Node? {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            guard data.count <= maximumBytes else { throw UsageError("\(path): larger than \(maximumBytes) bytes") }
            guard let text = String(data: data, encoding: .utf8) else { throw UsageError("\(path): not UTF-8") }
            return try Yams.compose(yaml: text)
        } catch let error as UsageError {
            throw error
        } catch let error as YamlError {
            throw UsageError("\(path)\(Self.cause(of: error))")
        } catch {
            throw UsageError("--config \(path): \(SystemFailure.reason(of: error))")
        }
    }

    private static func cause(of error: YamlError) -> String {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            ", line \(mark.line): not valid YAML: \(context.map { $0.text + ": " } ?? "")\(problem)"
        case .duplicatedKeysInMapping(let names, let context):
            ", line \(context.mark.line): \(names.first ?? "a setting") is given twice"
        case .reader(let problem, _, _, _): ": not valid YAML: \(problem)"
        default: ": not valid YAML: \(error)"
        }
    }
}

/// Makes settings of a file's entries.
private struct SettingReader {
    let path: String
    let command: CommandOptions

    func setting(_ key: Node, _ value: Node) throws(UsageError) -> ConfigurationFile.Setting {
        let line = key.mark?.line ?? 1
        let name = key.string ?? ""
        guard let option = command.option(name),
            !["config", "preset", "print-config", "help", "version"].contains(name)
        else {
            let known = command.options.filter(\.isShown).flatMap(\.names)
            throw failure(
                line, PrintableText.quoted(name), "no such setting" + NearestName.question(name, among: known))
        }
        let arguments = try option.isFlag ? flag(name, value, line) : values(of: value, option, name, line)
        return ConfigurationFile.Setting(name: name, line: line, arguments: arguments)
    }

    private func failure(_ line: Int, _ name: String, _ cause: String) -> UsageError {
        UsageError("\(path), line \(line): \(name): \(cause)")
    }

    private func flag(_ name: String, _ value: Node, _ line: Int) throws(UsageError) -> [String] {
        guard let scalar = value.scalar else {
            throw failure(line, name, "expected yes or no, found \(kind(of: value))")
        }
        switch meaning(of: scalar) {
        case .nothing, .isOn(false): return []
        case .isOn(true): return ["--\(name)"]
        case .text(let text): throw failure(line, name, "expected yes or no, found '\(PrintableText.quoted(text))'")
        }
    }

    private func values(
        of value: Node, _ option: CommandOption, _ name: String, _ line: Int
    ) throws(UsageError) -> [String] {
        guard let list = value.sequence else {
            return try text(of: value, name, line).map { ["--\(name)=\($0)"] } ?? []
        }
        guard option.isList else { throw failure(line, name, "expected one value, found a list") }
        guard !list.isEmpty else { throw failure(line, name, "expected a value, found none; leave the line out") }
        var arguments: [String] = []
        for element in list {
            let line = element.mark?.line ?? line
            guard let text = try text(of: element, name, line) else {
                throw failure(line, name, "expected a value, found none")
            }
            arguments.append("--\(name)=\(text)")
        }
        return arguments
    }

    /// Nil where it says nothing.
    private func text(of node: Node, _ name: String, _ line: Int) throws(UsageError) -> String? {
        guard let scalar = node.scalar else { throw failure(line, name, "expected a value, found \(kind(of: node))") }
        switch meaning(of: scalar) {
        case .nothing: return nil
        case .text(let text): return text
        case .isOn:
            throw failure(
                line, name, "expected a value, found \(scalar.string), which means yes or no; put a text in quotes")
        }
    }

    private func kind(of node: Node) -> String { node.sequence == nil ? "a mapping" : "a list" }

    private enum Meaning {
        case nothing
        case isOn(Bool)
        case text(String)
    }

    /// What YAML 1.1 takes a scalar for; a number stays as it is written, but for digits set apart.
    private func meaning(of scalar: Node.Scalar) -> Meaning {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .text(text) }
        let isOneCase = [
            text.lowercased(), text.uppercased(), text.prefix(1).uppercased() + text.dropFirst().lowercased(),
        ]
        .contains(text)
        switch text.lowercased() {
        case "", "~": return .nothing
        case "null" where isOneCase: return .nothing
        case "yes" where isOneCase, "true" where isOneCase, "on" where isOneCase: return .isOn(true)
        case "no" where isOneCase, "false" where isOneCase, "off" where isOneCase: return .isOn(false)
        default: break
        }
        // 1_000 is a thousand.
        let digits = text.drop { $0 == "-" || $0 == "+" }
        let isNumber = digits.first?.isNumber == true && digits.allSatisfy { $0.isNumber || $0 == "_" }
        return .text(isNumber ? text.replacing("_", with: "") : text)
    }
}

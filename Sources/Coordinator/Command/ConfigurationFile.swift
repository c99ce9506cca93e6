import Console
import Foundation
import Yams

/// Settings of `coordinator run` in a YAML file: the flags' names without the dashes, such as
///
///     model-a: models/llama-3.2-3b
///     layer-k: 26
///     c4: [c4-train.00000-of-01024.json.gz]
///
/// Flags on the command line win over the file.
enum ConfigurationFile {
    private static let maximumBytes = 1 << 20

    /// The arguments with the file's settings, where `--config FILE` names one, put in as flags.
    static func expanded(_ arguments: [String]) throws(UsageError) -> [String] {
        guard let place = arguments.firstIndex(where: { $0 == "--config" || $0.hasPrefix("--config=") }) else {
            return arguments
        }
        var rest = arguments
        let path: String
        if arguments[place] == "--config" {
            guard place + 1 < arguments.count else { throw UsageError("--config: expected a file") }
            path = arguments[place + 1]
            rest.removeSubrange(place...place + 1)
        } else {
            path = String(arguments[place].dropFirst("--config=".count))
            rest.remove(at: place)
        }
        let given = Set(rest.filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) })
        let flags = try settings(of: path).filter { !given.contains("--\($0.name)") }.flatMap(\.arguments)
        // Behind the subcommand's name.
        let subcommand = rest.firstIndex { !$0.hasPrefix("-") } ?? rest.startIndex
        rest.insert(contentsOf: flags, at: min(subcommand + 1, rest.endIndex))
        return rest
    }

    private struct Setting {
        var name: String
        var values: [String]
        var isOn: Bool?

        var arguments: [String] {
            if let isOn { return isOn ? ["--\(name)"] : [] }
            return ["--\(name)"] + values
        }
    }

    private static func settings(of path: String) throws(UsageError) -> [Setting] {
        let node: Node?
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            guard data.count <= maximumBytes else { throw UsageError("\(path): larger than \(maximumBytes) bytes") }
            guard let text = String(data: data, encoding: .utf8) else { throw UsageError("\(path): not UTF-8") }
            node = try Yams.compose(yaml: text)
        } catch let error as UsageError {
            throw error
        } catch {
            throw UsageError("--config \(path): \(error)")
        }
        guard let node else { return [] }
        guard let mapping = node.mapping else {
            throw UsageError("--config \(path): expected lines of the form 'name: value'")
        }
        var settings: [Setting] = []
        for (key, value) in mapping {
            guard let name = key.string, name.range(of: "^[a-z0-9][a-z0-9-]*$", options: .regularExpression) != nil
            else {
                throw UsageError("--config \(path): a setting's name is a flag's without the dashes")
            }
            if let list = value.sequence {
                let values = list.compactMap(\.scalar?.string)
                guard values.count == list.count else {
                    throw UsageError("--config \(path): \(name): expected a list of plain values")
                }
                settings.append(Setting(name: name, values: values, isOn: nil))
            } else if let scalar = value.scalar {
                let isBare = scalar.style == .plain || scalar.style == .any
                let isOn = isBare ? ["true": true, "false": false][scalar.string] : nil
                settings.append(Setting(name: name, values: [scalar.string], isOn: isOn))
            } else {
                throw UsageError("--config \(path): \(name): expected a value or a list of values")
            }
        }
        return settings
    }
}

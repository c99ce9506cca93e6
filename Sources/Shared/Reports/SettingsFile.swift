import JSON
import Run

extension RunSetting {
    /// The value as `results.json` has it.
    var json: JSONValue {
        switch value {
        case .text(let text): .string(text)
        case .texts(let texts): .array(texts.map(JSONValue.string))
        case .count(let count): .count(count)
        case .seed(let seed): .integer(seed)
        case .number(let number): .number(number)
        case .isOn(let isOn): .bool(isOn)
        }
    }
}

extension RunReport {
    static let settingsFile = "config.yaml"

    /// `config.yaml`: all settings by the names of their flags, which `coordinator run --config` reads. Values are
    /// written as JSON, which YAML understands.
    var settingsYAML: String {
        """
        # The settings of this run: coordinator run --config \(Self.settingsFile) --output DIR
        # Models and files are named, not placed: run it where they lie, or name them again by their flags, which win.
        # What they were: run.json has their SHA-256, timing.json where they lay.

        """ + configuration.settings.map { "\($0.flag): \($0.json.compact)\n" }.joined()
    }

    /// All settings, by the names of their flags.
    var settingsJSON: JSONValue {
        .object(configuration.settings.map { JSONValue.Member(name: $0.flag, value: $0.json) })
    }
}

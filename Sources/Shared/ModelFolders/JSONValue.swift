import Foundation

/// A JSON value, for reading a configuration field by field.
enum JSONValue: Decodable, Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// The value as an error message shows it, on one line and of bounded length.
    var shown: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "\"\(value.prefix(60).map { $0.isNewline ? " " : String($0) }.joined())\""
        case .array(let values): "an array of \(values.count)"
        case .object(let fields): "an object of \(fields.count)"
        }
    }
}

/// The fields of one JSON object in a file.
struct JSONFields {
    let path: String
    /// What stands in front of a field's name in an error, such as `rope_scaling.`.
    let prefix: String
    let fields: [String: JSONValue]

    init(path: String, prefix: String = "", fields: [String: JSONValue]) {
        self.path = path
        self.prefix = prefix
        self.fields = fields
    }

    /// Reads the object that the file at `url` holds; at most `limit` bytes.
    init(contentsOf url: URL, limit: Int) throws(ModelFolderError) {
        let data = try BoundedFile.read(url, limit: limit)
        do {
            self.init(path: url.path, fields: try JSONDecoder().decode([String: JSONValue].self, from: data))
        } catch {
            throw .malformed(path: url.path, reason: "not a JSON object")
        }
    }

    /// The field, nil where it is missing or null.
    subscript(name: String) -> JSONValue? {
        guard let value = fields[name], value != .null else { return nil }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ModelFolderError) -> Int? {
        guard let value = self[name] else { return nil }
        guard case .integer(let integer) = value, range.contains(integer) else {
            throw invalid(name, "an integer between \(range.lowerBound) and \(range.upperBound)", value)
        }
        return integer
    }

    func requiredInteger(_ name: String, in range: ClosedRange<Int>) throws(ModelFolderError) -> Int {
        guard let value = try integer(name, in: range) else {
            throw .invalidField(path: path, field: prefix + name, expected: "an integer", found: "nothing")
        }
        return value
    }

    /// A number greater than zero and finite.
    func positiveNumber(_ name: String) throws(ModelFolderError) -> Double? {
        guard let value = self[name] else { return nil }
        let number: Double? =
            switch value {
            case .integer(let integer): Double(integer)
            case .number(let number): number
            default: nil
            }
        guard let number, number > 0, number.isFinite else { throw invalid(name, "a number above 0", value) }
        return number
    }

    func requiredPositiveNumber(_ name: String) throws(ModelFolderError) -> Double {
        guard let value = try positiveNumber(name) else {
            throw .invalidField(path: path, field: prefix + name, expected: "a number above 0", found: "nothing")
        }
        return value
    }

    func bool(_ name: String) throws(ModelFolderError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .bool(let bool) = value else { throw invalid(name, "true or false", value) }
        return bool
    }

    func string(_ name: String) throws(ModelFolderError) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let string) = value else { throw invalid(name, "a string", value) }
        return string
    }

    func object(_ name: String) throws(ModelFolderError) -> JSONFields? {
        guard let value = self[name] else { return nil }
        guard case .object(let fields) = value else { throw invalid(name, "an object", value) }
        return JSONFields(path: path, prefix: "\(prefix)\(name).", fields: fields)
    }

    /// One integer, or an array of them.
    func integers(_ name: String, in range: ClosedRange<Int>) throws(ModelFolderError) -> [Int]? {
        guard let value = self[name] else { return nil }
        let values: [JSONValue] = if case .array(let values) = value { values } else { [value] }
        guard values.count <= 1024 else { throw invalid(name, "at most 1024 integers", value) }
        var result: [Int] = []
        for element in values {
            guard case .integer(let integer) = element, range.contains(integer) else {
                throw invalid(name, "integers between \(range.lowerBound) and \(range.upperBound)", element)
            }
            result.append(integer)
        }
        return result
    }

    func invalid(_ name: String, _ expected: String, _ found: JSONValue) -> ModelFolderError {
        .invalidField(path: path, field: prefix + name, expected: expected, found: found.shown)
    }
}

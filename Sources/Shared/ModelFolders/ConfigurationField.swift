import JSON

/// A field of a model folder's file.
typealias ConfigurationField = JSONField<ModelFolderError>

extension ConfigurationField {
    func requiredInteger(_ name: String, in range: ClosedRange<Int>) throws(ModelFolderError) -> Int {
        try required(name).integer(in: range)
    }

    /// A number greater than zero and finite.
    func positiveNumber(_ name: String) throws(ModelFolderError) -> Double? {
        guard let field = try optional(name) else { return nil }
        guard case .numeral(let numeral) = field.value, let number = numeral.double, number > 0 else {
            throw field.invalid("a number above 0")
        }
        return number
    }

    func requiredPositiveNumber(_ name: String) throws(ModelFolderError) -> Double {
        guard let value = try positiveNumber(name) else {
            throw .invalidField(path: file, field: path(of: name), expected: "a number above 0", found: "nothing")
        }
        return value
    }

    /// The field, which must be an object.
    func object(_ name: String) throws(ModelFolderError) -> ConfigurationField? {
        guard let field = try optional(name) else { return nil }
        _ = try field.members()
        return field
    }

    /// The object without these members.
    func leavingOut(_ names: Set<String>) -> ConfigurationField {
        guard !names.isEmpty, case .object(let members) = value else { return self }
        return ConfigurationField(file: file, value: .object(members.filter { !names.contains($0.name) }))
    }

    /// Ids of tokens: one, an array of them, or none.
    func tokens(_ name: String, vocabularySize: Int) throws(ModelFolderError) -> [Int32] {
        try integers(name, in: 0...vocabularySize - 1)?.map(Int32.init) ?? []
    }

    /// One integer, or an array of them.
    func integers(_ name: String, in range: ClosedRange<Int>) throws(ModelFolderError) -> [Int]? {
        guard let field = try optional(name) else { return nil }
        guard case .array = field.value else { return [try field.integer(in: range)] }
        let elements = try field.elements()
        guard elements.count <= 1024 else { throw field.invalid("at most 1024 integers") }
        var result: [Int] = []
        for element in elements { result.append(try element.integer(in: range)) }
        return result
    }
}

import CWireMessages
import Run

extension ReadingSettings {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__ReadingSettings> {
        let message = writer.new(wire__reading_settings__init)
        (message.pointee.n_template_variables, message.pointee.template_variables) = writer.messages(
            templateVariables.sorted { $0.key < $1.key }
        ) { variable in
            let message = writer.new(wire__template_variable__init)
            (message.pointee.has_name, message.pointee.name) = writer.field(variable.key)
            (message.pointee.has_value, message.pointee.value) = writer.field(variable.value)
            return message
        }
        (message.pointee.has_template_date, message.pointee.template_date) = writer.field(templateDate)
        (message.pointee.has_think_end, message.pointee.think_end) = writer.field(thinkEnd)
        (message.pointee.n_ignored_config_fields, message.pointee.ignored_config_fields) = writer.list(
            ignoredConfigFields)
        return message
    }

    init(_ message: Wire__ReadingSettings) throws(WireError) {
        var variables: [String: String] = [:]
        let given = try Field.messages(message.n_template_variables, message.template_variables, "template_variables") {
            (variable) throws(WireError) in
            (
                name: try Field.name(variable.has_name, variable.name, "name"),
                value: try Field.text(variable.has_value, variable.value, "value")
            )
        }
        for (name, value) in given {
            guard variables.updateValue(value, forKey: name) == nil else {
                throw WireError(field: "template_variables", expected: "each name once", found: "\"\(name)\" twice")
            }
        }
        self.init(
            templateVariables: variables,
            templateDate: try Field.optionalName(message.has_template_date, message.template_date, "template_date"),
            thinkEnd: try Field.optionalName(message.has_think_end, message.think_end, "think_end"),
            ignoredConfigFields: try Field.texts(
                message.n_ignored_config_fields, message.ignored_config_fields, "ignored_config_fields"))
    }
}

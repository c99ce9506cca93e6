package import ArgumentParser
package import Run

/// What chat templates are told besides the messages.
package struct TemplateArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Variables of the chat templates, their values as JSON, such as enable_thinking=false.",
            valueName: "name=json"))
    var templateVariable: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            The day that a chat template is told where it asks for it. Without one a template that can do without \
            takes the date written in it, and one that cannot is an error.
            """, valueName: "yyyy-mm-dd"))
    var templateDate: String?

    package init() {}

    /// The settings with these in them.
    /// - Throws: ``UsageError`` where a variable has no name or no value, or stands there twice. What a value may be is
    ///   seen where it is used.
    package func apply(to settings: inout ReadingSettings) throws(UsageError) {
        for variable in templateVariable {
            guard let place = variable.firstIndex(of: "="), place > variable.startIndex else {
                throw UsageError("--template-variable \(variable): expected NAME=JSON, such as enable_thinking=false")
            }
            let (name, value) = (String(variable[..<place]), String(variable[variable.index(after: place)...]))
            guard settings.templateVariables.updateValue(value, forKey: name) == nil else {
                throw UsageError("--template-variable \(name): given twice")
            }
        }
        settings.templateDate = templateDate
    }
}

/// The option that passes over fields of config.json.
package struct ConfigurationFieldArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Fields of config.json to pass over as if they were not there: such as transformers reads and this program \
            does not understand. What is computed may then be something else than the model's makers meant.
            """, valueName: "name"))
    var ignoreConfigField: [String] = []

    package init() {}

    /// The names, in the order given.
    package var names: [String] { ignoreConfigField }
}

/// The option that tells thoughts from answers.
package struct ThinkingArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The token that ends a model's thoughts, such as '</think>': what stands behind the last of them is the \
            answer, and its length counts from there.
            """, valueName: "token"))
    package var thinkEnd: String?

    package init() {}
}

/// What a run settles about how its models are read, where their makers leave it to whoever asks them.
package struct ReadingArguments: ParsableArguments {
    @OptionGroup var template: TemplateArguments
    @OptionGroup var thinking: ThinkingArguments
    @OptionGroup var fields: ConfigurationFieldArguments

    package init() {}

    package func settings() throws(UsageError) -> ReadingSettings {
        var settings = ReadingSettings(thinkEnd: thinking.thinkEnd, ignoredConfigFields: fields.names)
        try template.apply(to: &settings)
        return settings
    }
}

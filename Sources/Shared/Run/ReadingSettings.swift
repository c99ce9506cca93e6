/// What a run settles about how its models are read, where their makers leave it to whoever asks them. It changes what
/// they compute or how their answers are taken, so it is part of what the run is.
package struct ReadingSettings: Codable, Hashable, Sendable {
    /// Variables of the chat templates by name, such as `enable_thinking`; their values as JSON.
    package var templateVariables: [String: String]
    /// The day that a chat template is told where it asks for it, `YYYY-MM-DD`.
    package var templateDate: String?
    /// The token that ends a model's thoughts: its answer is what stands behind the last of them.
    package var thinkEnd: String?
    /// Fields of config.json that are passed over though they might change the arithmetic, sorted.
    package var ignoredConfigFields: [String]

    package init(
        templateVariables: [String: String] = [:], templateDate: String? = nil, thinkEnd: String? = nil,
        ignoredConfigFields: [String] = []
    ) {
        self.templateVariables = templateVariables
        self.templateDate = templateDate
        self.thinkEnd = thinkEnd
        self.ignoredConfigFields = Array(Set(ignoredConfigFields)).sorted()
    }
}

package import Evaluation

extension TaskDefinition {
    /// The game Countries (Ramesh & Li, section 4.1). The items of one country are a cluster.
    ///
    /// `standard`: up to 16 new tokens, to the newline; `reference`: 5, as in KVComm.
    package static let countries = TaskDefinition(
        name: "countries", title: "Countries", fileHelp: "Countries: \(Game.fileHelp)",
        read: {
            try Game.read(
                $0, task: "countries", capacity: CountriesGenerator.capacity,
                generate: CountriesGenerator.items)
        },
        prompts: Game.prompts, answer: Game.answer(reference: 5), metrics: [.stringMatch, .setOverlap])
}

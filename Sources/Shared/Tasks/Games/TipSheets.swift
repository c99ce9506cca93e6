package import Evaluation

extension TaskDefinition {
    /// The game Tip Sheets (Ramesh & Li, section 4.1).
    ///
    /// `standard`: up to 16 new tokens, to the newline; `reference`: 10, as in KVComm.
    package static let tipSheets = TaskDefinition(
        name: "tipsheets", title: "Tip Sheets", fileHelp: "Tip Sheets: \(Game.fileHelp)",
        read: {
            try Game.read(
                $0, task: "tipsheets", capacity: TipSheetsGenerator.capacity, generate: TipSheetsGenerator.items)
        },
        prompts: Game.prompts, answer: Game.answer(reference: 10), metrics: [.stringMatch, .setOverlap])
}

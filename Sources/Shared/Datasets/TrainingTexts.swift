import PlainText
package import Run

/// The texts that W is trained on: the first ones of the files that are long enough, cut as the run says.
package struct TrainingTexts: Sendable {
    /// By row number.
    package let texts: [String]
    /// Documents passed over because they are too short.
    package let tooShort: Int
    /// Lines read, blank ones left out. The files are not read beyond the last row.
    package let lineCount: Int
    /// Lines passed over because they cannot be read.
    package let broken: BrokenLines
    /// Documents passed over because a model cannot read them.
    package let unreadable: UnreadableTexts

    /// Reads the files in their order until `configuration.rows` texts and those that are held out are found.
    ///
    /// A text is stripped, and passed over where it has `configuration.minimumCharacters` or fewer, before it
    /// counts as a row: so there are exactly as many rows as asked for. So is a text that a model cannot read. Of those
    /// that are held out there may be fewer, where nobody asked for a number of them.
    ///
    /// - Parameters:
    ///   - limit: how many unreadable texts are passed over.
    ///   - flaw: why a text, cut as it is, cannot be read; nil where it can.
    /// - Throws: ``DatasetError``: a file cannot be read, has too many broken lines (``BrokenLines``), or the
    ///   files hold too few texts, or too many that cannot be read. Training on less than was asked for must be asked
    ///   for.
    package init(
        _ configuration: TrainingConfiguration, seed: UInt64, skipping limit: Int = 0,
        flaw: (String) -> String? = { _ in nil }
    ) throws(DatasetError) {
        guard !configuration.files.isEmpty else { throw .noFiles }
        var texts: [String] = []
        var tooShort = 0
        var lineCount = 0
        var broken = BrokenLines()
        var unreadable = UnreadableTexts(limit: limit)
        let wanted = configuration.rows + (configuration.heldOut ?? configuration.rows / 10)
        let needed = configuration.rows + (configuration.heldOut ?? 0)
        for file in configuration.files where texts.count < wanted {
            var reader = try C4Reader(file: file)
            while texts.count < wanted, let record = try reader.next() {
                let text = record.text.strippedAsPython()
                guard text.unicodeScalars.count > max(0, configuration.minimumCharacters) else {
                    tooShort += 1
                    continue
                }
                let cut = configuration.cut.applied(
                    to: text, row: texts.count, maximumCharacters: configuration.maximumCharacters, seed: seed)
                if let flaw = flaw(cut) {
                    try unreadable.passOver("line \(record.line)", of: file, cause: flaw)
                    continue
                }
                texts.append(cut)
            }
            lineCount += reader.lineCount
            broken.add(reader.broken)
        }
        guard texts.count >= needed else {
            throw .tooFewRows(
                files: configuration.files, found: texts.count, wanted: needed,
                minimumCharacters: configuration.minimumCharacters)
        }
        self.texts = texts
        self.tooShort = tooShort
        self.lineCount = lineCount
        self.broken = broken
        self.unreadable = unreadable
    }
}

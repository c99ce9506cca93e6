import Evaluation
import Run

/// Items of the game Tip Sheets (Ramesh & Li, section 4.1): A has read of three companies, one doing well, one badly, one
/// so and so; B is asked which to invest in.
///
/// The right company stands first, second and third equally often, give or take one; no two items read alike.
enum TipSheetsGenerator {
    /// As many as there are ways to choose three companies and to order them: more than anyone asks for.
    static let capacity = 100_000

    /// - Parameter count: 1 ... ``capacity``.
    static func items(_ count: Int, seed: UInt64) -> [GameItem] {
        var seen: Set<String> = []
        var items: [GameItem] = []
        var attempt = 0
        while items.count < count {
            let item = item(Draw(seed: seed, attempt: attempt), right: items.count % 3, number: items.count + 1)
            attempt += 1
            if seen.insert(item.promptA).inserted { items.append(item) }
        }
        var generator = NamedGenerator(seed: seed, purpose: "tipsheets", key: "order")
        return generator.permutation(of: count).map { items[$0] }
    }

    private static func item(_ draw: Draw, right: Int, number: Int) -> GameItem {
        var draw = draw
        let companies = draw.some(3, of: names).map { "\($0) \(draw.one(of: suffixes))" }
        // Which of the other two does badly.
        let worst = (right + 1 + draw.index(below: 2)) % 3
        let sentences = companies.enumerated().map { place, company in
            let isThree = draw.index(below: 2) == 1
            if place == right { return sentence(company, draw.some(isThree ? 3 : 2, of: good)) }
            if place == worst { return sentence(company, draw.some(isThree ? 3 : 2, of: bad)) }
            let praise = draw.some(isThree ? 2 : 1, of: good).joined(separator: " and ")
            return "\(company) \(praise), but \(draw.one(of: bad))."
        }
        return GameItem(
            id: "tipsheets-\(number)", promptA: sentences.joined(separator: " "),
            promptB: "You must invest in one company out of \(companies.joined(separator: ", ")). "
                + "Which do you invest in?\n\(Prompts.cue) I invest in",
            answer: companies[right])
    }

    private static func sentence(_ company: String, _ clauses: [String]) -> String {
        "\(company) \(clauses.dropLast().joined(separator: ", ")) and \(clauses[clauses.count - 1])."
    }

    /// What is drawn for one item.
    private struct Draw {
        private var generator: NamedGenerator

        init(seed: UInt64, attempt: Int) {
            generator = NamedGenerator(seed: seed, purpose: "tipsheets", key: "\(attempt)")
        }

        mutating func index(below count: Int) -> Int { generator.index(below: count) }
        mutating func one(of texts: [String]) -> String { texts[index(below: texts.count)] }
        mutating func some(_ count: Int, of texts: [String]) -> [String] {
            generator.permutation(of: texts.count).prefix(count).map { texts[$0] }
        }
    }

    private static let names = [
        "Alder", "Basalt", "Bramble", "Cobalt", "Corvid", "Dunmore", "Eastwick", "Fennel", "Garnet", "Halcyon",
        "Hollin", "Ironbark", "Juniper", "Kestrel", "Larch", "Linden", "Marlow", "Meridian", "Nettle", "Norwood",
        "Onyx", "Osprey", "Pinnock", "Quarry", "Redfern", "Rowan", "Saffron", "Selkirk", "Tamarind", "Thornbury",
        "Umber", "Vantage", "Wexley", "Willow", "Yarrow", "Zephyr",
    ]
    private static let suffixes = ["Group", "Holdings", "Industries", "Labs", "Partners", "Works"]
    private static let good = [
        "posted record-high revenue", "raised its forecast for the year", "won a long-term contract",
        "beat expectations for the third quarter in a row", "paid off all of its debt", "doubled its order book",
        "opened two new plants ahead of schedule", "raised its dividend", "gained market share in every region",
        "received approval for its main product",
    ]
    private static let bad = [
        "reported a loss", "cut its forecast for the year", "faces a lawsuit over its patents",
        "lost its largest customer", "delayed its main product again", "is being investigated by regulators",
        "breached the terms of its loans", "recalled its best-selling product", "announced layoffs",
        "saw its chief executive resign",
    ]
}

import Evaluation
import Run
import TestSupport
import Testing

@testable import Tasks

/// The coordination games, made by the program.
struct GameTests {
    private func items(_ task: TaskDefinition, _ count: Int, seed: UInt64 = 42) throws -> [TaskItem] {
        try task.read(TaskSource(files: ["generated:\(count)"], seed: seed)).items
    }

    /// How often each value comes, fewest and most.
    private func spread<Value: Hashable>(_ values: [Value]) -> (low: Int, high: Int, kinds: Int) {
        let counts = Dictionary(grouping: values) { $0 }.mapValues(\.count)
        return (counts.values.min() ?? 0, counts.values.max() ?? 0, counts.count)
    }

    @Test(arguments: [100, 500, 6000])
    func `Countries' items are unique and balanced, and B is not told`(count: Int) throws {
        let items = try items(.countries, count)
        #expect(Set(items.map(\.id)).count == count && Set(items.map(\.context)).count == count)
        let countries = spread(items.map(\.golds))
        #expect(countries.high - countries.low <= 1 && countries.kinds == Landmarks.byCountry.count)
        for item in items {
            let prompts = TaskDefinition.countries.prompts(item)
            #expect(item.golds.count == 1 && item.cluster == item.golds[0])
            #expect(!prompts.b.contains(item.golds[0]) && !prompts.a.contains(item.golds[0]))
            #expect(prompts.both == "\(prompts.a)\n\(prompts.b)" && prompts.b.hasSuffix(" is located in"))
        }
    }

    @Test func `a landmark stands in one country`() {
        let landmarks = Landmarks.byCountry.flatMap(\.landmarks)
        #expect(Set(landmarks).count == landmarks.count)
        #expect(Set(Landmarks.people).count == Landmarks.people.count)
        for (country, landmarks) in Landmarks.byCountry {
            #expect(landmarks.count == 3 && landmarks.allSatisfy { !$0.contains(country) }, "\(country)")
        }
    }

    @Test(arguments: [70, 1000])
    func `Tip Sheets' items are unique, and the right company's place is balanced`(count: Int) throws {
        let items = try items(.tipSheets, count)
        #expect(Set(items.map(\.id)).count == count && Set(items.map(\.context)).count == count)
        let places = try items.map { item in
            let prompts = TaskDefinition.tipSheets.prompts(item)
            let list = try #require(prompts.b.firstMatch(of: /out of (.*)\. Which/)).output.1
            let companies = list.split(separator: ", ").map(String.init)
            // Each of the three has a sentence of its own, in the same order.
            let sentences = prompts.a.split(separator: ". ")
            #expect(companies.count == 3 && sentences.count == 3 && Set(companies).count == 3)
            #expect(zip(companies, sentences).allSatisfy { $1.hasPrefix($0) })
            return try #require(companies.firstIndex(of: item.golds[0]))
        }
        let spread = spread(places)
        #expect(spread.high - spread.low <= 1 && spread.kinds == 3)
    }

    @Test(arguments: [TaskDefinition.countries, .tipSheets])
    func `the seed decides, and nothing else`(task: TaskDefinition) throws {
        #expect(try items(task, 50) == items(task, 50))
        #expect(try items(task, 50) != items(task, 50, seed: 43))
    }

    @Test(arguments: ["0", "-1", "many", "1000000", ""])
    func `a number of items that there cannot be is refused`(count: String) {
        for task in [TaskDefinition.countries, .tipSheets] {
            #expect(throws: TaskSourceError.self) {
                try task.read(TaskSource(files: ["generated:\(count)"]))
            }
        }
        #expect(throws: TaskSourceError.noGenerator(task: "squad")) {
            try TaskDefinition.squad.read(TaskSource(files: ["generated:5"]))
        }
        #expect(throws: TaskSourceError.self) {
            try TaskDefinition.gsm8k.read(TaskSource(files: ["test.jsonl"], shots: 5))
        }
    }

    @Test func `a prompt of a file that ends with a cue of its own gets no other`() {
        #expect(Game.cued("Which?\nThe name is:") == "Which?\nThe name is:")
        #expect(Game.cued("Which?") == "Which?\nAnswer:")
    }

    @Test func `answers are scored as strings and as KVComm scores them`() {
        let item = TaskItem(id: "1", question: "?", golds: ["United Kingdom"])
        func scores(_ text: String) -> [Double?] {
            TaskDefinition.countries.metrics.map { $0.value(ReadAnswer(text: text), item) }
        }
        #expect(scores("United Kingdom") == [1, 1])
        #expect(scores("United Kingdom.") == [1, 1])
        #expect(scores("the united kingdom, of course") == [0, 1])
        // One word of two in common, of three words: F1 = 2/5. Of two words each: 1/2, which is not above one half.
        #expect(scores("the United States of America") == [0, 0])
        #expect(scores("United States") == [0, 0])
        #expect(scores("") == [0, 0])
    }
}

extension TaskDefinition: CustomTestStringConvertible {
    package var testDescription: String { name }
}

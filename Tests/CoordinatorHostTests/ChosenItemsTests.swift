import Evaluation
import Run
import Testing

@testable import CoordinatorHost

/// Which items of a task are asked.
struct ChosenItemsTests {
    /// Nine items, in turn of the groups x, y and z, or of none.
    private static func items(grouped: Bool) -> [TaskItem] {
        (0..<9).map { number in
            TaskItem(
                id: "\(number)", group: grouped ? (number % 3 == 0 ? "x" : number % 3 == 1 ? "y" : "z") : nil,
                question: "?", golds: ["a"])
        }
    }

    private func chosen(_ change: (inout EvaluationConfiguration) -> Void, grouped: Bool = true) throws -> [TaskItem] {
        var evaluation = EvaluationConfiguration()
        change(&evaluation)
        return try ChosenItems.items(Self.items(grouped: grouped), of: "t", evaluation, seed: 42)
    }

    @Test func `the limit counts in each group`() throws {
        let chosen = try chosen { $0.limit = 2 }
        #expect(chosen.map(\.group) == ["x", "x", "y", "y", "z", "z"])
        #expect(try self.chosen({ $0.limit = 2 }, grouped: false).count == 2)
    }

    @Test func `groups asked for are taken, in the items' order, and an unknown one is named`() throws {
        #expect(try chosen { $0.groups = ["z", "x"] }.map(\.id) == ["0", "3", "6", "2", "5", "8"])
        #expect(throws: TaskSourceError.unknownGroup("w", task: "t", known: ["x", "y", "z"])) {
            try chosen { $0.groups = ["x", "w"] }
        }
        // A task without groups has nothing to choose among.
        #expect(try chosen({ $0.groups = ["x"] }, grouped: false).count == 9)
    }
}

/// A question with its right answers, from whichever data set.
package struct TaskItem: Hashable, Sendable {
    /// Unique within its task.
    package let id: String
    /// The text that holds the answer; nil where the question is complete without one.
    package let context: String?
    package let question: String
    /// SQuAD: the answers that count as right. GSM8K: the number, alone.
    package let golds: [String]

    package init(id: String, context: String?, question: String, golds: [String]) {
        self.id = id
        self.context = context
        self.question = question
        self.golds = golds
    }
}

import PlainText
import Run
import Testing

@testable import WorkerEngine

struct StreamMemoryTests {
    private func key(_ text: String, _ model: ModelSide = .a) -> StreamMemory.Key {
        StreamMemory.Key(model: model, text: ExactText(text), newTokens: 3)
    }

    private func streams(_ value: Float) -> StreamMemory.Streams {
        StreamMemory.Streams(vectors: [2: [[value, 0]], 4: [[0, value]]], tokens: 5, omitted: 1)
    }

    @Test func `texts of other bytes are other texts, though they are the same to a reader`() {
        var memory = StreamMemory()
        memory.keep(streams(1), for: key("caf\u{e9}"))
        #expect("caf\u{e9}" == "cafe\u{301}")
        #expect(memory[key("cafe\u{301}")] == nil && memory[key("caf\u{e9}")] != nil)
    }

    @Test func `what was read is found by model, text and room for the answer`() {
        var memory = StreamMemory()
        memory.keep(streams(1), for: key("x"))
        #expect(memory[key("x")]?.vectors == [2: [[1, 0]], 4: [[0, 1]]] && memory[key("x")]?.omitted == 1)
        #expect(memory[key("x", .b)] == nil && memory[key("y")] == nil)
        #expect(memory[StreamMemory.Key(model: .a, text: ExactText("x"), newTokens: 4)] == nil)
    }

    @Test func `what came first makes room`() {
        // Two sites of two numbers: 16 bytes each.
        var memory = StreamMemory(limit: 40)
        for text in ["a", "b", "c"] { memory.keep(streams(1), for: key(text)) }
        #expect(memory[key("a")] == nil && memory[key("b")] != nil && memory[key("c")] != nil)
        // What is there counts once.
        for _ in 0..<5 { memory.keep(streams(1), for: key("c")) }
        #expect(memory[key("b")] != nil)
    }
}

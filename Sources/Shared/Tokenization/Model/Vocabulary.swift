import JSON
import PlainText

/// The model's vocabulary: each piece's UTF-8 and its number, looked up both ways.
///
/// Pieces are compared by bytes. One text buffer holds them all, one flat table finds them (open addressing,
/// hashed with the standard library's keyed hash, so that no file can aim at its collisions).
struct Vocabulary {
    /// The highest number of entries, and one more than the highest id, that a file may have.
    static let idLimit = 1 << 22

    private let text: [UInt8]
    /// By id: where the piece stands in `text`; a length of −1 marks an id without a piece.
    private let spans: [Span]
    /// Ids, −1 where free; a power of two of them.
    private let slots: [Int32]
    /// Entries, without the ids that are missing between them.
    let count: Int

    private struct Span {
        var start: Int32
        var length: Int32
    }

    /// One more than the highest id.
    var idCount: Int { spans.count }

    /// Reads the object of pieces and ids that comes next in the file.
    init(reading scanner: inout JSONScanner, field: String) throws(JSONError) {
        var text: [UInt8] = []
        var entries: [(start: Int32, length: Int32, id: Int32)] = []
        var highest: Int32 = -1
        var count = 0
        try scanner.open(UInt8(ascii: "{"))
        while try scanner.next(until: UInt8(ascii: "}"), &count) {
            let start = text.count
            try scanner.string(into: &text)
            try scanner.colon()
            guard let id = try scanner.integer(), (0..<Self.idLimit).contains(id), text.count < Int(Int32.max) else {
                let piece = PrintableText.quoted(String(decoding: text[start...], as: UTF8.self))
                throw .invalid(
                    file: scanner.file, path: "\(field)[\"\(piece)\"]",
                    expected: "a whole number from 0 to \(Self.idLimit - 1)", found: "another value")
            }
            highest = max(highest, Int32(id))
            entries.append((Int32(start), Int32(text.count - start), Int32(id)))
        }

        func piece(_ entry: (start: Int32, length: Int32, id: Int32)) -> String {
            PrintableText.quoted(
                String(decoding: text[Int(entry.start)..<Int(entry.start + entry.length)], as: UTF8.self))
        }
        var spans = [Span](repeating: Span(start: 0, length: -1), count: Int(highest) + 1)
        for entry in entries {
            let id = Int(entry.id)
            guard spans[id].length < 0 else {
                let other = piece((spans[id].start, spans[id].length, 0))
                throw .invalid(
                    file: scanner.file, path: "\(field)[\"\(piece(entry))\"]", expected: "a number of its own",
                    found: "\(id), which \"\(other)\" has too")
            }
            spans[id] = Span(start: entry.start, length: entry.length)
        }

        var capacity = 16
        while capacity < entries.count * 2 { capacity *= 2 }
        var slots = [Int32](repeating: -1, count: capacity)
        var duplicate: Int?
        text.withUnsafeBufferPointer { text in
            for index in entries.indices {
                let entry = entries[index]
                let key = UnsafeBufferPointer(
                    rebasing: text[Int(entry.start)..<Int(entry.start + entry.length)])
                var slot = hash(of: key) & (capacity - 1)
                while slots[slot] >= 0 {
                    if Self.isEqual(spans[Int(slots[slot])], key, in: text) {
                        duplicate = index
                        return
                    }
                    slot = (slot + 1) & (capacity - 1)
                }
                slots[slot] = entry.id
            }
        }
        if let duplicate {
            throw .invalid(
                file: scanner.file, path: "\(field)[\"\(piece(entries[duplicate]))\"]", expected: "each piece once",
                found: "it twice")
        }
        self.text = text
        self.spans = spans
        self.slots = slots
        self.count = entries.count
    }

    /// The number of the piece with these bytes, −1 when there is none.
    func id(of piece: UnsafeBufferPointer<UInt8>) -> Int32 {
        text.withUnsafeBufferPointer { text in
            slots.withUnsafeBufferPointer { slots in
                let mask = slots.count - 1
                var slot = hash(of: piece) & mask
                while slots[slot] >= 0 {
                    if Self.isEqual(spans[Int(slots[slot])], piece, in: text) { return slots[slot] }
                    slot = (slot + 1) & mask
                }
                return -1
            }
        }
    }

    func id(of piece: [UInt8]) -> Int32 { piece.withUnsafeBufferPointer { id(of: $0) } }

    /// The bytes of a piece, nil for an id that has none.
    func piece(_ id: Int32) -> ArraySlice<UInt8>? {
        guard id >= 0, Int(id) < spans.count else { return nil }
        let span = spans[Int(id)]
        guard span.length >= 0 else { return nil }
        return text[Int(span.start)..<Int(span.start + span.length)]
    }

    @inline(__always)
    private static func isEqual(
        _ span: Span, _ key: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard Int(span.length) == key.count else { return false }
        return haveEqualBytes(UnsafeBufferPointer(rebasing: text[Int(span.start)..<Int(span.start) + key.count]), key)
    }
}

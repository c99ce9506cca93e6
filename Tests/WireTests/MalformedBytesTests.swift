import Run
import Testing
import Wire

struct MalformedBytesTests {
    @Test(arguments: Sample.all)
    func `a header cut anywhere is refused or read as less; it never traps`(sample: Sample) {
        func check<Message: WireValue>(_ message: Message) {
            let encoded = message.encoded
            for count in 0..<encoded.header.count {
                let error = refusal(Message.self, Array(encoded.header.prefix(count)), encoded.frames)
                // Every message here is one field of its envelope, whose length no longer fits.
                #expect(error != nil, "cut to \(count) of \(encoded.header.count) bytes")
            }
        }
        check(sample.message)
    }

    @Test(arguments: 0..<8)
    func `headers changed at random are read or refused; what is read can be sent again`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let headers = Sample.all.map { $0.message.encoded.header }
        let frames = Sample.all.map { $0.message.encoded.frames }
        var read = 0
        for round in 0..<4_000 {
            let index = Int.random(in: 0..<Sample.all.count, using: &generator)
            var header = headers[index]
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                mutate(&header, with: headers, &generator)
            }
            read +=
                decodesAgain(
                    Sample.all[index].message, header, frames[index], "seed \(seed), round \(round)") ? 1 : 0
        }
        // Changes of a text's letters or of a number leave a message: so both ways were taken.
        #expect(read > 100 && read < 3_900)
    }

    @Test(arguments: 0..<2)
    func `random bytes are read or refused`(seed: Int) {
        var generator = SplitMix64(seed: 1 << 40 + UInt64(seed))
        for round in 0..<4_000 {
            let count = Int.random(in: 0...64, using: &generator)
            let header = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let sample = Sample.all[Int.random(in: 0..<Sample.all.count, using: &generator)]
            _ = decodesAgain(sample.message, header, [], "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: 0..<2)
    func `frames changed at random are refused unless their number and sizes stay`(seed: Int) {
        var generator = SplitMix64(seed: 2 << 40 + UInt64(seed))
        func check<Message: WireValue>(_ message: Message) {
            let encoded = message.encoded
            var frames = encoded.frames
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                let index = Int.random(in: 0...frames.count, using: &generator)
                let length = 4 * Int.random(in: 0...8, using: &generator)
                if index == frames.count || Bool.random(using: &generator) {
                    frames.insert([UInt8](repeating: 0x7f, count: length), at: index)
                } else {
                    frames[index] = [UInt8](repeating: 0xff, count: length)
                }
            }
            let fits = frames.map(\.count) == encoded.frames.map(\.count)
            #expect((refusal(Message.self, encoded.header, frames) == nil) == fits, "seed \(seed)")
        }
        for _ in 0..<500 {
            let message = Sample.all[Int.random(in: 0..<Sample.all.count, using: &generator)].message
            check(message)
        }
    }

    /// Whether the frames are read; then what was read must encode to something that reads as the same.
    private func decodesAgain<Message: WireValue>(
        _ sample: Message, _ header: [UInt8], _ frames: [[UInt8]], _ place: String
    ) -> Bool {
        guard let message = try? Message(header: header, tensors: frames) else { return false }
        let encoded = message.encoded
        let again = try? Message(header: encoded.header, tensors: encoded.frames)
        // Compared as bytes: a NaN differs from itself.
        #expect(again?.encoded.header == encoded.header, "\(place)")
        #expect(again?.encoded.frames == encoded.frames, "\(place)")
        return true
    }

    private func mutate(_ bytes: inout [UInt8], with others: [[UInt8]], _ generator: inout SplitMix64) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        let end = min(bytes.count, place + Int.random(in: 1...8, using: &generator))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1 where place < bytes.count: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
        case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &generator), at: place)
        case 3: bytes.removeSubrange(place..<end)
        case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 5:
            let other = others[Int.random(in: 0..<others.count, using: &generator)]
            let cut = Int.random(in: 0...other.count, using: &generator)
            bytes.replaceSubrange(place..., with: other[cut...])
        default: bytes.insert(contentsOf: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], at: place)
        }
    }
}

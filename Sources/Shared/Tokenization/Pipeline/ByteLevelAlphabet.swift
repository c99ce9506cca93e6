/// GPT-2's way of writing any byte as a printable character: printable Latin-1 stands for itself, the other 68
/// bytes are numbered from U+0100 on in their order (Radford et al. 2019, `bytes_to_unicode`).
enum ByteLevelAlphabet {
    /// By byte: its character's scalar value, below 0x144.
    private static let characters: [UInt16] = {
        var other: UInt16 = 0x100
        return (UInt16(0)...255).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
            default:
                defer { other += 1 }
                return other
            }
        }
    }()

    /// By scalar value: its byte, 256 where it stands for none.
    private static let bytes: [UInt16] = {
        var bytes = [UInt16](repeating: 256, count: 0x144)
        for (byte, character) in characters.enumerated() { bytes[Int(character)] = UInt16(byte) }
        return bytes
    }()

    /// Appends the characters that stand for a text's bytes.
    static func write(_ text: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
        characters.withUnsafeBufferPointer { characters in
            for byte in text {
                let character = characters[Int(byte)]
                if character < 0x80 {
                    result.append(UInt8(truncatingIfNeeded: character))
                } else {
                    result.append(0xC0 | UInt8(truncatingIfNeeded: character >> 6))
                    result.append(0x80 | UInt8(truncatingIfNeeded: character & 0x3F))
                }
            }
        }
    }

    /// Appends the bytes that a piece's characters stand for; the piece as it is when one of them is no such
    /// character (an added token such as "日本").
    static func read(_ piece: [UInt8], to result: inout [UInt8]) {
        let start = result.count
        let isRead = piece.withUnsafeBufferPointer { piece in
            var index = 0
            while index < piece.count {
                let value = Int(nextScalar(piece, &index).value)
                guard value < bytes.count, bytes[value] < 256 else { return false }
                result.append(UInt8(truncatingIfNeeded: bytes[value]))
            }
            return true
        }
        if !isRead {
            result.removeLast(result.count - start)
            result.append(contentsOf: piece)
        }
    }
}

/// UTF-8 in a buffer, walked by Unicode scalar. Swift's Characters are never used: "\r\n" is one of them, and
/// their equality is canonical equivalence, which merges distinct vocabulary entries.

/// The length of the well-formed sequence that begins at `index`, 0 when there is none (Unicode, table 3-7).
@inline(__always)
func wellFormedLength(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    let lead = bytes[index]
    let left = bytes.count - index
    func continues(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
        offset < left && range.contains(bytes[index + offset])
    }
    switch lead {
    case 0x00...0x7F: return 1
    case 0xC2...0xDF: return continues(1) ? 2 : 0
    case 0xE0: return continues(1, 0xA0...0xBF) && continues(2) ? 3 : 0
    case 0xED: return continues(1, 0x80...0x9F) && continues(2) ? 3 : 0
    case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
    case 0xF0: return continues(1, 0x90...0xBF) && continues(2) && continues(3) ? 4 : 0
    case 0xF4: return continues(1, 0x80...0x8F) && continues(2) && continues(3) ? 4 : 0
    case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
    default: return 0
    }
}

/// Reads the scalar at `index` and moves past it. Bytes that are no UTF-8 read as U+FFFD, one at a time; the
/// texts that come here are well-formed already.
@inline(__always)
func nextScalar(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Unicode.Scalar {
    let lead = bytes[index]
    if lead < 0x80 {
        index += 1
        return Unicode.Scalar(lead)
    }
    let length = wellFormedLength(bytes, at: index)
    var code = UInt32(lead)
    switch length {
    case 2: code = (code & 0x1F) << 6 | UInt32(bytes[index + 1] & 0x3F)
    case 3: code = (code & 0x0F) << 12 | UInt32(bytes[index + 1] & 0x3F) << 6 | UInt32(bytes[index + 2] & 0x3F)
    case 4:
        code =
            (code & 0x07) << 18 | UInt32(bytes[index + 1] & 0x3F) << 12 | UInt32(bytes[index + 2] & 0x3F) << 6
            | UInt32(bytes[index + 3] & 0x3F)
    default:
        index += 1
        return "\u{FFFD}"
    }
    index += length
    return Unicode.Scalar(code) ?? "\u{FFFD}"
}

/// The scalar that ends at `end`, in well-formed UTF-8 that is not empty before it.
func lastScalar(_ bytes: UnsafeBufferPointer<UInt8>, before end: Int) -> Unicode.Scalar {
    var start = end - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return nextScalar(bytes, &start)
}

/// Appends a scalar's UTF-8.
@inline(__always)
func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    if scalar.value < 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
        for unit in UTF8.encode(scalar)! { bytes.append(unit) }
    }
}

extension Unicode.Scalar {
    /// What `\w` matches in the Rust `regex` crate (Unicode technical standard 18, annex C).
    var isWord: Bool {
        if value < 0x80 { return isASCIIAlphanumeric || self == "_" }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }

    /// Rust's `char::is_whitespace`: the property White_Space.
    var isSpace: Bool { properties.isWhitespace }

    /// Rust's `char::is_numeric`: the categories Nd, Nl and No.
    var isNumeric: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }

    /// ASCII punctuation (symbols such as `$` and `+` among it) and every category P.
    var isPunctuation: Bool {
        if value < 0x80 { return value > 0x20 && value < 0x7F && !isASCIIAlphanumeric }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    private var isASCIIAlphanumeric: Bool {
        switch self {
        case "0"..."9", "a"..."z", "A"..."Z": true
        default: false
        }
    }
}

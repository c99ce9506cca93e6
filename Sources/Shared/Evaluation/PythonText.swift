/// The character classes of Python's `str` and `re`, which the published metrics are defined by.
extension Unicode.Scalar {
    /// `\w` of a `str` pattern: `str.isalnum`, that is letters and everything that has a numeric value, or `_`.
    /// Unlike other engines' `\w`, it holds no combining marks.
    var isPythonWordCharacter: Bool {
        if isASCII {
            return (0x30...0x39 ~= value) || (0x41...0x5a ~= value) || (0x61...0x7a ~= value) || value == 0x5f
        }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return properties.numericType != nil
        }
    }

    /// `string.punctuation`: ASCII only.
    var isPythonPunctuation: Bool {
        (0x21...0x2f ~= value) || (0x3a...0x40 ~= value) || (0x5b...0x60 ~= value) || (0x7b...0x7e ~= value)
    }
}

/// Python's `str.lower()`: every character's full lower case, and the final form of a sigma that ends a word.
func pythonLowercase(_ text: String) -> [Unicode.Scalar] {
    let scalars = Array(text.unicodeScalars)
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    for (index, scalar) in scalars.enumerated() {
        if scalar == "\u{3a3}" {
            result.append(isFinalSigma(at: index, of: scalars) ? "\u{3c2}" : "\u{3c3}")
        } else if scalar.isASCII {
            result.append(0x41...0x5a ~= scalar.value ? Unicode.Scalar(UInt8(scalar.value + 0x20)) : scalar)
        } else {
            result += scalar.properties.lowercaseMapping.unicodeScalars
        }
    }
    return result
}

/// The Unicode Standard's condition Final_Sigma (table 3-17): a cased letter before, none after, case-ignorable
/// characters passed over.
private func isFinalSigma(at index: Int, of scalars: [Unicode.Scalar]) -> Bool {
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    guard let before, before.properties.isCased else { return false }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return !(after?.properties.isCased ?? false)
}

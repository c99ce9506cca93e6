/// White space as Python has it, which the texts of a run and the published metrics are defined by.
extension Unicode.Scalar {
    /// `str.isspace`, which `str.split()` splits at: Unicode's white space, and the four ASCII separators.
    package var isPythonSpace: Bool {
        isASCII ? value == 0x20 || (0x09...0x0d ~= value) || (0x1c...0x1f ~= value) : properties.isWhitespace
    }
}

extension String {
    /// Python's `str.strip()`.
    package func strippedAsPython() -> String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.isPythonSpace }),
            let last = scalars.lastIndex(where: { !$0.isPythonSpace })
        else { return "" }
        return String(scalars[first...last])
    }
}

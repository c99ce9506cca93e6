import Foundation

/// What lets one see the page from elsewhere: a word that both sides know.
package struct PageToken: Sendable {
    private let text: String

    /// The variable that may hold it.
    package static let variable = "COORDINATOR_PAGE_TOKEN"
    static let leastLength = 16
    private static let mostLength = 256

    private init(_ text: String, from place: String) throws(PageError) {
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard (Self.leastLength...Self.mostLength).contains(token.utf8.count),
            token.utf8.allSatisfy({ byte in
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                    || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~")].contains(byte)
            })
        else {
            throw .unusableToken(
                place: place,
                cause: "expected one token of \(Self.leastLength) to \(Self.mostLength) letters, digits, '-', '_', '.' "
                    + "and '~', found \(token.utf8.count) bytes")
        }
        self.text = token
    }

    /// From a file that nobody else may read, or else from the environment; nil where neither is given.
    package static func read(file: String?, environment: [String: String]) throws(PageError) -> PageToken? {
        guard let file else {
            guard let text = environment[variable], !text.isEmpty else { return nil }
            return try PageToken(text, from: "$\(variable)")
        }
        var status = stat()
        guard stat(file, &status) == 0 else {
            throw .unusableToken(place: file, cause: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= 4096 else {
            throw .unusableToken(place: file, cause: "expected a small file that holds a token")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .unusableToken(
                place: file,
                cause: "others can read it (mode \(String(status.st_mode & 0o777, radix: 8))); chmod 600 it")
        }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw .unusableToken(place: file, cause: "it cannot be read, or is no text")
        }
        return try PageToken(text, from: file)
    }

    /// Compares in a time that says nothing of where two texts differ.
    func isEqual(to other: some StringProtocol) -> Bool {
        let (own, other) = (Array(text.utf8), Array(other.utf8))
        var difference = own.count ^ other.count
        for (index, byte) in own.enumerated() {
            difference |= Int(byte ^ (index < other.count ? other[index] : 0))
        }
        return difference == 0
    }
}

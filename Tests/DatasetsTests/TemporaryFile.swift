import Foundation

/// A file that lives as long as this value.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8]) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("data-\(UUID().uuidString)").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    convenience init(_ text: String) throws {
        try self.init(Array(text.utf8))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// gzip members, made by Python's `gzip.compress(…, mtime=0)`.
enum GzipMember {
    /// "first\nsecond\n"
    static let firstAndSecond = bytes("H4sIAAAAAAACA0vLLCou4SpOTc7PS+ECACBRRQgNAAAA")
    /// "third\n"
    static let third = bytes("H4sIAAAAAAACAyvJyCxK4QIA8pEseAYAAAA=")

    private static func bytes(_ base64: String) -> [UInt8] {
        Array(Data(base64Encoded: base64) ?? Data())
    }
}

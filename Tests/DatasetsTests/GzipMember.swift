import Foundation

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

/// A kind of file that is often there in place of one that is read, told by its first bytes and not by its name.
package enum ForeignFile: Hashable, Sendable, CaseIterable {
    case parquet
    /// As the `datasets` library's cache holds its tables.
    case arrowStream
    /// As Feather files are.
    case arrowFile
    case zstandard
    case bzip2
    case xz
    case zip
    case utf16
    case gguf
    /// What stands in a clone's working tree where Git LFS has not fetched the file.
    case lfsPointer
    /// What a download gives whose address wants a login or has moved.
    case webPage
    /// One array where a line an object is wanted. First bytes do not tell it: whoever reads lines finds it.
    case jsonArray

    /// What the kinds are told by, at most.
    package static let signatureBytes = 48

    /// - Parameter bytes: the file's first ones, ``signatureBytes`` where it has as many.
    package init?(firstBytes bytes: some Collection<UInt8>) {
        guard let kind = Self.allCases.first(where: { $0.isTold(by: bytes) }) else { return nil }
        self = kind
    }

    private func isTold(by bytes: some Collection<UInt8>) -> Bool {
        switch self {
        case .parquet: bytes.starts(with: "PAR1".utf8)
        case .arrowStream: bytes.starts(with: [0xff, 0xff, 0xff, 0xff])
        case .arrowFile: bytes.starts(with: "ARROW1".utf8)
        case .zstandard: bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd])
        case .bzip2: bytes.starts(with: "BZh".utf8) && bytes.dropFirst(3).first.map { 0x31...0x39 ~= $0 } == true
        case .xz: bytes.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
        case .zip: bytes.starts(with: [0x50, 0x4b, 0x03, 0x04])
        case .utf16: bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
        case .gguf: bytes.starts(with: "GGUF".utf8)
        case .lfsPointer: bytes.starts(with: "version https://git-lfs.github.com/spec/".utf8)
        case .webPage: Self.opensPage(bytes)
        case .jsonArray: false
        }
    }

    private static func opensPage(_ bytes: some Collection<UInt8>) -> Bool {
        let start = String(decoding: bytes.prefix(signatureBytes), as: UTF8.self).lowercased()
            .drop { $0.isWhitespace || $0 == "\u{feff}" }
        return start.hasPrefix("<!doctype html") || start.hasPrefix("<html")
    }

    /// What the file is, such as `a Parquet file`.
    package var title: String {
        switch self {
        case .parquet: "a Parquet file"
        case .arrowStream, .arrowFile: "an Arrow file"
        case .zstandard: "packed by Zstandard"
        case .bzip2: "packed by bzip2"
        case .xz: "packed by xz"
        case .zip: "a ZIP archive"
        case .utf16: "UTF-16 text"
        case .gguf: "a GGUF file"
        case .lfsPointer: "a pointer of Git LFS, not the file itself"
        case .webPage: "a web page, as a failed download leaves one"
        case .jsonArray: "one JSON array"
        }
    }

    /// What to do about it: the one command that helps, where there is one.
    package func remedy(for path: String) -> String {
        let file = ShellText.quoted(path)
        return switch self {
        case .parquet: "make JSON lines of it: \(Self.conversion(by: "read_parquet", of: path))"
        case .arrowFile: "make JSON lines of it: \(Self.conversion(by: "read_feather", of: path))"
        case .arrowStream:
            "make JSON lines of it: python3 -c \"import sys, datasets; "
                + "datasets.Dataset.from_file(sys.argv[1]).to_json(sys.argv[2])\" \(file) \(ShellText.quoted(path + ".jsonl"))"
        case .zstandard: "unpack it: zstd -d \(file) -o \(ShellText.quoted(path + ".unpacked"))"
        case .bzip2: "unpack it: bzip2 -dc \(file) > \(ShellText.quoted(path + ".unpacked"))"
        case .xz: "unpack it: xz -dc \(file) > \(ShellText.quoted(path + ".unpacked"))"
        case .zip: "unpack it: unzip \(file)"
        case .utf16: "make UTF-8 of it: iconv -f UTF-16 -t UTF-8 \(file) > \(ShellText.quoted(path + ".utf8"))"
        case .gguf: "take the model's own folder with its safetensors files: hf download OWNER/NAME"
        case .lfsPointer: "fetch the file, in its repository's folder: git lfs pull"
        case .webPage: "fetch the file again"
        case .jsonArray: "make JSON lines of it: jq -c '.[]' \(file) > \(ShellText.quoted(path + ".jsonl"))"
        }
    }

    /// What the file is, and what to do about it, on one line.
    package func description(for path: String) -> String { "\(title); \(remedy(for: path))" }

    private static func conversion(by reader: String, of path: String) -> String {
        "python3 -c \"import sys, pandas; pandas.\(reader)(sys.argv[1])"
            + ".to_json(sys.argv[2], orient='records', lines=True)\" \(ShellText.quoted(path)) \(ShellText.quoted(path + ".jsonl"))"
    }
}

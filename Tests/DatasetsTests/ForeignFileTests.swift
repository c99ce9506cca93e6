import PlainText
import TestSupport
import Testing

@testable import Datasets

/// Files of other kinds are named as what they are, with the command that helps. The commands of Parquet, Feather and
/// Arrow streams were run (pandas 3.1, pyarrow 26, datasets 5.2), and what they wrote was read.
struct ForeignFileTests {
    private static let starts: [(bytes: [UInt8], words: [String])] = [
        (Array("PAR1\u{15}\u{4}".utf8), ["a Parquet file", "python3 -c \"import sys, pandas; pandas.read_parquet("]),
        ([0xff, 0xff, 0xff, 0xff, 0xb0, 3, 0, 0], ["an Arrow file", "datasets.Dataset.from_file("]),
        (Array("ARROW1\0\0".utf8), ["an Arrow file", "pandas.read_feather("]),
        ([0x28, 0xb5, 0x2f, 0xfd, 4], ["packed by Zstandard", "zstd -d "]),
        (Array("BZh91AY".utf8), ["packed by bzip2", "bzip2 -dc "]),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0], ["packed by xz", "xz -dc "]),
        ([0x50, 0x4b, 3, 4, 20], ["a ZIP archive", "unzip "]),
        ([0xff, 0xfe, 0x7b, 0], ["UTF-16 text", "iconv -f UTF-16 -t UTF-8 "]),
        (
            Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".utf8),
            ["a pointer of Git LFS", "git lfs pull"]
        ),
        (Array("\n<!DOCTYPE html>\n<html lang=en>".utf8), ["a web page", "fetch the file again"]),
        (Array("<HTML><body>".utf8), ["a web page", "fetch the file again"]),
        (Array("[{\"text\": \"a\", \"question\": \"b\"}]".utf8), ["one JSON array", "jq -c '.[]' "]),
    ]

    @Test(arguments: starts)
    func `each reader names them`(bytes: [UInt8], words: [String]) throws {
        let file = try TemporaryFile(bytes)
        let readers: [(String) throws -> Void] = [
            { path in
                var reader = try C4Reader(file: path)
                _ = try reader.next()
            }, { _ = try GSM8KDataset(file: $0) }, { _ = try SQuADDataset(file: $0) },
        ]
        for read in readers {
            let error = "\(try #require(throws: DatasetError.self) { try read(file.path) })"
            #expect(error.hasPrefix(file.path + ": ") && !error.contains("\n"), "\(error)")
            for word in words { #expect(error.contains(word), "\(error)") }
        }
    }

    @Test(
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        arguments: [
            "squad/squad-huggingface.parquet", "gsm8k/gsm.parquet",
        ])
    func `the hub's usual form is named`(name: String) throws {
        let path = SharedData.path("cases/\(name)").path
        let error = "\(try #require(throws: DatasetError.self) { try SQuADDataset(file: path) })"
        #expect(
            error == "\(path): a Parquet file; make JSON lines of it: python3 -c \"import sys, pandas; "
                + "pandas.read_parquet(sys.argv[1]).to_json(sys.argv[2], orient='records', lines=True)\" \(path) "
                + "\(path).jsonl")
    }
}

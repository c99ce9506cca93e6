import Foundation
import TestSupport
import Testing

@testable import Weights

struct ForeignFileTests {
    @Test func `weights that Git LFS has not fetched are named as a pointer`() throws {
        let file = try TemporaryFile("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
        let error = "\(try #require(throws: WeightError.self) { try SafetensorsFile(URL(fileURLWithPath: file.path)) })"
        #expect(error.hasPrefix(file.path) && error.contains("a pointer of Git LFS"), "\(error)")
        #expect(error.hasSuffix("git lfs pull"), "\(error)")
    }
}

import Foundation
import TestSupport
import Testing

@testable import CPUDevice

/// Which kernels compute what, as it is measured and kept.
struct KernelChoiceTests {
    private let folder: TemporaryFolder
    private let file: KernelChoiceFile

    init() throws {
        folder = try TemporaryFolder()
        file = try #require(KernelChoiceFile(folder: folder.url.appendingPathComponent("kept"), processor: "some"))
    }

    @Test func `rows are in one class each, without a gap`() {
        #expect(KernelChoice.rowClasses.first?.lowerBound == 1)
        #expect(KernelChoice.rowClasses.last?.upperBound == .max)
        for (before, after) in zip(KernelChoice.rowClasses, KernelChoice.rowClasses.dropFirst()) {
            #expect(before.upperBound + 1 == after.lowerBound)
        }
    }

    @Test func `a measured choice names paths that this processor runs`() throws {
        let choice = try KernelMeasurement.choice(among: supportedPaths.filter { $0 != .portable })
        for product in KernelChoice.Product.allCases {
            for rowClass in KernelChoice.rowClasses.indices {
                #expect(choice[product, rowClass].isSupported)
                // The instruction multiplies bfloat16 with bfloat16 alone.
                #expect(product == .rounded || choice[product, rowClass] != .avx512bf16)
            }
        }
    }

    /// Paths of all kinds, in no order.
    private var mixed: KernelChoice {
        KernelChoice(others: .portable) { product, rowClass in
            supportedPaths[(rowClass + product.rawValue.utf8.count) % supportedPaths.count]
        }
    }

    @Test func `a choice is read as it was written`() {
        #expect(file.read() == nil)
        file.write(mixed)
        #expect(file.read() == mixed)
        file.write(KernelChoice(.portable))
        #expect(file.read() == KernelChoice(.portable))
    }

    @Test func `a file of another processor, a broken one and a path that is not here are not used`() throws {
        file.write(mixed)
        let content = try String(contentsOf: file.url, encoding: .utf8)
        let changes = [
            content.replacingOccurrences(of: "some;", with: "other;"), String(content.dropLast(20)), "",
            content.replacingOccurrences(of: "\"portable\"", with: "\"neon\""),
            content.replacingOccurrences(of: "\"others\": \"portable\"", with: "\"others\": 3"),
            content.replacingOccurrences(of: "\"float16\"", with: "\"float8\""),
            String(repeating: " ", count: 1 << 17) + content,
        ]
        for changed in changes {
            #expect(changed != content)
            try Data(changed.utf8).write(to: file.url)
            #expect(file.read() == nil)
        }
        file.write(mixed)
        #expect(file.read() == mixed)
    }

    @Test func `processors have files of their own`() throws {
        let other = try #require(KernelChoiceFile(folder: file.folder, processor: "another"))
        #expect(other.url != file.url)
        file.write(mixed)
        #expect(other.read() == nil)
    }

    @Test func `a folder that takes no file is no error`() throws {
        let taken = folder.url.appendingPathComponent("taken")
        try Data().write(to: taken)
        let file = try #require(KernelChoiceFile(folder: taken, processor: "some"))
        file.write(mixed)
        #expect(file.read() == nil)
    }

    @Test func `a choice tells what computes what`() {
        let choice = KernelChoice(others: .avx512) { product, rowClass in
            product == .rounded && (1..<3).contains(rowClass) ? .avx512bf16 : .avx512
        }
        #expect(choice.name == "avx512+avx512bf16")
        #expect(
            choice.lines == [
                "linear float32: avx512", "linear float16: avx512", "linear bfloat16: avx512",
                "linear bfloat16 with bfloat16: avx512 on 1 row, avx512bf16 on 2 to 4, avx512 on 5 or more",
                "all else: avx512",
            ])
        #expect(KernelChoice(.avx2).name == "avx2")
    }
}

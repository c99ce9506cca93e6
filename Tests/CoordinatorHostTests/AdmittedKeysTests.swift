import Foundation
import TestSupport
import Testing
import Transport

@testable import CoordinatorHost

/// Who is let in while the list of keys changes under a run.
struct AdmittedKeysTests {
    private let folder: TemporaryFolder
    private let keys: [CurvePublicKey]
    private let list: AdmittedKeys

    init() throws {
        folder = try TemporaryFolder()
        keys = try (0..<2).map { _ in try CurveKeyPair.generate().publicKey }
        try Self.write("curve-public \(keys[0]) one\ncurve-public \(keys[1]) two\n", to: folder.file("list"))
        list = try AdmittedKeys(file: folder.file("list").path)
    }

    /// Another file takes the name, so that no clock has to go on.
    private static func write(_ text: String, to url: URL, mode: Int = 0o600) throws {
        let fresh = url.deletingLastPathComponent().appendingPathComponent(UUID().uuidString)
        try Data(text.utf8).write(to: fresh)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: fresh.path)
        guard rename(fresh.path, url.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    @Test func `a key that is taken off is not admitted, and its connection does not stay`() throws {
        #expect(keys.allSatisfy { list.contains($0) && list.keeps($0.z85) })
        #expect(!list.review())
        try Self.write("curve-public \(keys[1]) two\n", to: folder.file("list"))
        #expect(list.review() && !list.review())
        #expect(!list.contains(keys[0]) && !list.keeps(keys[0].z85))
        #expect(list.contains(keys[1]) && list.keeps(keys[1].z85))
    }

    @Test(arguments: ["", "# nobody any more\n", "\n\n"])
    func `an empty list admits nobody`(text: String) throws {
        try Self.write(text, to: folder.file("list"))
        #expect(list.review() && list.flaw == nil)
        #expect(keys.allSatisfy { !list.contains($0) && !list.keeps($0.z85) })
    }

    @Test(arguments: ["curve-pubic Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n", "curve-public short\n"])
    func `a list that cannot be read admits nobody new, and says why`(text: String) throws {
        try Self.write(text, to: folder.file("list"))
        #expect(list.review())
        #expect(list.flaw?.contains("list") == true)
        #expect(keys.allSatisfy { !list.contains($0) && list.keeps($0.z85) })
        try Self.write("curve-public \(keys[0])\n", to: folder.file("list"))
        #expect(list.review() && list.flaw == nil && list.contains(keys[0]) && !list.contains(keys[1]))
    }

    @Test func `a list that is gone, no text, or for others to change is not read`() throws {
        try Data([0xFF, 0xFE, 0x00]).write(to: folder.file("list"))
        #expect(list.review() && list.flaw != nil && !list.contains(keys[0]))
        try Self.write("curve-public \(keys[0])\n", to: folder.file("list"), mode: 0o622)
        #expect(list.review() && list.flaw?.contains("chmod go-w") == true && !list.contains(keys[0]))
        try FileManager.default.removeItem(at: folder.file("list"))
        #expect(list.review() && list.flaw != nil && !list.contains(keys[0]))
    }
}

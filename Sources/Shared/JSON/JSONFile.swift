package import Foundation
import PlainText

/// JSON files as they lie on the disk.
package enum JSONFile {
    /// The bytes of a regular file that has at most `limit` of them.
    package static func bytes(of url: URL, limit: Int) throws(JSONError) -> [UInt8] {
        let file = url.path
        let data: Data?
        do {
            let values = try url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey])
            guard values.isRegularFile == true else {
                throw JSONError.unreadable(file: file, reason: "not a regular file")
            }
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            data = try handle.read(upToCount: limit + 1)
        } catch let error as JSONError {
            throw error
        } catch {
            let isMissing = !FileManager.default.fileExists(atPath: file)
            throw .unreadable(
                file: file, reason: isMissing ? "no such file" : SystemFailure.reason(of: error))
        }
        let bytes = [UInt8](data ?? Data())
        guard bytes.count <= limit else { throw .tooLarge(file: file, bytes: bytes.count, limit: limit) }
        return bytes
    }
}

package import Foundation

/// Files of a run that are read in one piece.
package enum WholeFile {
    /// Whether something of that name is there, be it a link to nothing.
    static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The content of the file at `path`; nil where there is none. It must be a regular file: a pipe in its place would
    /// never end.
    /// - Parameter limit: the most bytes that it may have; what is larger is refused before it is read.
    package static func read(_ path: String, limit: Int) throws(StorageError) -> Data? {
        guard isThere(path) else { return nil }
        let file = try OpenFile(path: path, flags: O_RDONLY)
        let size = try file.size()
        guard size <= UInt64(max(0, limit)) else { throw .fileTooLarge(path: path, bytes: size, limit: limit) }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        let count = try bytes.withUnsafeMutableBufferPointer { buffer throws(StorageError) in
            try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
        bytes.removeLast(bytes.count - count)
        return Data(bytes)
    }
}

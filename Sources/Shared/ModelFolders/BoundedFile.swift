import Foundation

/// Files of bounded size, read whole.
enum BoundedFile {
    static func exists(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && !isDirectory.boolValue
    }

    /// The size of a regular file.
    static func size(of url: URL) throws(ModelFolderError) -> Int {
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
        } catch {
            throw .unreadable(path: url.path, reason: exists(url) ? "no access" : "no such file")
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular, let size = attributes[.size] as? NSNumber else {
            throw .unreadable(path: url.path, reason: "not a regular file")
        }
        return size.intValue
    }

    static func read(_ url: URL, limit: Int) throws(ModelFolderError) -> Data {
        let bytes = try size(of: url)
        guard bytes <= limit else { throw .tooLarge(path: url.path, bytes: bytes, limit: limit) }
        // Foundation leaks its buffer on an empty file.
        if bytes == 0 { return Data() }
        do {
            return try Data(contentsOf: url)
        } catch {
            throw .unreadable(path: url.path, reason: "no access")
        }
    }
}

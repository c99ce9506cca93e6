import Foundation

/// Why a file could not be written, read or trusted. The description is one line that names the file.
package enum StorageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The operating system refused `operation` ("write", "open", …) on `path`; `code` is its errno.
    case system(operation: String, path: String, code: Int32)
    /// The file is there but is a folder, a device or a pipe.
    case notARegularFile(path: String)
    /// The file was written to while it was read.
    case changed(path: String)
    /// Another process holds the journal's lock.
    case locked(path: String)
    /// The file does not begin as a journal does.
    case notAJournal(path: String)
    /// The journal was written in another version of the format.
    case unsupportedVersion(path: String, found: UInt32, expected: UInt32)
    /// A record that had reached the disk is not what was written, `offset` bytes from the start of the file.
    case damagedRecord(path: String, offset: UInt64, reason: String)
    /// A record of `bytes` is larger than the journal's limit.
    case recordTooLarge(path: String, bytes: UInt64, limit: UInt64)
    /// The file has more bytes than any that a run writes.
    case fileTooLarge(path: String, bytes: UInt64, limit: Int)
    /// An earlier failure left the end of the journal unknown, so nothing more is written to it.
    case journalClosed(path: String)

    package var description: String {
        switch self {
        case .system(let operation, let path, let code):
            "cannot \(operation) \(shown(path)): \(String(cString: strerror(code)))\(StorageError.advice(for: code))"
        case .notARegularFile(let path):
            "\(shown(path)): expected a regular file, found something else; move it away"
        case .changed(let path):
            "\(shown(path)): it changed while it was read; start again when nobody writes to it"
        case .locked(let path):
            "\(shown(path)): another coordinator is running in this folder; wait for it, stop it, or choose another folder"
        case .notAJournal(let path):
            "\(shown(path)): expected a journal, found other content; choose another folder, or move the file away"
        case .unsupportedVersion(let path, let found, let expected):
            "\(shown(path)): journal version \(found), but this program reads version \(expected); "
                + "use the release that wrote it, or choose another folder"
        case .damagedRecord(let path, let offset, let reason):
            "\(shown(path)): the record at byte \(offset) is damaged (\(reason)); "
                + "'coordinator recover' keeps what is whole and has the run do the rest again"
        case .recordTooLarge(let path, let bytes, let limit):
            "\(shown(path)): a record of \(bytes) bytes is above the limit of \(limit)"
        case .fileTooLarge(let path, let bytes, let limit):
            "\(shown(path)): \(bytes) bytes, expected at most \(limit); it was not written by a run: move it away"
        case .journalClosed(let path):
            "\(shown(path)): an earlier write failed, so nothing more is written; "
                + "start again with the same command to go on"
        }
    }

    private static func advice(for code: Int32) -> String {
        switch code {
        case ENOSPC, EDQUOT: "; free some space and start again with the same command"
        case EFBIG: "; raise the file size limit (ulimit -f)"
        case ENOLCK, EOPNOTSUPP:
            "; this file system has no locks: choose a folder on a local disk, or mount it with them"
        case EACCES, EPERM, EROFS: "; choose a folder that this user may write"
        default: ""
        }
    }
}

/// `path` on one line: control characters, which a file name may hold, are written as escapes.
private func shown(_ path: String) -> String {
    var text = ""
    for scalar in path.unicodeScalars {
        if scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}" {
            text += scalar.escaped(asASCII: true)
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
    return text
}

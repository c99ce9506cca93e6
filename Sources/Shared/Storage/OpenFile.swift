import Foundation

/// One owner of an open file descriptor: the system calls that storage makes, each complete or an error.
///
/// Calls that a signal interrupts are made again; short reads and writes are carried on. The descriptor is not
/// inherited by child processes, so a lock dies with the process that took it. Opening never waits, not even for
/// a pipe that nobody writes to.
struct OpenFile: ~Copyable {
    let path: String
    private let descriptor: Int32
    private var isLocked = false

    /// Opens `path` with the flags of `open(2)`; a new file gets mode 0666 less the umask.
    init(path: String, flags: Int32) throws(StorageError) {
        func opened() -> Int { OpenFile.retrying { Int(open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o666)) } }
        var descriptor = opened()
        if descriptor < 0, errno == EMFILE { descriptor = Descriptors.withReserve(opened) }
        guard descriptor >= 0 else {
            throw .system(operation: flags & O_CREAT != 0 ? "create" : "open", path: path, code: errno)
        }
        self.path = path
        self.descriptor = Int32(descriptor)
    }

    deinit {
        // A lock belongs to the open file, of which a process that is being started has a copy until it executes its
        // program: closing this descriptor alone would leave the file locked for that moment.
        if isLocked { flock(descriptor, LOCK_UN) }
        close(descriptor)
    }

    /// The size in bytes; an error where this is not a regular file.
    func size() throws(StorageError) -> UInt64 { try identity().bytes }

    /// What tells the content from what it was before; an error where this is not a regular file.
    func identity() throws(StorageError) -> FileIdentity {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("examine") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
        return FileIdentity(status)
    }

    /// Takes the exclusive lock, or throws ``StorageError/locked(path:)`` at once where another open file has it.
    mutating func lock() throws(StorageError) {
        guard OpenFile.retrying({ Int(flock(descriptor, LOCK_EX | LOCK_NB)) }) == 0 else {
            throw errno == EWOULDBLOCK ? .locked(path: path) : failure("lock")
        }
        isLocked = true
    }

    /// Reads up to `buffer.count` bytes from `offset` on; fewer only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let count = OpenFile.retrying {
                pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            }
            guard count >= 0 else { throw failure("read") }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Writes all bytes at `offset`, one after the other.
    func write(_ pieces: [UnsafeRawBufferPointer], at offset: UInt64) throws(StorageError) {
        var offset = offset
        for piece in pieces {
            var done = 0
            while done < piece.count, let base = piece.baseAddress {
                let count = OpenFile.retrying { pwrite(descriptor, base + done, piece.count - done, off_t(offset)) }
                guard count >= 0 else { throw failure("write") }
                done += count
                offset += UInt64(count)
            }
        }
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(StorageError) {
        try bytes.withUnsafeBufferPointer { piece throws(StorageError) in
            try write([UnsafeRawBufferPointer(piece)], at: offset)
        }
    }

    /// Cuts the file off at `size` bytes.
    func truncate(to size: UInt64) throws(StorageError) {
        guard OpenFile.retrying({ Int(ftruncate(descriptor, off_t(size))) }) == 0 else { throw failure("shorten") }
    }

    /// Waits until the content, and the size, are on the disk.
    func synchronizeContent() throws(StorageError) {
        guard OpenFile.retrying({ Int(fdatasync(descriptor)) }) == 0 else { throw failure("synchronize") }
    }

    /// Waits until the content and everything about the file are on the disk.
    func synchronize() throws(StorageError) {
        guard OpenFile.retrying({ Int(fsync(descriptor)) }) == 0 else { throw failure("synchronize") }
    }

    /// Waits until the names in `folder` are on the disk: a new or renamed file is durable only then.
    static func synchronize(folder: String) throws(StorageError) {
        let opened = try OpenFile(path: folder, flags: O_RDONLY | O_DIRECTORY)
        try opened.synchronize()
    }

    private func failure(_ operation: String) -> StorageError {
        .system(operation: operation, path: path, code: errno)
    }

    private static func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}

import Foundation

/// A file open for reading, and mapped into memory, for as long as this object lives.
final class MappedFile: @unchecked Sendable {  // immutable bytes
    let bytes: UnsafeRawBufferPointer
    let descriptor: Int32

    /// Maps the regular file at `path`. An empty file is a mapping of no bytes.
    init(path: String) throws(WeightError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        do throws(WeightError) {
            bytes = try Self.map(descriptor, path: path)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    private static func map(_ descriptor: Int32, path: String) throws(WeightError) -> UnsafeRawBufferPointer {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "not a regular file")
        }
        let size = Int(status.st_size)
        guard size > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw .unreadable(path: path, reason: "it cannot be mapped: \(String(cString: strerror(errno)))")
        }
        return UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit {
        close(descriptor)
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

    /// Lets the system take back the pages that lie wholly within `range`. They are read from the file again when
    /// they are touched again.
    func release(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let begin = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound == bytes.count ? range.upperBound : range.upperBound / page * page
        guard let base = bytes.baseAddress, begin < end else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + begin), end - begin, MADV_DONTNEED)
    }
}

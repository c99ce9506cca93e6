import CZlib
import Foundation
import PlainText

/// The bytes of a file in pieces, unpacked where the file is gzip (by its first two bytes, not its name).
///
/// A gzip file may have several members one after another, as `cat a.gz b.gz` makes them, and zeros behind each, with
/// which tapes and block stores fill up. One that ends within a member is an error: half a data set must not pass for a
/// whole one.
final class FileBytes {
    let file: String
    private let descriptor: Int32
    /// Bytes as they lie in the file, not yet handed out or unpacked: `input[inputStart ..< inputEnd]`.
    private var input = [UInt8](repeating: 0, count: pieceBytes)
    private var inputStart = 0
    private var inputEnd = 0
    private var inflation: Inflation?
    private static let pieceBytes = 256 << 10

    init(file: String) throws(DatasetError) {
        self.file = file
        // A pipe would keep the opening waiting.
        descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(file: file, cause: String(cString: strerror(errno))) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else {
            throw .unreadable(file: file, cause: "not a regular file; what is read is read more than once")
        }
        while inputEnd < ForeignFile.signatureBytes, try fill() {}
        if let kind = ForeignFile(firstBytes: input[..<inputEnd]) { throw .foreign(file: file, kind) }
        if inputEnd >= 2, input[0] == 0x1f, input[1] == 0x8b {
            guard let inflation = Inflation() else { throw .brokenGzip(file: file, cause: "zlib does not start") }
            self.inflation = inflation
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The next bytes, at most 256 KiB; nil at the end.
    func next() throws(DatasetError) -> [UInt8]? {
        if let inflation { return try unpacked(by: inflation) }
        guard try hasInput() else { return nil }
        defer { inputStart = inputEnd }
        return Array(input[inputStart..<inputEnd])
    }

    /// The whole file, a byte order mark left out.
    func all(limit: Int) throws(DatasetError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try next() {
            guard bytes.count + piece.count <= limit else { throw .fileTooLarge(file: file, limit: limit) }
            bytes += piece
        }
        if bytes.starts(with: byteOrderMark) { bytes.removeFirst(byteOrderMark.count) }
        return bytes
    }

    /// Whether bytes are held, reading some where none are. False at the file's end.
    private func hasInput() throws(DatasetError) -> Bool {
        if inputStart < inputEnd { return true }
        return try fill()
    }

    /// Reads on behind the bytes held, or anew once all are used. False at the file's end.
    private func fill() throws(DatasetError) -> Bool {
        if inputStart == inputEnd { (inputStart, inputEnd) = (0, 0) }
        while true {
            let (offset, descriptor) = (inputEnd, descriptor)
            let count = input.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress! + offset, $0.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(file: file, cause: String(cString: strerror(errno))) }
            inputEnd += count
            return count > 0
        }
    }

    private func unpacked(by inflation: Inflation) throws(DatasetError) -> [UInt8]? {
        while true {
            guard try hasInput() else {
                guard inflation.atMemberEnd else { throw .brokenGzip(file: file, cause: "it ends too early") }
                return nil
            }
            if inflation.atMemberEnd {
                inputStart = input[inputStart..<inputEnd].firstIndex { $0 != 0 } ?? inputEnd
                if inputStart == inputEnd { continue }
                inflation.startMember()
            }
            switch inflation.inflate(input[inputStart..<inputEnd], limit: Self.pieceBytes) {
            case .failure(let failure):
                throw .brokenGzip(file: file, cause: failure.cause)
            case .success(let (used, output)):
                inputStart += used
                if !output.isEmpty { return output }
            }
        }
    }
}

let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

/// Owner of one zlib inflate stream over gzip members.
private final class Inflation {
    struct Failure: Error {
        let cause: String
    }

    /// Heap-allocated: zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var atMemberEnd = false
    /// 15 bits of window, + 16: a gzip header and trailer are demanded, the checksum is compared.
    private static let gzipWindowBits: Int32 = 15 + 16

    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(stream, Self.gzipWindowBits, ZLIB_VERSION, size) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func startMember() {
        inflateReset(stream)
        atMemberEnd = false
    }

    /// Unpacks at most `limit` bytes; returns how many bytes of the input were used.
    func inflate(_ input: ArraySlice<UInt8>, limit: Int) -> Result<(used: Int, output: [UInt8]), Failure> {
        var status = Z_OK
        var used = 0
        let output = [UInt8](unsafeUninitializedCapacity: limit) { output, outputCount in
            input.withUnsafeBufferPointer { input in
                // zlib does not write to its input; its header merely lacks the const.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress!)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress!
                stream.pointee.avail_out = UInt32(limit)
                status = CZlib.inflate(stream, Z_NO_FLUSH)
                used = input.count - Int(stream.pointee.avail_in)
                outputCount = limit - Int(stream.pointee.avail_out)
            }
        }
        switch status {
        case Z_STREAM_END:
            atMemberEnd = true
            return .success((used, output))
        case Z_OK:
            return .success((used, output))
        default:
            let message = stream.pointee.msg.map { String(cString: $0) }
            return .failure(Failure(cause: message ?? "zlib's inflate returns \(status)"))
        }
    }
}

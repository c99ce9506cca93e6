import Foundation

/// The standard library's hash of some bytes, keyed per process: good for tables whose order never shows.
@inline(__always)
func hash(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
    return hasher.finalize() & Int.max
}

/// Whether two buffers of the same length hold the same bytes.
@inline(__always)
func haveEqualBytes(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
    guard left.count == right.count, let a = left.baseAddress, let b = right.baseAddress else {
        return left.count == right.count
    }
    return memcmp(a, b, left.count) == 0
}

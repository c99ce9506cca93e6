import CCrypto
package import Foundation

/// Computes the SHA-256 digest of bytes that arrive piece by piece (OpenSSL, `EVP_sha256`).
///
/// The digest depends on the bytes alone, never on how they were cut into pieces:
///
///     var hasher = ContentHasher()
///     hasher.update("model-a")
///     hasher.update(weights)
///     let digest = hasher.finish()
///
/// A copy goes on independently of the original: the state is copied before it is written to while shared, and that
/// is what makes the type sendable.
package struct ContentHasher: @unchecked Sendable {
    private var state: State

    /// Starts the digest of no bytes at all.
    package init() {
        state = State()
    }

    /// Appends raw bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        makeUnique()
        state.update(bytes)
    }

    /// Appends the bytes of `data`.
    package mutating func update(_ data: Data) {
        makeUnique()
        data.withUnsafeBytes { state.update($0) }
    }

    /// Appends bytes.
    package mutating func update(_ bytes: [UInt8]) {
        makeUnique()
        bytes.withUnsafeBytes { state.update($0) }
    }

    /// Appends the UTF-8 bytes of `string`, without a length or a terminator: where fields follow one another,
    /// the caller separates them.
    package mutating func update(_ string: String) {
        makeUnique()
        var string = string
        string.withUTF8 { state.update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of everything appended so far. The hasher starts afresh afterwards.
    package mutating func finish() -> Digest {
        makeUnique()
        return state.finish()
    }

    /// The digest of numbers, as they lie in the memory of a little-endian machine.
    package static func digest(of numbers: [some BitwiseCopyable]) -> Digest {
        numbers.withUnsafeBytes { digest(of: $0) }
    }

    /// The digest of raw bytes.
    package static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
        var hasher = ContentHasher()
        hasher.update(bytes)
        return hasher.finish()
    }

    /// The digest of `data`.
    package static func digest(of data: Data) -> Digest {
        var hasher = ContentHasher()
        hasher.update(data)
        return hasher.finish()
    }

    /// The digest of `string`'s UTF-8 bytes.
    package static func digest(of string: String) -> Digest {
        var hasher = ContentHasher()
        hasher.update(string)
        return hasher.finish()
    }

    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&state) { state = State(copying: state) }
    }
}

extension ContentHasher {
    /// The one owner of an `EVP_MD_CTX`.
    ///
    /// The calls on it fail only where memory has run out or the library lacks SHA-256: neither comes from input,
    /// so they are preconditions.
    private final class State {
        private let context: OpaquePointer

        init() {
            context = State.allocate()
            reset()
        }

        init(copying other: State) {
            context = State.allocate()
            let copied = EVP_MD_CTX_copy_ex(context, other.context)
            precondition(copied == 1, "OpenSSL cannot copy a SHA-256 state")
        }

        deinit {
            EVP_MD_CTX_free(context)
        }

        func update(_ bytes: UnsafeRawBufferPointer) {
            guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
            let updated = EVP_DigestUpdate(context, base, bytes.count)
            precondition(updated == 1, "OpenSSL cannot extend a SHA-256 digest")
        }

        func finish() -> Digest {
            let bytes = [UInt8](unsafeUninitializedCapacity: Digest.byteCount) { buffer, count in
                let finished = EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
                precondition(finished == 1, "OpenSSL cannot finish a SHA-256 digest")
                count = Digest.byteCount
            }
            reset()
            guard let digest = Digest(bytes: bytes) else { preconditionFailure("SHA-256 gave another length") }
            return digest
        }

        private func reset() {
            let started = EVP_DigestInit_ex(context, EVP_sha256(), nil)
            precondition(started == 1, "OpenSSL has no SHA-256")
        }

        private static func allocate() -> OpaquePointer {
            guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a SHA-256 state") }
            return context
        }
    }
}

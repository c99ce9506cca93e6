package import Foundation
package import Run
package import Storage

/// Where a run keeps what must outlive its coordinator: a folder, or memory.
///
/// All of it is one journal and files that are there whole or not at all (``RunFiles`` names them); what
/// ``write(_:_:)`` and a commit of the journal returned for is there when the coordinator comes back. Files are written
/// by any thread, one at a time.
package protocol RunStorage: Sendable {
    /// What messages call the whole.
    var path: String { get }

    /// Makes the place where there is none yet.
    func create() throws

    /// Opens the journal, made where there is none yet, with what ``Journal`` says of recovery and errors.
    func journal(replay: (Journal.Record) throws -> Void) throws -> Journal

    /// Whether there is something of that name.
    func contains(_ file: String) -> Bool

    /// The content of a file; nil where there is no such file.
    /// - Parameter limit: the most bytes that it may have; a larger one is an error, and is not read.
    func read(_ file: String, limit: Int) throws -> Data?

    /// Replaces a file's content with the pieces that `body` hands over. Where either throws the old content stays.
    func write(_ file: String, _ body: (_ piece: (UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws
}

extension RunStorage {
    /// What messages call a file of it.
    package func path(of file: String) -> String { "\(path)/\(file)" }

    package func write(_ data: Data, to file: String) throws {
        try write(file) { piece in try data.withUnsafeBytes { try piece($0) } }
    }
}

/// The names of a run's files.
package enum RunFiles {
    package static let journal = "journal"
    package static let manifest = "run.json"
    /// What the run has read, as ``StoredInputs`` has it.
    package static let inputs = "inputs.json"
    package static let checkpoint = "training.checkpoint"
    /// Where a coordinator at work is asked for its progress: an endpoint, in a line.
    package static let statusAddress = "status.address"

    package static func projection(dimensionA: Int, dimensionB: Int, channel: Channel) -> String {
        "projection_\(dimensionA)_to_\(dimensionB)\(channel.suffix).safetensors"
    }
}

package import ModelFolders
package import Run
package import Weights

/// What computes: the passes of models, W's arithmetic, and that of probabilities.
///
/// The seam is the pass, not the operation. How weights are laid out, where keys and values lie, what is fused or
/// captured is the device's own; outside it knows token ids, activations as float32 values, and W.
///
///     let device = try Backends.open(DeviceRequest(device: "auto", threads: 2))
///     let model = try LanguageModel.load(folder, on: device)
///
/// A process makes one device and shares it between its models and W. A device serves one call at a time: a second
/// one waits. What it computes of a sequence depends on that sequence alone, bit for bit, and devices of one
/// ``DeviceKind`` give the same bits.
package protocol Device: AnyObject, Sendable, CustomStringConvertible {
    var kind: DeviceKind { get }

    /// For people: the kind and what makes it fast or slow, such as `cpu avx512, 2 threads`.
    var description: String { get }

    /// For people who look closer: what computes what, line by line. Empty where there is nothing to tell.
    var details: [String] { get }

    /// Threads of this process that compute; 1 where another processor does.
    var threads: Int { get }

    /// Bytes that keys and values can take now; nil where that is not known.
    var freeMemory: Int? { get }

    /// Tokens that are best computed together, where nothing else is asked for.
    var standardRowLimit: Int { get }

    /// Sequences that are best decoded together, where there is memory for them. It changes no bit of any of them.
    var standardBatch: Int { get }

    /// Reads a model's weights into the device's memory.
    ///
    /// - Parameters:
    ///   - computeType: what activations are rounded to before they meet weights stored as bfloat16.
    ///   - rowLimit: tokens that are computed together, at least 1. It changes no result.
    /// - Throws: `WeightError` for a tensor that is missing, of another shape, or not finite; ``DeviceError`` where
    ///   memory is refused or the device does not compute in that type.
    func load(
        _ configuration: ModelConfiguration, _ weights: WeightFiles, computeType: ComputeType, rowLimit: Int
    ) throws -> any DeviceModel

    /// Bytes that the keys and values of a sequence of such a model take at most here while it grows to so many
    /// positions.
    func cacheBytes(
        of configuration: ModelConfiguration, positions: Int, for use: KeyValueCache.Use, rowLimit: Int
    ) -> Int

    /// Bytes that each position of a sequence takes, in all blocks.
    func cacheBytesOfPosition(of configuration: ModelConfiguration) -> Int

    /// W's arithmetic, on values in this process's memory.
    var projection: any ProjectionArithmetic { get }

    /// That of next tokens' probabilities.
    var distributions: any DistributionArithmetic { get }
}

extension Device {
    package var details: [String] { [] }
    package var standardRowLimit: Int { 512 }
    package var standardBatch: Int { 32 }
}

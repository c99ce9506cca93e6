import CPUDevice
package import Devices
package import ModelFolders
package import ReferenceDevice
package import Run
package import Weights

/// An NVIDIA GPU of compute capability 8.0 or later.
///
/// Models are computed there. Products of bfloat16 are the tensor cores', which is what its kind stands for; all else
/// has the bits of the definition, as on a processor. W's arithmetic is this machine's processor's.
package final class CUDADevice: Device {
    package let kind: DeviceKind
    /// How its tensor cores sum; nil where that is not known.
    package let sums: BFloat16Sums?
    package let description: String
    let context: CUDAContext
    private let processor: CPUDevice

    /// Opens the libraries, compiles the kernels, and compares what they compute with what they should.
    ///
    /// - Parameters:
    ///   - ordinal: the number of the device among those that the driver shows.
    ///   - request: where the libraries are, the threads of what the processor does, and whether sums of no known kind do.
    package init(ordinal: Int, _ request: DeviceRequest) throws(DeviceError) {
        let platform = try CUDAPlatform(libraries: request.cudaLibraries)
        let found = try platform.entry(ordinal)
        processor = try CPUDevice(threads: request.threads)
        context = try CUDAContext(platform.driver, try platform.compiler(), ordinal: ordinal)
        sums = try SelfTest(context).sums(allowingUnknown: request.allowsUnproven)
        kind =
            switch sums {
            case .tensorCores8: .cuda8
            case .tensorCores9: .cuda9
            default: .unprovenCUDA(found.architecture.description)
            }
        description = "\(kind), \(found.model), compute capability \(found.architecture)"
    }

    package var threads: Int { processor.threads }

    package let standardRowLimit = 2048

    /// Measured: 1.45 to 1.65 times the tokens a second of 32 (docs/GPU.md).
    package let standardBatch = 64

    package var freeMemory: Int? {
        try? context.use { () throws(DeviceError) in try context.driver.freeMemory() }
    }

    package var projection: any ProjectionArithmetic { processor.projection }

    package var distributions: any DistributionArithmetic { processor.distributions }

    package func load(
        _ configuration: ModelConfiguration, _ weights: WeightFiles, computeType: ComputeType, rowLimit: Int
    ) throws -> any DeviceModel {
        // The attention kernel holds some rows of a head in shared memory.
        guard configuration.headDimension <= Self.largestHead else {
            throw DeviceError.unusable(
                "heads of \(configuration.headDimension) coordinates: a GPU computes heads of up to \(Self.largestHead)"
            )
        }
        return try context.using {
            let pass = try CUDAForwardPass(
                configuration,
                try CUDAWeights(weights, configuration, computeType: computeType, context, threads: threads),
                rowLimit: rowLimit, context)
            return CUDAModel(pass, computeType: computeType, rowLimit: rowLimit, context)
        }
    }

    private static let largestHead = 256

    package func cacheBytes(
        of configuration: ModelConfiguration, positions: Int, for use: KeyValueCache.Use, rowLimit: Int
    ) -> Int {
        PageShape.count(positions: positions) * PageShape(configuration).byteCount
    }

    package func cacheBytesOfPosition(of configuration: ModelConfiguration) -> Int {
        PageShape(configuration).byteCount / PageShape.positions
    }
}

package import Devices
package import ModelFolders
package import Run
package import Weights

/// The definition of every operation in plain Swift, as a device: slow, short, and without a library.
///
/// It computes one sequence after the other, one token after the other. ``Transformer`` is a model, ``Block`` one of its
/// blocks, ``ReferenceProjection`` the arithmetic of W. Other devices are compared with it.
package final class ReferenceDevice: Device {
    package let kind = DeviceKind.reference
    package let threads = 1
    package let freeMemory: Int? = nil
    package let projection: any ProjectionArithmetic = ReferenceProjection()
    package let distributions: any DistributionArithmetic = ReferenceDistributions()

    private let sums: BFloat16Sums

    /// - Parameter sums: whose sums of bfloat16 products to define: the processors', which all else goes with too, or
    ///   those of other kinds of device.
    package init(sums: BFloat16Sums = .processor) { self.sums = sums }

    package var description: String { "\(kind), 1 thread" }

    package func load(
        _ configuration: ModelConfiguration, _ weights: WeightFiles, computeType: ComputeType, rowLimit: Int
    ) throws -> any DeviceModel {
        ReferenceModel(
            try Transformer(weights, configuration, computeType: computeType, sums: sums),
            computeType: computeType, rowLimit: rowLimit)
    }

    package func cacheBytes(
        of configuration: ModelConfiguration, positions: Int, for use: KeyValueCache.Use, rowLimit: Int
    ) -> Int {
        positions * cacheBytesOfPosition(of: configuration)
    }

    package func cacheBytesOfPosition(of configuration: ModelConfiguration) -> Int {
        let width = configuration.keyValueHeadCount * configuration.headDimension
        return configuration.blockCount * 2 * width * MemoryLayout<Float>.stride
    }
}

extension DeviceBackend {
    /// The reference: it has one thread, and no kernels.
    package static let reference = DeviceBackend(
        present: { _ in [DeviceKind.reference.rawValue] },
        knows: { $0 == DeviceKind.reference.rawValue },
        check: { request throws(DeviceError) in
            if let kernels = request.kernels, kernels != "auto" {
                throw .setting("--kernels", found: kernels, expected: "auto: the reference device has no other")
            }
        },
        open: { _ in ReferenceDevice() },
        list: { _ in
            [DeviceListing(name: DeviceKind.reference.rawValue, details: "plain Swift, slow", kind: .reference)]
        })
}

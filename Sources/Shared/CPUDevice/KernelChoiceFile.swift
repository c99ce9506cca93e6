import Foundation
import JSON
import Run
import Storage

/// What was measured of a processor, kept for the processes that follow.
///
/// The file's name and its first field stand for the processor, the paths that this build has for it and the kernels'
/// revision, so that machines which share a home folder keep a file each. A file that is missing, broken or of something
/// else is measured anew and replaced.
struct KernelChoiceFile {
    /// To be raised when kernels change in speed.
    private static let revision = 1
    private static let byteLimit = 1 << 16

    let folder: URL
    private let processor: String

    /// - Parameter folder: nil takes the user's own for what programs keep; there is none where none is known.
    init?(folder: URL? = Self.userFolder, processor: String = Self.processorName) {
        guard let folder else { return nil }
        self.folder = folder
        let paths = KernelPath.supported.map(\.rawValue).joined(separator: " ")
        self.processor = "\(processor); \(paths); kernels \(Self.revision) of \(productVersion)"
    }

    var url: URL {
        folder.appendingPathComponent("kernels-\(ContentHasher.digest(of: processor).hex.prefix(16)).json")
    }

    /// What is kept; nil where that cannot be used.
    func read() -> KernelChoice? { try? parsed() }

    /// Keeps a choice. Where the folder takes no file the next process measures again, which harms nothing.
    func write(_ choice: KernelChoice) {
        let linear = KernelChoice.Product.allCases.map { product in
            let paths = KernelChoice.rowClasses.indices.map { JSONValue.string(choice[product, $0].rawValue) }
            return JSONValue.Member(name: product.rawValue, value: .array(paths))
        }
        let content = JSONValue.object([
            .init(name: "processor", value: .string(processor)),
            .init(name: "linear", value: .object(linear)),
            .init(name: "others", value: .string(choice.others.rawValue)),
        ])
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try? AtomicFile.write(Data((content.pretty + "\n").utf8), to: url)
    }

    private func parsed() throws(JSONError) -> KernelChoice {
        let root = try JSONField<JSONError>(contentsOf: url, limit: Self.byteLimit)
        let named = try root.required("processor")
        guard try named.string() == processor else { throw named.invalid(processor) }
        let linear = try root.required("linear")
        var paths: [KernelChoice.Product: [KernelPath]] = [:]
        for product in KernelChoice.Product.allCases {
            let field = try linear.required(product.rawValue)
            let elements = try field.elements()
            guard elements.count == KernelChoice.rowClasses.count else {
                throw field.invalid("\(KernelChoice.rowClasses.count) paths")
            }
            var found: [KernelPath] = []
            for element in elements { found.append(try Self.path(element)) }
            paths[product] = found
        }
        return try KernelChoice(others: Self.path(root.required("others"))) { [paths] product, rowClass in
            paths[product]![rowClass]
        }
    }

    private static func path(_ field: JSONField<JSONError>) throws(JSONError) -> KernelPath {
        guard let path = KernelPath(rawValue: try field.string()), path.isSupported else {
            throw field.invalid("a path that this processor runs")
        }
        return path
    }

    // MARK: Where, and of what

    private static var userFolder: URL? {
        let environment = ProcessInfo.processInfo.environment
        // XDG Base Directory Specification: relative paths are to be ignored.
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            return URL(fileURLWithPath: cache).appendingPathComponent("activation-communication")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return URL(fileURLWithPath: home).appendingPathComponent(".cache/activation-communication")
    }

    /// As the system describes it.
    private static var processorName: String {
        let fields = ["vendor_id", "cpu family", "model", "model name", "stepping"]
        let lines = FileManager.default.contents(atPath: "/proc/cpuinfo").map {
            String(decoding: $0, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        }
        let first = lines?.prefix { !$0.isEmpty }.compactMap { line -> String? in
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            return parts.count == 2 && fields.contains(parts[0]) ? parts[1] : nil
        }
        return first?.joined(separator: " ") ?? ""
    }
}

extension KernelChoice {
    /// The fastest kernels on this processor: what was measured of it once, by this process where nobody did before.
    package static let fastest: KernelChoice = {
        // Without fused multiply-adds there is nothing to gain where there is another path.
        let paths = KernelPath.supported.filter { $0 != .portable }
        guard paths.count > 1 else { return KernelChoice(.best) }
        let file = KernelChoiceFile()
        if let kept = file?.read() { return kept }
        guard let measured = try? KernelMeasurement.choice(among: paths) else { return KernelChoice(.best) }
        file?.write(measured)
        return measured
    }()
}

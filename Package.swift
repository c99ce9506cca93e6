// swift-tools-version: 6.1
import PackageDescription

/// Every Swift target of the project is compiled alike: existentials are spelled `any`, and an import is
/// internal unless it says otherwise, so that C types stay inside the one target that wraps them.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A target of the shared library, in `Sources/Shared/<name>`.
func shared(
    _ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = swiftSettings
) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Shared/\(name)", swiftSettings: settings)
}

/// A C library of the system: a module map and a shim in `Sources/Shared/CLibraries/<name>`.
func system(_ name: String) -> Target {
    .systemLibrary(name: name, path: "Sources/Shared/CLibraries/\(name)")
}

/// A target of one of the two programs, in `Sources/<program>/<folder>`.
func part(
    _ name: String, of program: String, in folder: String, _ dependencies: [Target.Dependency],
    _ settings: [SwiftSetting] = swiftSettings
) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(program)/\(folder)", swiftSettings: settings)
}

/// Compiled with optimization in debug builds too: what the simulation runs ten thousand times, what serves four
/// thousand workers, and the definition of a model's arithmetic.
let optimized = swiftSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// A target of the programs for those who work on the project, in `Sources/Tools/<folder>`.
func tool(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/Tools/\(name)", swiftSettings: swiftSettings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
        path: "Tests/\(name)Tests",
        swiftSettings: swiftSettings)
}

/// The commit that is built, for `--version`: its first 12 digits, marked where files differ from it.
let commit = Context.gitInformation.map {
    String($0.currentCommit.prefix(12)) + ($0.hasUncommittedChanges ? "-changed" : "")
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "activation-communication",
    products: [
        .executable(name: "coordinator", targets: ["Coordinator"]),
        .executable(name: "worker", targets: ["Worker"]),
        .executable(name: "simulate", targets: ["Simulate"]),
        .executable(name: "benchmarks", targets: ["Benchmarks"]),
        .executable(name: "fuzz", targets: ["Fuzz"]),
        .executable(name: "gpu-check", targets: ["GPUCheck"]),
        // For tests: opened at run time in the place of NVIDIA's libraries.
        .library(name: "cuda-stand-in", type: .dynamic, targets: ["CUDAStandIn"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        // The live page: a server that bounds what comes to it, on NIO.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.0.0"),
    ],
    targets: [
        // C libraries, each behind one Swift target.
        system("CZMQ"),
        system("CZlib"),
        system("COniguruma"),
        system("CCrypto"),
        system("CProtobufC"),
        .target(
            name: "CWireMessages", dependencies: ["CProtobufC"], path: "Sources/Shared/CLibraries/CWireMessages",
            linkerSettings: [.linkedLibrary("protobuf-c")]),
        // Optimized in debug builds too: the kernels are most of what a test run computes.
        .target(
            name: "CKernels", dependencies: ["CMemory"], path: "Sources/Shared/CLibraries/CKernels",
            cSettings: [.unsafeFlags(["-O2"])], linkerSettings: [.linkedLibrary("m")]),
        // The kernels' source travels in the program, and is compiled where it runs.
        .target(
            name: "CCUDAKernels", path: "Sources/Shared/CLibraries/CCUDAKernels", exclude: ["Kernels"],
            cSettings: [.unsafeFlags(["-Wno-c23-extensions"])]),
        .target(name: "CMemory", path: "Sources/Shared/CLibraries/CMemory"),
        .target(
            name: "CBuildIdentity", path: "Sources/Shared/CLibraries/CBuildIdentity",
            // Whoever works on the source commits often: a debug build is not linked anew for that.
            cSettings: [.define("BUILD_COMMIT", to: "\"\(commit ?? "")\"", .when(configuration: .release))]),
        .target(name: "CSharedMemory", path: "Sources/Shared/CLibraries/CSharedMemory"),
        .target(name: "CSpawn", path: "Sources/Shared/CLibraries/CSpawn"),

        // Shared: values first, then the machinery; imports run downwards only.
        shared("PlainText"),
        shared("Locking"),
        shared("ElementaryFunctions", [], optimized),
        shared("Processes", ["Locking", "CSpawn"]),
        shared("JSON", ["PlainText"]),
        shared("Run", ["ElementaryFunctions"], optimized),
        shared("Wire", ["Run", "CWireMessages"], optimized),
        shared("Transport", ["CZMQ", "Locking"], optimized),
        shared("Messaging", ["Run", "Wire", "Transport"], optimized),
        shared("Storage", ["CCrypto", "Locking"], optimized),
        shared("Weights", ["Storage", "JSON", "PlainText"]),
        shared("ActivationFiles", ["Run", "Weights", "PlainText"]),
        shared("ModelFolders", ["Storage", "JSON", "PlainText", "ElementaryFunctions"]),
        shared("Tokenization", ["COniguruma", "JSON", "PlainText", "Locking"]),
        shared("ChatTemplates", ["JSON", "PlainText"]),
        shared("ModelReading", ["Run", "JSON", "ModelFolders", "Tokenization", "ChatTemplates"]),
        // Devices: what computes, behind one seam; each backend a target of its own, and the list of them.
        shared("Devices", ["Run", "Weights", "ModelFolders", "ElementaryFunctions", "CMemory"]),
        shared(
            "CPUDevice", ["Devices", "Run", "Weights", "ModelFolders", "Storage", "JSON", "Locking", "CKernels"],
            optimized),
        .target(
            name: "ReferenceDevice",
            dependencies: ["Devices", "Run", "Weights", "ModelFolders", "ElementaryFunctions", "Locking"],
            path: "Sources/Shared/ReferenceDevice", swiftSettings: optimized),
        shared(
            "CUDADevice",
            ["Devices", "CPUDevice", "ReferenceDevice", "Run", "Weights", "ModelFolders", "Locking", "CCUDAKernels"],
            optimized),
        shared("Backends", ["Devices", "CPUDevice", "ReferenceDevice", "CUDADevice"]),
        shared("Models", ["Devices", "Run", "ModelFolders", "Locking"]),
        shared("Generation", ["Run", "Models", "Devices"]),
        shared("Projection", ["Run", "Devices", "CSharedMemory"], optimized),
        shared("Datasets", ["Run", "JSON", "PlainText", "CZlib"]),
        // Optimized in debug builds too: the bootstrap draws every item a thousand times.
        shared("Evaluation", ["Run", "PlainText"], optimized),
        shared(
            "Tasks", ["Run", "Evaluation", "Datasets", "PlainText", .product(name: "Yams", package: "Yams")]),
        shared("Reports", ["Run", "Evaluation", "Storage", "JSON", "PlainText"]),
        shared("Console", ["Run", "PlainText", "CBuildIdentity", argumentParser]),

        // The coordinator: Command -> Host -> Control (pure).
        part("CoordinatorControl", of: "Coordinator", in: "Control", ["Run"], optimized),
        part(
            "CoordinatorHost", of: "Coordinator", in: "Host",
            [
                "CoordinatorControl", "Run", "Wire", "Transport", "Messaging", "Storage", "ActivationFiles",
                "ModelFolders", "ModelReading", "Devices", "CPUDevice", "Projection", "Datasets",
                "Evaluation", "Tasks", "Reports", "Processes", "Locking", "JSON", "PlainText",
            ], optimized),
        // Beside the run, outside of its loop: it shows the states that it is given.
        part(
            "CoordinatorPage", of: "Coordinator", in: "Page",
            [
                "Run", "Wire", "Messaging", "Reports", "Storage", "Locking",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "DemoAssets", path: "Sources/Coordinator/DemoAssets", resources: [.copy("Assets")],
            swiftSettings: swiftSettings),
        .target(
            name: "Presets", path: "Sources/Coordinator/Presets", resources: [.copy("Files")],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "Coordinator",
            dependencies: [
                "CoordinatorHost", "CoordinatorControl", "CoordinatorPage", "DemoAssets", "Presets", "Console",
                "PlainText", "Processes", "Locking", "Evaluation", "Reports",
                "Tasks", "Run", "Wire", "Transport", "Messaging", "Storage",
                argumentParser, .product(name: "Yams", package: "Yams"),
            ],
            path: "Sources/Coordinator/Command", swiftSettings: swiftSettings),

        // The worker: Command -> Host -> Session (pure); Host -> Engine (a unit in, a result out; no sockets).
        part("WorkerSession", of: "Worker", in: "Session", ["Run"], optimized),
        part(
            "WorkerEngine", of: "Worker", in: "Engine",
            [
                "Run", "PlainText", "Storage", "Weights", "ModelFolders", "ModelReading", "Devices", "Models",
                "Generation", "Tokenization", "Projection", "Locking",
            ], optimized),
        part(
            "WorkerHost", of: "Worker", in: "Host",
            ["WorkerSession", "WorkerEngine", "Run", "Wire", "Transport", "Messaging", "Locking"], optimized),
        .executableTarget(
            name: "Worker",
            dependencies: [
                "WorkerHost", "WorkerEngine", "Console", "PlainText", "Run", "Transport", "ActivationFiles",
                "ModelReading", "Models", "Generation", "Tokenization", "Devices", "Backends", "ModelFolders",
                "Projection", argumentParser,
            ],
            path: "Sources/Worker/Command", swiftSettings: swiftSettings),

        // Tools: whole runs under faults, in one thread.
        .target(
            name: "Simulation",
            dependencies: [
                "CoordinatorHost", "CoordinatorControl", "WorkerEngine", "WorkerSession", "Devices", "CPUDevice",
                "Projection", "Storage", "Run",
            ],
            path: "Sources/Tools/Simulation", swiftSettings: optimized),
        tool(
            "Simulate", ["Simulation", "CoordinatorHost", "Console", "PlainText", "Locking", argumentParser]),

        .target(
            name: "CMachineLimits", path: "Sources/Tools/CMachineLimits", cSettings: [.unsafeFlags(["-O2"])]),
        tool(
            "Benchmarks",
            [
                "CMachineLimits", "DemoAssets", "CoordinatorHost", "CoordinatorPage", "WorkerHost", "WorkerEngine",
                "WorkerSession",
                "Run", "Wire", "Transport", "Messaging", "Storage", "ModelFolders", "Devices", "Backends", "CPUDevice",
                "Models", "Console", "PlainText", "Processes", "Locking", argumentParser,
            ]),
        tool(
            "GPUCheck",
            [
                "Backends", "CUDADevice", "ReferenceDevice", "Devices", "Models", "ModelFolders", "Run", "Console",
                argumentParser,
            ]),
        // Tools for those who work on the product.
        part(
            "Fuzzing", of: "Tools", in: "Fuzzing",
            [
                "CoordinatorHost", "CoordinatorControl", "Run", "Wire", "Transport", "Storage", "Projection", "Devices",
                "CPUDevice", "Weights", "ModelFolders", "Tokenization", "ChatTemplates", "Datasets",
            ]),
        .executableTarget(
            name: "Fuzz", dependencies: ["Fuzzing", "DemoAssets", "Console", "PlainText", argumentParser],
            path: "Sources/Tools/Fuzz", swiftSettings: swiftSettings),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["Run", "Processes"], path: "Tests/TestSupport",
            swiftSettings: swiftSettings),
        tests(of: "PlainText"),
        tests(of: "ElementaryFunctions"),
        tests(of: "Processes"),
        tests(of: "JSON", ["Tokenization", "ModelFolders", "ModelReading", "ChatTemplates", "Weights", "Datasets"]),
        tests(of: "Run"),
        tests(of: "Devices"),
        tests(of: "Backends", ["Devices"]),
        tests(of: "Wire", ["Run", "CWireMessages"]),
        tests(of: "Transport", ["CZMQ"]),
        tests(of: "Messaging", ["Run", "Transport", "Wire"]),
        tests(of: "Storage"),
        // The CUDA kernels as host code, and a driver that runs them so.
        .target(
            name: "CUDAEmulator", path: "Tests/CUDAEmulator",
            cxxSettings: [
                .headerSearchPath("../../Sources/Shared/CLibraries/CCUDAKernels"),
                .headerSearchPath("../../Sources/Shared/CLibraries/CCUDAKernels/Kernels"),
                .headerSearchPath("../../Sources/Shared/CLibraries/CCUDAKernels/include"),
                .unsafeFlags(["-O2", "-ffp-contract=off", "-Wno-unknown-pragmas"]),
            ]),
        .target(
            name: "CUDAStandIn", dependencies: ["CUDAEmulator"], path: "Tests/CUDAStandIn",
            cxxSettings: [.unsafeFlags(["-O2"])]),
        // All devices of the list against the definition.
        .testTarget(
            name: "DeviceConformanceTests",
            dependencies: [
                "TestSupport", "Backends", "CPUDevice", "CUDADevice", "ReferenceDevice", "Devices", "Models", "Run",
                "Weights", "ModelFolders",
            ],
            path: "Tests/DeviceConformanceTests", swiftSettings: swiftSettings),
        tests(of: "CUDADevice", ["Devices", "ReferenceDevice"]),
        tests(of: "CPUDevice", ["Devices", "ModelFolders", "Weights", "Run"]),
        tests(of: "Weights"),
        tests(of: "ActivationFiles", ["Run", "Weights"]),
        tests(of: "ModelFolders", ["PlainText", "Storage"]),
        tests(of: "Tokenization", ["Run"]),
        tests(of: "ChatTemplates", ["JSON"]),
        tests(
            of: "ModelReading", ["Devices", "CPUDevice", "Models", "Run", "ModelFolders", "Tokenization", "Weights"]),
        tests(of: "Models", ["Devices", "CPUDevice", "Run", "ModelFolders", "Generation"]),
        tests(of: "Generation", ["Devices", "CPUDevice", "Models", "ModelFolders"]),
        tests(of: "Projection", ["Run", "Devices", "CPUDevice"]),
        tests(of: "Datasets", ["PlainText", "Run", "Storage"]),
        tests(of: "Evaluation", ["Run", "Tasks"]),
        tests(of: "Tasks", ["Run", "Evaluation", "Storage"]),
        tests(of: "Reports", ["Run", "Evaluation", "Tasks", "PlainText", "JSON"]),
        tests(of: "Console", ["PlainText", argumentParser]),
        tests(of: "Fuzzing"),
        tests(of: "CoordinatorControl", ["Run", "Simulation"]),
        tests(of: "CoordinatorPage", ["Run", "Simulation"]),
        tests(
            of: "CoordinatorHost",
            [
                "Run", "Transport", "Storage", "CPUDevice", "Projection", "CoordinatorControl", "WorkerEngine",
                "Evaluation", "Reports",
                "Tasks",
                "Generation", "DemoAssets", "Datasets",
            ]),
        tests(of: "WorkerSession", ["Run"]),
        tests(
            of: "WorkerEngine",
            [
                "Run", "PlainText", "CPUDevice", "Projection", "Tokenization", "ModelReading", "Evaluation", "Tasks",
                "Weights",
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "TestSupport", "Run", "Wire", "Transport", "Messaging", "Processes", "Storage", "JSON", "Weights",
                "Reports",
                "DemoAssets", "ModelFolders", "ModelReading",
                "CoordinatorHost", "Coordinator", "Worker", "Benchmarks", "Simulate",
            ],
            path: "Tests/EndToEndTests", swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17, cxxLanguageStandard: .gnucxx17
)

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

/// Compiled with optimization in debug builds too: the simulation's thousands of schedules are run by the tests.
let simulated = swiftSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

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

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "activation-communication",
    products: [
        .executable(name: "coordinator", targets: ["Coordinator"]),
        .executable(name: "worker", targets: ["Worker"]),
        .executable(name: "simulate", targets: ["Simulate"]),
        .executable(name: "benchmarks", targets: ["Benchmarks"]),
        .executable(name: "fuzz", targets: ["Fuzz"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries, each behind one Swift target.
        system("CZMQ"),
        system("CZlib"),
        system("COniguruma"),
        system("COpenBLAS"),
        system("CCrypto"),
        system("CProtobufC"),
        .target(
            name: "CWireMessages", dependencies: ["CProtobufC"], path: "Sources/Shared/CLibraries/CWireMessages",
            linkerSettings: [.linkedLibrary("protobuf-c")]),
        // Optimized in debug builds too: the kernels are most of what a test run computes.
        .target(
            name: "CKernels", path: "Sources/Shared/CLibraries/CKernels", cSettings: [.unsafeFlags(["-O2"])],
            linkerSettings: [.linkedLibrary("m")]),
        .target(name: "CSharedMemory", path: "Sources/Shared/CLibraries/CSharedMemory"),

        // Shared: values first, then the machinery; imports run downwards only.
        shared("Run", [], simulated),
        shared("Wire", ["Run", "CWireMessages"], simulated),
        shared("Transport", ["CZMQ"]),
        shared("Messaging", ["Run", "Wire", "Transport"]),
        shared("Storage", ["CCrypto"], simulated),
        shared("Tensors", ["CKernels"]),
        shared("Weights", ["Tensors", "Storage"]),
        shared("ModelFolders", ["Storage"]),
        shared("Tokenization", ["COniguruma"]),
        shared("ChatTemplates"),
        shared("Models", ["Tensors", "Weights", "ModelFolders"]),
        shared("Generation", ["Models", "Tensors"]),
        shared("Projection", ["Run", "Tensors", "CKernels", "CSharedMemory", "COpenBLAS"], simulated),
        shared("Datasets", ["Run", "CZlib"]),
        shared("Evaluation", ["Run"]),
        shared("Reports", ["Run", "Evaluation", "Storage", "Console"]),
        shared("Console", [argumentParser]),

        // The coordinator: Command -> Host -> Control (pure).
        part("CoordinatorControl", of: "Coordinator", in: "Control", ["Run"], simulated),
        part(
            "CoordinatorHost", of: "Coordinator", in: "Host",
            [
                "CoordinatorControl", "Run", "Wire", "Transport", "Messaging", "Storage", "Weights", "ModelFolders",
                "Tokenization", "ChatTemplates", "Projection", "Datasets", "Evaluation", "Reports",
            ], simulated),
        .target(
            name: "DemoAssets", path: "Sources/Coordinator/DemoAssets", resources: [.copy("Assets")],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "Coordinator",
            dependencies: [
                "CoordinatorHost", "CoordinatorControl", "DemoAssets", "Console", "Run", "Wire", "Transport",
                "Messaging",
                argumentParser, .product(name: "Yams", package: "Yams"),
            ],
            path: "Sources/Coordinator/Command", swiftSettings: swiftSettings),

        // The worker: Command -> Host -> Session (pure); Host -> Engine (a unit in, a result out; no sockets).
        part("WorkerSession", of: "Worker", in: "Session", ["Run"], simulated),
        part(
            "WorkerEngine", of: "Worker", in: "Engine",
            [
                "Run", "Tensors", "Weights", "ModelFolders", "Models", "Generation", "Tokenization", "ChatTemplates",
                "Projection",
            ], simulated),
        part(
            "WorkerHost", of: "Worker", in: "Host",
            ["WorkerSession", "WorkerEngine", "Run", "Wire", "Transport", "Messaging"]),
        .executableTarget(
            name: "Worker",
            dependencies: [
                "WorkerHost", "WorkerEngine", "Console", "Run", "Transport", "Weights", "Models",
                "Generation",
                "Tokenization",
                "Tensors", "ModelFolders", "Projection", argumentParser,
            ],
            path: "Sources/Worker/Command", swiftSettings: swiftSettings),

        // Tools: whole runs under faults, in one thread.
        .target(
            name: "Simulation",
            dependencies: [
                "CoordinatorHost", "CoordinatorControl", "WorkerEngine", "WorkerSession", "Projection", "Evaluation",
                "Storage", "Run",
            ],
            path: "Sources/Tools/Simulation", swiftSettings: simulated),
        tool("Simulate", ["Simulation", "CoordinatorHost", "Console", argumentParser]),

        .target(
            name: "CMachineLimits", path: "Sources/Tools/CMachineLimits", cSettings: [.unsafeFlags(["-O2"])]),
        tool(
            "Benchmarks",
            [
                "CMachineLimits", "DemoAssets", "CoordinatorHost", "WorkerHost", "WorkerEngine", "WorkerSession",
                "Projection", "Run",
                "Wire", "Transport", "Messaging", "Storage", "Tensors", "ModelFolders", "Models", "Generation",
                "Console", argumentParser,
            ]),
        // Tools for those who work on the product.
        part(
            "Fuzzing", of: "Tools", in: "Fuzzing",
            [
                "CoordinatorHost", "Run", "Wire", "Transport", "Storage", "Projection", "Weights", "ModelFolders",
                "Tokenization", "ChatTemplates", "Datasets",
            ]),
        .executableTarget(
            name: "Fuzz", dependencies: ["Fuzzing", "DemoAssets", "Console", argumentParser],
            path: "Sources/Tools/Fuzz", swiftSettings: swiftSettings),

        // Tests.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests(of: "Run"),
        tests(of: "Wire", ["Run", "CWireMessages"]),
        tests(of: "Transport"),
        tests(of: "Storage"),
        tests(of: "Tensors"),
        tests(of: "Weights", ["Tensors"]),
        tests(of: "ModelFolders"),
        tests(of: "Tokenization"),
        tests(of: "ChatTemplates"),
        tests(of: "Models", ["Tensors", "Weights", "ModelFolders", "Generation"]),
        tests(of: "Generation", ["Models", "Tensors", "ModelFolders"]),
        tests(of: "Projection", ["Run", "Tensors"]),
        tests(of: "Datasets", ["Run"]),
        tests(of: "Evaluation", ["Run"]),
        tests(of: "Reports", ["Run", "Evaluation"]),
        tests(of: "Console"),
        tests(of: "Fuzzing"),
        tests(of: "CoordinatorControl", ["Run", "Simulation"]),
        tests(of: "CoordinatorHost", ["Run", "Storage", "Projection", "CoordinatorControl", "WorkerEngine"]),
        tests(of: "WorkerSession", ["Run"]),
        tests(of: "WorkerEngine", ["Run", "Projection", "Tokenization"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "TestSupport", "Run", "Wire", "Transport", "Messaging", "Storage", "Weights", "Tokenization", "Models",
                "Generation", "Tensors", "ModelFolders",
                "WorkerEngine", "DemoAssets", "CoordinatorHost", "Coordinator", "Worker", "Benchmarks", "Simulate",
            ],
            path: "Tests/EndToEndTests", swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)

import Devices
import Testing

@testable import CUDADevice

/// The kernels as NVIDIA's own compiler sees them, where it can be found, and how they are launched.
struct KernelTests {
    private static let compiler: KernelCompiler? = {
        (try? CUDALibraries.openCompiler(nil, driverMajor: 13)).flatMap { try? KernelCompiler($0) }
    }()

    /// Compute capabilities 8.0, 8.6, 8.9, 9.0, 10.0 and 12.0. What is for 9.0 alone is compiled for that alone.
    private static let targets = ["sm_80", "sm_86", "sm_89", "sm_90a", "sm_100", "sm_120"]

    /// What a thread of each kernel takes at most, on any of the targets, with NVRTC 13.5. More leaves fewer threads on a
    /// multiprocessor: that is to be seen, and measured, before it is written down here.
    private static let registers = [
        "argmax": 46, "argmax_parts": 22, "attention": 128, "attention_few_blocks": 176, "attention_long": 128,
        "copy_rows": 22, "embed": 17, "find_not_finite": 18, "gate": 27, "hopper_128_rows": 106,
        "hopper_256_rows": 195, "hopper_32_rows": 42, "hopper_32_rows_deep": 42, "hopper_64_rows": 75,
        "hopper_64_rows_deep": 75, "inject": 22, "linear_16_rows": 113, "linear_16_rows_deep": 162,
        "linear_32_rows": 126, "linear_64_rows": 202, "linear_8_rows": 96, "linear_8_rows_deep": 136,
        "linear_many_rows": 255, "linear_wide": 66, "pick": 22, "rms_norm": 46, "rotary_table": 20,
        "soft_cap": 23, "softmax_sums": 56, "store": 40,
    ]

    @Test(
        .enabled(if: compiler != nil, "no NVRTC: pip install nvidia-cuda-nvrtc in the active Python environment"),
        arguments: targets)
    func `every kernel compiles, and keeps all of its values in registers`(target: String) throws {
        let compiler = try #require(Self.compiler)
        for source in KernelSource.portable + (target == "sm_90a" ? KernelSource.hopper : []) {
            let (image, log) = try compiler.image(of: source, for: target, options: ["--ptxas-options=-v"])
            #expect(!image.isEmpty)
            let spills = log.split(separator: "\n").filter { $0.contains("spill") }
            #expect(!spills.isEmpty)
            #expect(spills.allSatisfy { $0.contains(" 0 bytes spill stores, 0 bytes spill loads") }, "\(source.name)")
            let used = Self.registers(in: log)
            #expect(!used.isEmpty)
            for (kernel, count) in used {
                let most = try #require(Self.registers[kernel], "\(kernel) has \(count) and is not in the table")
                #expect(count <= most, "\(kernel) on \(target), NVRTC \(compiler.version)")
            }
        }
    }

    /// Registers of a thread, by kernel, as the assembler tells them.
    private static func registers(in log: String) -> [(kernel: String, count: Int)] {
        var (registers, kernel): ([(kernel: String, count: Int)], String?) = ([], nil)
        for line in log.split(separator: "\n") {
            if line.contains("Compiling entry function") {
                kernel = line.split(separator: "'").dropFirst().first.map(String.init)
            } else if let name = kernel, let used = line.firstMatch(of: /Used ([0-9]+) registers/) {
                registers.append((name, Int(used.1) ?? 0))
                kernel = nil
            }
        }
        return registers
    }

    @Test func `each kernel is in one file of the source`() {
        for kernel in Kernel.allCases {
            let files = (KernelSource.portable + KernelSource.hopper).filter {
                $0.text.contains(") \(kernel.rawValue)(const ")
            }
            #expect(files.count == 1, "\(kernel)")
            #expect(kernel.isHopper == (files.first?.name == "hopper.cu"), "\(kernel)")
        }
    }

    @Test func `a product's launch covers all of it, with the shared memory that there is`() {
        for rows in [1, 8, 9, 16, 17, 32, 33, 64, 65, 128, 129, 512, 4096] {
            for outputs in [1, 16, 33, 4096, 8192, 128_256] {
                for processors in [nil, 132] {
                    let kernel = LinearKernel.best(rows: rows, outputs: outputs, hopper: processors)
                    let shape = kernel.shape(rows: rows, outputs: outputs)
                    #expect(kernel.kernel.isHopper == (processors != nil && rows > 16))
                    // Compute capability 8.6 has 99 KB for a block, 9.0 has 227 KB.
                    #expect(shape.sharedBytes <= (kernel.kernel.isHopper ? 200 : 98) << 10)
                    let tiles = kernel.kernel.isHopper || kernel.rows > 64 ? shape.grid.x : 1
                    #expect(kernel.rows * tiles >= rows && kernel.rows * (tiles - 1) < rows)
                }
            }
        }
    }

    @Test func `tiles of queries cover each row once, and see no further than a window`() {
        var tiles = AttentionTiles()
        tiles.add(firstRow: 3, rows: 10, sequence: 1, start: 100, rowsOfTile: 4, window: nil)
        #expect(tiles.firstRow == [3, 7, 11])
        #expect(tiles.rowCount == [4, 4, 2])
        #expect(tiles.position == [100, 104, 108])
        #expect(tiles.span == 128)
        var windowed = AttentionTiles()
        windowed.add(firstRow: 0, rows: 1, sequence: 0, start: 1000, rowsOfTile: 4, window: 16)
        #expect(windowed.span == 64)
    }
}

import Foundation
import TestSupport
import Weights

@testable import CPUDevice

extension SeededGenerator {
    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}

/// The paths that this CPU runs.
let supportedPaths = KernelPath.supported

func matrix(_ rows: Int, _ columns: Int, _ values: [Float]) throws -> Matrix {
    let matrix = try Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
        for column in 0..<columns { matrix.row(row)[column] = values[row * columns + column] }
    }
    return matrix
}

func values(_ matrix: Matrix, rows: Int? = nil) -> [Float] {
    (0..<(rows ?? matrix.rows)).flatMap { matrix.values(ofRow: $0) }
}

/// The values as they are stored, and what they are worth.
func stored(_ values: [Float], as scalar: ScalarType) -> (bytes: [UInt8], worth: [Float]) {
    switch scalar {
    case .float32:
        return (values.withUnsafeBytes { Array($0) }, values)
    case .bfloat16:
        let halves = values.map { UInt16($0.bitPattern >> 16) }
        return (halves.withUnsafeBytes { Array($0) }, halves.map { Float(bitPattern: UInt32($0) << 16) })
    case .float16:
        #if arch(x86_64)
            let halves = values.map(float16Bits)
        #else
            let halves = values.map { Float16($0).bitPattern }
        #endif
        return (halves.withUnsafeBytes { Array($0) }, halves.map(float16Worth))
    }
}

/// The value of a float16 by its definition: sign, exponent with bias 15, ten bits of fraction.
func float16Worth(_ bits: UInt16) -> Float {
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 1023) / 1024
    let magnitude = exponent == 0 ? fraction * pow(2, -14) : (1 + fraction) * pow(2, Double(exponent - 15))
    return Float(bits >> 15 == 1 ? -magnitude : magnitude)
}

/// Some float16 near a value below 65504: fraction bits cut off.
func float16Bits(_ value: Float) -> UInt16 {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    let magnitude = abs(Double(value))
    if magnitude < pow(2, -14) { return sign | UInt16(magnitude * pow(2, 24)) }
    let exponent = Int(magnitude.exponent)
    return sign | UInt16(exponent + 15) << 10 | UInt16((magnitude / pow(2, Double(exponent)) - 1) * 1024)
}

import Devices
import ElementaryFunctions

/// The arithmetic of next tokens' probabilities as it is defined.
struct ReferenceDistributions: DistributionArithmetic {
    func sums(of logits: [Float], vocabulary: Int) -> [SoftmaxSum] {
        stride(from: 0, to: logits.count, by: vocabulary).map { softmaxSum(Vector(logits[$0..<$0 + vocabulary])) }
    }

    func divergences(of pairs: [RowPair], among logits: [Float], vocabulary: Int) -> [Double] {
        func probabilities(_ row: Int) -> [Double] {
            let logits = Vector(logits[row * vocabulary..<(row + 1) * vocabulary])
            let softmax = softmaxSum(logits)
            return exponentials(logits, largest: softmax.largest).map { $0 / softmax.sum }
        }
        return pairs.map { pair in
            let both = Array(zip(probabilities(pair.first), probabilities(pair.second)))
            let sum: Double = sixteenPartialSums(of: both) { partial, pair in
                let mean = (pair.0 + pair.1) / 2
                partial += pair.0 * naturalLogarithm(pair.0 / mean) + pair.1 * naturalLogarithm(pair.1 / mean)
            }
            return min(max(sum / 2, 0), 0.69314718055994530942)
        }
    }
}

/// What a softmax over logits divides by.
func softmaxSum(_ logits: Vector) -> SoftmaxSum {
    let largest = logits.reduce(-Float.infinity) { $1 > $0 ? $1 : $0 }
    return SoftmaxSum(
        largest: largest, sum: sixteenPartialSums(of: exponentials(logits, largest: largest)) { $0 += $1 })
}

private func exponentials(_ logits: Vector, largest: Float) -> [Double] {
    logits.map { exponential(Double($0) - Double(largest)) }
}

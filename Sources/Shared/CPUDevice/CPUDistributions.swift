import CKernels
import Devices

/// The arithmetic of next tokens' probabilities on all of the device's threads.
struct CPUDistributions: DistributionArithmetic {
    let device: CPUDevice

    func sums(of logits: [Float], vocabulary: Int) -> [SoftmaxSum] {
        device.withOperations { operations in
            logits.withUnsafeBufferPointer { logits in
                guard let base = logits.baseAddress else { return [] }
                return operations.softmaxSums(
                    base, stride: vocabulary, rows: logits.count / vocabulary, columns: vocabulary
                ).map(SoftmaxSum.init)
            }
        }
    }

    func divergences(of pairs: [RowPair], among logits: [Float], vocabulary: Int) -> [Double] {
        device.withOperations { operations in
            logits.withUnsafeBufferPointer { logits in
                guard let base = logits.baseAddress else { return [] }
                return operations.divergences(
                    of: pairs, base, stride: vocabulary, rows: logits.count / vocabulary, columns: vocabulary)
            }
        }
    }
}

extension Operations {
    /// What the softmax of each row divides by.
    func softmaxSums(
        _ logits: UnsafePointer<Float>, stride: Int, rows: Int, columns: Int
    ) -> [ck_softmax_sum] {
        [ck_softmax_sum](unsafeUninitializedCapacity: rows) { sums, count in
            if let base = sums.baseAddress { ck_softmax_sums(context, logits, stride, rows, columns, base) }
            count = rows
        }
    }

    /// The Jensen–Shannon divergence of each pair of rows.
    func divergences(
        of pairs: [RowPair], _ logits: UnsafePointer<Float>, stride: Int, rows: Int, columns: Int
    ) -> [Double] {
        precondition(pairs.allSatisfy { (0..<rows).contains($0.first) && (0..<rows).contains($0.second) })
        let sums = softmaxSums(logits, stride: stride, rows: rows, columns: columns)
        let kernelPairs = pairs.map { ck_pair(first: $0.first, second: $0.second) }
        return [Double](unsafeUninitializedCapacity: pairs.count) { divergences, count in
            if let base = divergences.baseAddress {
                ck_divergences(context, logits, stride, columns, sums, kernelPairs, pairs.count, base)
            }
            count = pairs.count
        }
    }
}

extension SoftmaxSum {
    init(_ sum: ck_softmax_sum) { self.init(largest: sum.largest, sum: sum.sum) }
}

import CKernels

/// Which kernels compute what. All give the same bits, so that any choice is right; one is the fastest here.
package struct KernelChoice: Hashable, Sendable {
    /// What a linear layer multiplies: weights as they are stored, with float32 activations but for ``rounded``.
    package enum Product: String, Sendable, CaseIterable {
        case float32
        case float16
        case bfloat16
        /// Weights stored as bfloat16 with activations rounded to bfloat16.
        case rounded = "bfloat16 with bfloat16"

        var kernelProduct: ck_product {
            switch self {
            case .float32: CK_PRODUCT_FLOAT32
            case .float16: CK_PRODUCT_FLOAT16
            case .bfloat16: CK_PRODUCT_BFLOAT16
            case .rounded: CK_PRODUCT_ROUNDED
            }
        }
    }

    /// Numbers of rows that a choice is made for; the last goes on without end.
    package static let rowClasses: [ClosedRange<Int>] = (0..<Int(CK_ROW_CLASSES)).map { number in
        let first = number == 0 ? 1 : ck_rows_of_class(number - 1) + 1
        return first...(number == Int(CK_ROW_CLASSES) - 1 ? .max : ck_rows_of_class(number))
    }

    /// Linear layers: of each product a path for every class of rows.
    private var linear: [Product: [KernelPath]]
    /// Everything else: attention, norms, W.
    package let others: KernelPath

    /// One path for everything.
    package init(_ path: KernelPath) {
        self.init(others: path) { _, _ in path }
    }

    init(others: KernelPath, linear: (Product, _ rowClass: Int) -> KernelPath) {
        self.others = others
        self.linear = [:]
        for product in Product.allCases {
            self.linear[product] = Self.rowClasses.indices.map { linear(product, $0) }
        }
    }

    package subscript(product: Product, rowClass: Int) -> KernelPath { linear[product]?[rowClass] ?? others }

    /// The paths in use, the fastest last, such as `avx2+avx512`.
    package var name: String {
        let used = Set(linear.values.joined()).union([others])
        return KernelPath.allCases.filter(used.contains).map(\.rawValue).joined(separator: "+")
    }
}

extension KernelChoice {
    /// What computes what, a line each: `linear float32: avx2 on 1 row, avx512 on 2 or more`.
    package var lines: [String] {
        Product.allCases.map { "linear \($0.rawValue): \(text(of: $0))" } + ["all else: \(others.rawValue)"]
    }

    private func text(of product: Product) -> String {
        var parts: [(path: KernelPath, rows: ClosedRange<Int>)] = []
        for (rowClass, rows) in Self.rowClasses.enumerated() {
            let path = self[product, rowClass]
            if let last = parts.last, last.path == path {
                parts[parts.count - 1].rows = last.rows.lowerBound...rows.upperBound
            } else {
                parts.append((path, rows))
            }
        }
        if parts.count == 1 { return parts[0].path.rawValue }
        return parts.map { "\($0.path.rawValue) on \(Self.text(of: $0.rows))" }.joined(separator: ", ")
    }

    private static func text(of rows: ClosedRange<Int>) -> String {
        if rows.upperBound == .max { return "\(rows.lowerBound) or more" }
        if rows.count == 1 { return "\(rows.lowerBound) row\(rows.lowerBound == 1 ? "" : "s")" }
        return "\(rows.lowerBound) to \(rows.upperBound)"
    }
}

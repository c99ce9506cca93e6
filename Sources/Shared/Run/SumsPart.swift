/// A part of the sums that maps in closed form are made of: products of some columns of a site's activations with columns
/// of its own, or of another site's.
///
/// What a site's own come to is wanted once, however many lines it is on. So the sums of many lines are cut by their
/// sites, and a part that would be too large to travel by its columns.
package struct SumsPart: Hashable, Sendable {
    /// Whose columns are multiplied. Where both are one, a 1 stands behind the site's columns.
    package let first: Site
    package let second: Site
    /// Those of the first; each is multiplied with so many of the second, from its first on.
    package let columns: Range<Int>
    package let width: Int

    /// Products of a part at most, where a single column has no more: 32 MiB.
    package static let most = 1 << 22

    /// Products that come of it.
    package var count: Int { columns.count * width }

    /// Whether they are a site's own.
    package var isOwn: Bool { first == second }

    /// Whether a line's maps are made of it.
    package func belongs(to line: Channel) -> Bool {
        isOwn ? [line.source, line.target].contains(first) : (first, second) == (line.source, line.target)
    }

    /// The parts of all lines' sums: the sites' own, A's and then B's, each as far as the diagonal, then each line's
    /// between its sites.
    /// - Parameters:
    ///   - lines: from A to B.
    ///   - most: products of a part.
    package static func parts(
        of lines: [Channel], dimensionA: Int, dimensionB: Int, most: Int = SumsPart.most
    ) -> [SumsPart] {
        func own(_ sites: [Site], dimension: Int) -> [SumsPart] {
            Set(sites).sorted().flatMap { site in
                blocks(of: dimension + 1, times: dimension + 1, most).map {
                    SumsPart(first: site, second: site, columns: $0, width: $0.upperBound)
                }
            }
        }
        return own(lines.map(\.source), dimension: dimensionA) + own(lines.map(\.target), dimension: dimensionB)
            + lines.flatMap { line in
                blocks(of: dimensionA, times: dimensionB, most).map {
                    SumsPart(first: line.source, second: line.target, columns: $0, width: dimensionB)
                }
            }
    }

    private static func blocks(of columns: Int, times width: Int, _ most: Int) -> [Range<Int>] {
        let size = max(1, most / max(1, width))
        return stride(from: 0, to: columns, by: size).map { $0..<min($0 + size, columns) }
    }
}

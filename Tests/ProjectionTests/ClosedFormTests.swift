import CPUDevice
import Foundation
import Projection
import Run
import TestSupport
import Testing

/// Maps in closed form: against numpy's and scipy's, by other ways (scripts/make-references/maps.py).
struct ClosedFormTests {
    private struct Reference: Decodable {
        struct Case: Decodable {
            struct Map: Decodable {
                let w: [[Double]]
                let b: [Double]
            }

            let x, z: [[Float]]
            let ridge: Double
            let rank: Int
            let maps: [String: Map]
        }

        let cases: [Case]
    }

    private static let fits = ProjectionFit.allCases.filter(\.isClosedForm)
    private let cases: [Reference.Case]

    init() throws {
        cases = try JSONDecoder().decode(
            Reference.self, from: Data(contentsOf: Repository.fixture("Projection/maps.json"))
        ).cases
    }

    private static func matrix(_ rows: some Collection<[Float]>) -> FloatMatrix {
        FloatMatrix(rows: rows.count, columns: rows.first?.count ?? 0, values: rows.flatMap { $0 })
    }

    /// The sums over rows, in units of so many.
    private static func sums(
        _ x: some Collection<[Float]>, _ z: some Collection<[Float]>, unit: Int = .max
    ) -> ActivationSums {
        var sums = ActivationSums(dimensionA: x.first?.count ?? 0, dimensionB: z.first?.count ?? 0)
        var (x, z) = (Array(x)[...], Array(z)[...])
        while !x.isEmpty {
            let rows = ActivationSums.rows(x: matrix(x.prefix(unit)), z: matrix(z.prefix(unit)))
            sums.add(ActivationSums.result(SumsUnit(rows: rows), on: processor))
            (x, z) = (x.dropFirst(unit), z.dropFirst(unit))
        }
        return sums
    }

    private static func forms(_ reference: Reference.Case) throws -> ClosedForms {
        let learned = reference.x.count - (reference.x.count + 9) / 10
        return try ClosedForms(
            learned: sums(reference.x.prefix(learned), reference.z.prefix(learned), unit: 7),
            chosenOn: sums(reference.x.dropFirst(learned), reference.z.dropFirst(learned)))
    }

    @Test(arguments: 0..<3, fits)
    func `every map is numpy's`(place: Int, fit: ProjectionFit) throws {
        let reference = cases[place]
        let form = try Self.forms(reference).map(fit)
        let map = try #require(reference.maps[fit.rawValue])
        let expected = zip(map.w, map.b).flatMap { $0 + [$1] }
        // In units of each output's own size: a bias is far larger than a weight.
        let found = form.matrix.values.map(Double.init)
        #expect(found.count == expected.count && form.matrix.columns == reference.x[0].count + 1)
        let scale = expected.map(abs).max() ?? 1
        for (value, wanted) in zip(found, expected) {
            #expect(abs(value - wanted) <= 1e-6 * max(abs(wanted), 1e-3 * scale), "\(value), expected \(wanted)")
        }
        let hasPenalty = fit == .ridge || fit == .reducedRank
        #expect(form.ridge == (hasPenalty ? reference.ridge : nil))
        #expect(form.rank == (fit == .reducedRank ? reference.rank : nil))
    }

    @Test func `sums are added in their order, to the same bits whoever computes them on how many threads`() throws {
        let reference = cases[1]
        let rows = ActivationSums.rows(x: Self.matrix(reference.x), z: Self.matrix(reference.z))
        let unit = SumsUnit(rows: rows)
        let one = ActivationSums.result(unit, on: try CPUDevice(threads: 1))
        #expect(one == ActivationSums.result(unit, on: try CPUDevice(threads: 3)))
        // By their definition.
        var place = 0
        for row in 0..<rows.columns {
            for column in 0...row {
                var sum = 0.0
                for text in 0..<rows.rows {
                    let values = rows[row: text].map(Double.init)
                    sum += values[row] * values[column]
                }
                #expect(one.products[place] == sum)
                place += 1
            }
        }
        #expect(place == one.products.count && one.products.last == Double(rows.rows))
    }

    @Test func `sums that cannot be those of the texts are refused`() {
        let unit = SumsUnit(rows: ActivationSums.rows(x: Self.matrix(cases[0].x), z: Self.matrix(cases[0].z)))
        let fine = ActivationSums.result(unit, on: processor)
        #expect(ActivationSums.flaw(in: fine, of: unit) == nil)
        for place in fine.products.indices {
            for wrong in [1e30, .nan, -.infinity] {
                var odd = fine
                odd.products[place] = wrong
                #expect(ActivationSums.flaw(in: odd, of: unit) != nil, "\(place) \(wrong)")
            }
        }
        #expect(ActivationSums.flaw(in: SumsResult(products: [1]), of: unit) == "expected 78 products, found 1")
    }

    @Test func `spaces that are turned, scaled and moved are mapped onto each other by every fit`() throws {
        let x: [[Float]] = (0..<40).map { row in
            (0..<3).map { column in Float(sin(Double(row * 3 + column * column + 1))) }
        }
        // A turn about the first axis, twice as large, elsewhere.
        let z: [[Float]] = x.map { row in [2 * row[0] + 5, 2 * row[2] - 1, -2 * row[1]] }
        let forms = try ClosedForms(
            learned: Self.sums(x.prefix(36), z.prefix(36)), chosenOn: Self.sums(x.dropFirst(36), z.dropFirst(36)))
        for fit in Self.fits {
            let form = try forms.map(fit)
            let predicted = try LinearProjection(form.matrix).project(rows: Self.matrix(x), on: processor)
            let loss = try HeldOutFit(
                predicted: predicted, y: Self.matrix(z), moments: TargetMoments(Self.matrix(z)))
            #expect(loss.standardisedLoss < 1e-9 && loss.cosine > 0.999_999, "\(fit) \(loss)")
        }
    }

    @Test func `coordinates that never vary are mapped to what they always are`() throws {
        let x: [[Float]] = (0..<30).map { row in [3, Float(sin(Double(row)))] }
        let z: [[Float]] = x.map { row in [7, 2 * row[1]] }
        let forms = try ClosedForms(
            learned: Self.sums(x.prefix(27), z.prefix(27)), chosenOn: Self.sums(x.dropFirst(27), z.dropFirst(27)))
        for fit in Self.fits {
            let values = try LinearProjection(try forms.map(fit).matrix).project([3, 0.5], on: processor)
            #expect(abs(values[0] - 7) < 1e-4 && abs(values[1] - 1) < 1e-4, "\(fit) \(values)")
        }
    }

    @Test func `activations that are no numbers have no map`() {
        let x: [[Float]] = [[1, 2], [.infinity, 1], [0, 1]]
        #expect(throws: ProjectionError.self) {
            try ClosedForms(learned: Self.sums(x, x), chosenOn: Self.sums(x, x)).map(.ridge)
        }
    }

    @Test func `a bias is added last`() throws {
        let w = LinearProjection(FloatMatrix(rows: 2, columns: 3, values: [1, 2, 10, 0, 1, -1]))
        #expect(try w.project([3, 4], on: processor) == [21, 3])
        #expect(throws: ProjectionError.self) { try w.project([3], on: processor) }
    }

    @Test(arguments: 0..<3)
    func `sums with A and B exchanged are those of the texts the other way, to the bit`(place: Int) {
        let reference = cases[place]
        let sums = Self.sums(reference.x, reference.z, unit: 5)
        #expect(sums.reversed == Self.sums(reference.z, reference.x, unit: 5))
        #expect(sums.reversed.reversed == sums)
    }
}

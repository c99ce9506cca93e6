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

    private static let line = Channel(k: 2, j: 3)

    private static func parts(_ x: [Float]?, _ z: [Float]?, most: Int = SumsPart.most) -> [SumsPart] {
        SumsPart.parts(of: [line], dimensionA: x?.count ?? 0, dimensionB: z?.count ?? 0, most: most)
    }

    /// A part's unit over rows.
    private static func unit(
        _ part: SumsPart, _ x: some Collection<[Float]>, _ z: some Collection<[Float]>
    ) -> SumsUnit {
        ActivationSums.unit(part) { $0.model == .a ? matrix(x) : matrix(z) }
    }

    /// The sums over rows, in units of so many, in parts of so many products at most.
    private static func sums(
        _ x: some Collection<[Float]>, _ z: some Collection<[Float]>, unit size: Int = .max,
        most: Int = SumsPart.most
    ) -> ActivationSums {
        var sums = ActivationSums(dimensionA: x.first?.count ?? 0, dimensionB: z.first?.count ?? 0)
        for part in parts(x.first, z.first, most: most) {
            var (x, z) = (Array(x)[...], Array(z)[...])
            while !x.isEmpty {
                let unit = unit(part, x.prefix(size), z.prefix(size))
                sums.add(ActivationSums.result(unit, on: processor), of: part)
                (x, z) = (x.dropFirst(size), z.dropFirst(size))
            }
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

    @Test(arguments: [1, 20, SumsPart.most], [1, 7, .max])
    func `sums are added in the texts' order, to the same bits in whichever parts, on how many threads`(
        most: Int, unit: Int
    ) throws {
        let reference = cases[1]
        let parts = Self.parts(reference.x.first, reference.z.first, most: most)
        for part in parts {
            let unit = Self.unit(part, reference.x, reference.z)
            #expect(unit.count == part.count)
            #expect(unit.count <= most || part.columns.count == 1)
            let one = ActivationSums.result(unit, on: try CPUDevice(threads: 1))
            #expect(one == ActivationSums.result(unit, on: try CPUDevice(threads: 3)))
        }
        #expect(parts.count == (most == SumsPart.most ? 3 : Set(parts).count))
        let found = Self.sums(reference.x, reference.z, unit: unit, most: most)
        // By their definition, unit by unit.
        let rows = zip(reference.x, reference.z).map { ($0 + $1 + [1]).map(Double.init) }
        var place = 0
        for row in rows[0].indices {
            for column in 0...row {
                var sum = 0.0
                for first in stride(from: 0, to: rows.count, by: min(unit, rows.count)) {
                    var part = 0.0
                    for values in rows[first...].prefix(unit) { part += values[row] * values[column] }
                    sum += part
                }
                #expect(found.products[place] == sum)
                place += 1
            }
        }
        #expect(place == found.products.count && found.count == Double(rows.count))
    }

    @Test func `a site's own sums are taken once, however many lines it is on`() {
        let lines = (0..<3).flatMap { k in (0..<4).map { Channel(k: k, j: $0) } }
        let parts = SumsPart.parts(of: lines, dimensionA: 5, dimensionB: 7)
        #expect(parts.filter(\.isOwn).map(\.first) == (0..<3).map { Site.a($0) } + (0..<4).map { Site.b($0) })
        #expect(parts.count == 3 + 4 + 12)
        for line in lines {
            let own = parts.filter { $0.belongs(to: line) }
            #expect(own.map(\.count) == [6 * 6, 8 * 8, 5 * 7])
        }
        // Of the widest models that are fitted to, and a great many lines.
        let wide = SumsPart.parts(of: lines, dimensionA: ClosedForm.widest, dimensionB: ClosedForm.widest)
        #expect(wide.allSatisfy { $0.count <= SumsPart.most })
    }

    @Test(arguments: [15, SumsPart.most])
    func `sums that cannot be those of the texts are refused`(most: Int) {
        let (x, z) = (cases[0].x, cases[0].z)
        for part in Self.parts(x.first, z.first, most: most) {
            let unit = Self.unit(part, x, z)
            let fine = ActivationSums.result(unit, on: processor)
            #expect(ActivationSums.flaw(in: fine, of: unit, part) == nil)
            for place in fine.products.indices {
                for wrong in [1e30, .nan, -.infinity] {
                    var odd = fine
                    odd.products[place] = wrong
                    #expect(ActivationSums.flaw(in: odd, of: unit, part) != nil, "\(place) \(wrong)")
                }
            }
            // A site's squares and sums to the last bit.
            if part.isOwn {
                var odd = fine
                odd.products[part.columns.lowerBound] = odd.products[part.columns.lowerBound].nextUp
                #expect(ActivationSums.flaw(in: odd, of: unit, part) != nil)
                odd = fine
                odd.products[odd.products.count - 1] = odd.products[odd.products.count - 1].nextDown
                #expect(ActivationSums.flaw(in: odd, of: unit, part) != nil)
            }
            let few = ActivationSums.flaw(in: SumsResult(products: []), of: unit, part)
            #expect(few == "expected \(part.count) products, found 0")
        }
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

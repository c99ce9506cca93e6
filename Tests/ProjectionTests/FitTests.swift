import CPUDevice
import Foundation
import Projection
import Run
import TestSupport
import Testing

/// What there is to predict, and how well W does: against numpy's figures (scripts/make-references/fit.py).
struct FitTests {
    private struct Reference: Decodable {
        let x, y, w, heldOutX, heldOutY: [[Float]]
        let means, variances: [Double]
        let meanLoss, loss, standardisedLoss, heldOutLoss, heldOutMeanLoss, r2, coordinateR2: Double
    }

    private let reference: Reference

    init() throws {
        reference = try JSONDecoder().decode(
            Reference.self, from: Data(contentsOf: Repository.fixture("Projection/fit.json")))
    }

    private static func matrix(_ rows: [[Float]]) -> FloatMatrix {
        FloatMatrix(rows: rows.count, columns: rows[0].count, values: rows.flatMap { $0 })
    }

    private func expectClose(_ found: Double?, _ expected: Double, within tolerance: Double = 1e-5) throws {
        let found = try #require(found)
        #expect(abs(found - expected) <= tolerance * abs(expected), "\(found), expected \(expected)")
    }

    @Test func `means, variances and the loss of predicting the mean are numpy's`() throws {
        let moments = TargetMoments(Self.matrix(reference.y))
        for (found, expected) in zip(moments.means, reference.means) {
            try expectClose(found, expected, within: 1e-12)
        }
        for (found, expected) in zip(moments.variances, reference.variances) {
            try expectClose(found, expected, within: 1e-12)
        }
        #expect(moments.weights[4] == 0)
        try expectClose(moments.loss, reference.meanLoss, within: 1e-12)
    }

    @Test(arguments: [true, false])
    func `a loss in units of each coordinate's variance is numpy's, in either form of the gradient`(
        dense: Bool
    ) throws {
        let (x, y, w) = (Self.matrix(reference.x), Self.matrix(reference.y), Self.matrix(reference.w))
        let result = try ShardLoss.result(w: w, x: x, y: y, dense: dense, on: processor)
        let elements = Double(y.values.count)
        try expectClose(result.squaredErrorSum / elements, reference.loss)
        let blocks = OutputBlocks(dimensionA: w.columns, dimensionB: w.rows)
        let sum = StandardisedErrors.sum(of: result, moments: TargetMoments(y), blocks: blocks, on: processor)
        try expectClose(sum / elements, reference.standardisedLoss)
    }

    @Test func `the fit on texts that were held out is numpy's`() throws {
        let fit = try HeldOutFit(
            Self.matrix(reference.w), x: Self.matrix(reference.heldOutX), y: Self.matrix(reference.heldOutY),
            moments: TargetMoments(Self.matrix(reference.y)), on: processor)
        #expect(fit.texts == 9)
        try expectClose(fit.loss, reference.heldOutLoss)
        try expectClose(fit.meanLoss, reference.heldOutMeanLoss)
        try expectClose(fit.r2, reference.r2)
        try expectClose(fit.coordinateR2, reference.coordinateR2)
    }

    @Test func `where nothing varies there is nothing to explain`() throws {
        let y = FloatMatrix(rows: 2, columns: 1, values: [3, 3])
        let fit = try HeldOutFit(
            FloatMatrix(rows: 1, columns: 1, values: [1]), x: FloatMatrix(rows: 2, columns: 1, values: [1, 2]), y: y,
            moments: TargetMoments(y), on: processor)
        #expect(fit.r2 == nil && fit.coordinateR2 == nil && fit.meanLoss == 0)
    }
}

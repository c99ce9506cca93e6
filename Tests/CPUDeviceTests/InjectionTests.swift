import Devices
import Run
import Testing

@testable import CPUDevice

/// The table of the method: what f(a, b) is where dimensions agree and where they differ.
@Suite struct InjectionTests {
    private func inject(_ operation: InjectionOperation, _ a: [Float], into b: [Float]) -> [Float] {
        var stream = b
        let injection = Injection(site: .embedding, operation: operation, vector: a)
        stream.withUnsafeMutableBufferPointer { injection.apply(to: $0) }
        return stream
    }

    @Test func `equal dimensions combine all coordinates`() {
        #expect(inject(.replace, [1, 2, 3], into: [10, 20, 30]) == [1, 2, 3])
        #expect(inject(.sum, [1, 2, 3], into: [10, 20, 30]) == [11, 22, 33])
        #expect(inject(.mean, [1, 2, 3], into: [10, 20, 30]) == [5.5, 11, 16.5])
    }

    @Test func `a shorter vector combines with the last coordinates`() {
        #expect(inject(.replace, [1, 2], into: [10, 20, 30]) == [10, 1, 2])
        #expect(inject(.sum, [1, 2], into: [10, 20, 30]) == [10, 21, 32])
        #expect(inject(.mean, [1, 2], into: [10, 20, 30]) == [10, 10.5, 16])
    }

    @Test func `of a longer vector the last coordinates are combined`() {
        #expect(inject(.replace, [1, 2, 3, 4], into: [10, 20]) == [3, 4])
        #expect(inject(.sum, [1, 2, 3, 4], into: [10, 20]) == [13, 24])
        #expect(inject(.mean, [1, 2, 3, 4], into: [10, 20]) == [6.5, 12])
    }
}

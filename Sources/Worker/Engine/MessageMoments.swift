/// The mean and the scale of messages, coordinate by coordinate.
struct MessageMoments: Hashable, Sendable {
    struct Coordinate: Hashable, Sendable {
        var mean: Double
        /// The population's standard deviation.
        var deviation: Double
    }

    let coordinates: [Coordinate]

    /// - Parameter messages: at least one, of one width. Sums run in their order.
    init(of messages: [[Float]]) {
        var sums = Sums()
        for _ in 0..<Sums.passes {
            for message in messages { sums.add(message) }
            sums.endPass()
        }
        self = sums.moments
    }

    fileprivate init(_ coordinates: [Coordinate]) { self.coordinates = coordinates }
}

extension MessageMoments {
    /// The moments as they come of messages that are gone through twice, none of which is kept: first the sums, for the
    /// means, then the squares of what lies beside these.
    struct Sums {
        static let passes = 2

        private var count = 0.0
        private var sums: [Double] = []
        /// Once the first pass has ended.
        private var means: [Double]?

        mutating func add(_ message: [Float]) {
            if sums.isEmpty { sums = Array(repeating: 0, count: message.count) }
            if let means {
                for place in sums.indices {
                    sums[place] += (Double(message[place]) - means[place]) * (Double(message[place]) - means[place])
                }
            } else {
                for place in sums.indices { sums[place] += Double(message[place]) }
                count += 1
            }
        }

        mutating func endPass() {
            guard means == nil else { return }
            means = sums.map { $0 / count }
            sums = []
        }

        /// After both passes.
        var moments: MessageMoments {
            MessageMoments(
                zip(means ?? [], sums).map { mean, squares in
                    Coordinate(mean: mean, deviation: (squares / count).squareRoot())
                })
        }
    }
}

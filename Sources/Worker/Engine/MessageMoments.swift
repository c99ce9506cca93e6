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
        let count = Double(messages.count)
        coordinates = (messages.first ?? []).indices.map { place in
            let mean = messages.reduce(0.0) { $0 + Double($1[place]) } / count
            let squares = messages.reduce(0.0) { $0 + (Double($1[place]) - mean) * (Double($1[place]) - mean) }
            return Coordinate(mean: mean, deviation: (squares / count).squareRoot())
        }
    }
}

import Devices
import Models

/// The memory that keys and values of one model may take together.
struct CacheBudget {
    private let model: LanguageModel
    /// What it is where it is not asked of the device.
    private let fixed: Int?
    /// Of what the device has free, where others take their share of it at the same time.
    private let share: Double
    /// Bytes; nil where nothing is known.
    private(set) var available: Int?

    init(model: LanguageModel, fixed: Int?, share: Double = 1) {
        self.model = model
        self.fixed = fixed
        self.share = share
        available = fixed
    }

    /// Looks how much there is. To be called while nothing of the model's is held.
    mutating func look() { available = fixed ?? model.device.freeMemory }

    /// Refuses what would not fit alone.
    func check(_ requests: [GenerationRequest]) throws(ModelError) {
        guard let available, let largest = requests.map({ bytes(of: $0, .own) }).max() else { return }
        if largest > available { throw .noMemoryForCache(bytes: largest, available: available) }
    }

    /// How many of the requests can be decoded together, beside so many prefixes that are held whole; at least one.
    func sequences(of requests: [GenerationRequest], limit: Int, besidePrefixes prefixes: Int) -> Int {
        guard let available else { return limit }
        let share = Int(Double(available) * share)
        var (count, sum) = (0, prefixes * (requests.map { bytes(of: $0, .sharing) }.max() ?? 0))
        for need in requests.map({ bytes(of: $0, .own) }).sorted(by: >).prefix(limit) {
            sum += need
            if sum > share { break }
            count += 1
        }
        return max(1, requests.count <= count ? limit : count)
    }

    private func bytes(of request: GenerationRequest, _ use: KeyValueCache.Use) -> Int {
        bytes(positions: request.tokens.count + max(0, request.maximumNewTokens), use)
    }

    func bytes(positions: Int, _ use: KeyValueCache.Use) -> Int {
        model.cacheBytes(positions: min(model.configuration.maximumPositions, positions), for: use)
    }
}

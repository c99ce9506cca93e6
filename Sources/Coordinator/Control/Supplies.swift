import Run

/// What a worker holds, as far as the coordinator knows, of what units need besides themselves.
struct Supplies: Hashable, Sendable {
    /// What it holds of each channel's W, by the channel's place.
    private var projections: [HeldProjection] = []
    /// The channels of whose W it holds a copy, the one used last at the end.
    private var copies: [Int] = []
    /// Texts whose activations it holds, by the site.
    private var texts: [Site: TextSet] = [:]
    /// Leases before this one were granted when something else was thought of what the worker holds.
    private(set) var since = LeaseID(0)
    /// How often it turned out to hold something else.
    var resets = 0

    /// Forgets everything: it may not have arrived, or was lost.
    mutating func reset(since lease: LeaseID) {
        let resets = resets
        self = Supplies()
        self.resets = resets
        since = lease
    }

    subscript(channel: Int) -> HeldProjection {
        get { channel < projections.count ? projections[channel] : .none }
        set {
            while projections.count <= channel { projections.append(.none) }
            projections[channel] = newValue
        }
    }

    /// Notes what it holds of a W that a unit of its needs. Of copies a worker keeps the ones used last.
    mutating func use(_ held: HeldProjection, of channel: Int) {
        self[channel] = held
        copies.removeAll { $0 == channel }
        guard case .copy = held else { return }
        copies.append(channel)
        if copies.count > MessageLimits.heldProjections { self[copies.removeFirst()] = .none }
    }

    /// Forgets shards before the one of that number, which no step that is left takes in.
    mutating func forgetShards(before number: Int) {
        for channel in projections.indices { projections[channel].forgetShards(before: number) }
    }

    func holds(_ text: Int, at site: Site) -> Bool { texts[site]?.contains(text) ?? false }

    mutating func insert(_ some: some Sequence<Int>, at site: Site) {
        for text in some { texts[site, default: TextSet()].insert(text) }
    }

    /// Of some texts those whose activations are not there; they are counted as there from then on.
    mutating func take(_ some: some Sequence<Int>, at site: Site) -> [Int] {
        let lacking = some.filter { !holds($0, at: site) }
        insert(lacking, at: site)
        return lacking
    }
}

/// What a worker holds of one W.
enum HeldProjection: Hashable, Sendable {
    case none
    /// A copy that has taken so many steps.
    /// - hasMoments: whether it holds Adam's moments as well, so that it can take the next steps itself.
    /// - ownShards: of the latest steps, those that it computed.
    case copy(version: Int, hasMoments: Bool, ownShards: [UnitID])
    /// The worker was told where W lies in the coordinator's memory.
    /// - hasRead: whether it has answered since: then it has found it there.
    case mapped(hasRead: Bool)

    var isMapped: Bool { if case .mapped = self { true } else { false } }

    /// Notes that the worker computed the shard, and so holds its errors.
    mutating func note(ownShard unit: UnitID) {
        guard case .copy(let version, let hasMoments, var ownShards) = self, !ownShards.contains(unit) else { return }
        ownShards.append(unit)
        self = .copy(version: version, hasMoments: hasMoments, ownShards: ownShards)
    }

    /// Notes that the worker has answered a unit that needs this W.
    mutating func noteRead() {
        if case .mapped = self { self = .mapped(hasRead: true) }
    }

    fileprivate mutating func forgetShards(before number: Int) {
        guard case .copy(let version, let hasMoments, var ownShards) = self, !ownShards.isEmpty else { return }
        ownShards.removeAll { $0.index < number }
        self = .copy(version: version, hasMoments: hasMoments, ownShards: ownShards)
    }
}

/// A set of texts' numbers, one bit each.
struct TextSet: Hashable, Sendable {
    private var words: [UInt64] = []

    func contains(_ text: Int) -> Bool {
        text >> 6 < words.count && words[text >> 6] >> UInt64(text & 63) & 1 == 1
    }

    mutating func insert(_ text: Int) {
        while words.count <= text >> 6 { words.append(0) }
        words[text >> 6] |= 1 << UInt64(text & 63)
    }
}

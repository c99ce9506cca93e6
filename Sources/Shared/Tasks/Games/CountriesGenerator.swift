import Evaluation
import Run

/// Items of the game Countries (Ramesh & Li, section 4.1): A knows where a person is, B is asked for the country.
///
/// Countries come up equally often, give or take one, and so do a country's landmarks; no person is at a landmark twice.
enum CountriesGenerator {
    /// So many items there can be.
    static let capacity = Landmarks.people.count * Landmarks.byCountry.map(\.landmarks.count).reduce(0, +)

    /// - Parameter count: 1 ... ``capacity``.
    static func items(_ count: Int, seed: UInt64) -> [GameItem] {
        func permutation(_ count: Int, _ key: String) -> [Int] {
            var generator = NamedGenerator(seed: seed, purpose: "countries", key: key)
            return generator.permutation(of: count)
        }
        let countries = permutation(Landmarks.byCountry.count, "countries")
        let items = (0..<count).map { index in
            let (round, place) = index.quotientAndRemainder(dividingBy: countries.count)
            let (country, landmarks) = Landmarks.byCountry[countries[place]]
            let (visit, landmark) = round.quotientAndRemainder(dividingBy: landmarks.count)
            let visitors = permutation(Landmarks.people.count, landmarks[landmark])
            return item(person: Landmarks.people[visitors[visit]], at: landmarks[landmark], in: country)
        }
        return permutation(count, "order").map { items[$0] }
    }

    private static func item(person: String, at landmark: String, in country: String) -> GameItem {
        GameItem(
            id: "\(person) at \(landmark)", promptA: "\(person) is at \(landmark).",
            promptB: "Which country is \(person) located in?\n\(Prompts.cue) \(person) is located in", answer: country,
            cluster: country)
    }
}

import Run
import Testing

struct ChannelTests {
    @Test(arguments: [
        ("4:4", Channel(k: 4, j: 4)), ("0:12/ridge", Channel(k: 0, j: 12, fit: .ridge)),
        ("26:24/reduced-rank", Channel(k: 26, j: 24, fit: .reducedRank)),
        ("4:2/reverse", Channel(k: 4, j: 2, isReverse: true)),
        ("4:2/ridge/reverse", Channel(k: 4, j: 2, fit: .ridge, isReverse: true)),
    ])
    func `a channel is read as it is written`(text: String, channel: Channel) {
        #expect(Channel(text) == channel && channel.description == text)
    }

    @Test(arguments: [
        "", "4", "4:", ":4", "4:4:4", "-1:2", "4:4/", "4:4/adam", "4:4/magic", "4/ridge", "4:4/ridge/x",
        "4:4/reverse/ridge", "4:4/reverse/reverse", "4:4/ridge/reverse/", "reverse", "/reverse",
    ])
    func `what is none is not taken for one`(text: String) { #expect(Channel(text) == nil) }

    @Test func `the other way, what was mapped is mapped to`() {
        let channel = Channel(k: 4, j: 2, fit: .ridge)
        #expect(channel.source == .a(4) && channel.target == .b(2) && channel.suffix == "_k4_j2_ridge")
        let reversed = channel.reversed
        #expect(reversed.source == .b(2) && reversed.target == .a(4) && reversed.suffix == "_k4_j2_ridge_reverse")
        #expect(reversed.reversed == channel && reversed.line == channel.line)
    }

    @Test func `the settings name each line once, and the fits where there is more than the paper's`() {
        func settings(_ fits: [ProjectionFit]) -> [String] {
            let lines = [(1, 2), (3, 4)]
            let channels = lines.flatMap { line in fits.map { Channel(k: line.0, j: line.1, fit: $0) } }
            let configuration = RunConfiguration(modelA: "a", modelB: "b", channels: channels, experiments: [])
            return configuration.settings.filter { ["channel", "fit"].contains($0.flag) }.map {
                "\($0.flag) \($0.value)"
            }
        }
        #expect(settings([.adam]) == ["channel texts([\"1:2\", \"3:4\"])"])
        #expect(
            settings([.adam, .ridge]) == ["channel texts([\"1:2\", \"3:4\"])", "fit text(\"adam,ridge\")"])
    }
}

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

    @Test func `the other way, what was mapped is mapped to`() {
        let channel = Channel(k: 4, j: 2, fit: .ridge)
        #expect(channel.source == .a(4) && channel.target == .b(2) && channel.suffix == "_k4_j2_ridge")
        let reversed = channel.reversed
        #expect(reversed.source == .b(2) && reversed.target == .a(4) && reversed.suffix == "_k4_j2_ridge_reverse")
        #expect(reversed.reversed == channel && reversed.line == channel.line)
    }

    @Test func `one of several links is read as it is written`() throws {
        let two = try Channel([Channel.Link(k: 20, j: 18), Channel.Link(k: 22, j: 20)])
        #expect(Channel("20:18+22:20") == two && two.description == "20:18+22:20")
        let links = [(20, 18), (20, 20), (4, 22)].map { Channel.Link(k: $0.0, j: $0.1) }
        let three = try Channel(links, fit: .ridge)
        #expect(Channel("20:18+20:20+4:22/ridge") == three && three.description == "20:18+20:20+4:22/ridge")
    }

    @Test(arguments: [
        "", "4", "4:", ":4", "4:4:4", "-1:2", "4:4/", "4:4/adam", "4:4/magic", "4/ridge", "4:4/ridge/x", "4:4+", "+4:4",
        "4:4+5", "4:4/ridge+5:5", "4:4+5:4", "4:5+4:4", "4:4/reverse/ridge", "4:4/reverse/reverse",
        "4:4/ridge/reverse/", "reverse", "/reverse",
    ])
    func `what is none is not taken for one`(text: String) { #expect(Channel(text) == nil) }

    @Test func `links that are not one channel's are told why`() {
        func flaw(_ links: [(Int, Int)]) -> Channel.Flaw? {
            do {
                _ = try Channel(links.map { Channel.Link(k: $0, j: $1) })
                return nil
            } catch {
                return error
            }
        }
        #expect(flaw([]) == .noLinks)
        #expect(flaw([(1, 2), (3, 4), (5, 2)]) == .blockTwice(2))
        #expect(flaw([(1, 4), (3, 2)]) == .unordered(4, before: 2))
        let most = MessageLimits.links
        #expect(flaw((0..<most).map { (0, $0) }) == nil)
        #expect(flaw((0...most).map { (0, $0) }) == .tooMany(most + 1))
    }

    @Test func `the parts of channels are those of all links, each once, and keep the fit`() throws {
        let several = try #require(Channel("2:2+4:4/ridge"))
        #expect(several.parts == [Channel(k: 2, j: 2, fit: .ridge), Channel(k: 4, j: 4, fit: .ridge)])
        let single = Channel(k: 4, j: 4)
        #expect([several, Channel(k: 4, j: 4, fit: .ridge), single].parts == several.parts + [single])
        #expect(several.line == Channel("2:2+4:4") && several.suffix == "_k2_j2_k4_j4_ridge")
        #expect(several.blocks(of: .a) == [2, 4] && several.blocks(of: .b) == [2, 4])
    }

    @Test func `a single channel of several links is named by --channel`() throws {
        let configuration = RunConfiguration(
            modelA: "a", modelB: "b", channels: [try #require(Channel("2:2+4:4"))], experiments: [])
        #expect(configuration.settings.contains(RunSetting("channel", .texts(["2:2+4:4"]))))
        #expect(!configuration.settings.contains { $0.flag == "layer-k" })
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

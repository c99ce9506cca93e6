import ArgumentParser
import Console
import Run

/// What `--channel` takes: its links, which may not be one channel's.
struct GivenChannel: ExpressibleByArgument {
    private let text: String
    private let links: [Channel.Link]
    private let isFitted: Bool

    init?(argument: String) {
        isFitted = Channel(argument).map { $0 != $0.line } ?? false
        let line = isFitted ? String(argument.prefix { $0 != "/" }) : argument
        guard let links = Channel.links(line) else { return nil }
        (text, self.links) = (argument, links)
    }

    func channel() throws -> Channel {
        if isFitted {
            throw ValidationError(
                "--channel \(text): expected K:J; how W's are fitted is for --fit and --reverse to say")
        }
        do {
            return try Channel(links)
        } catch {
            throw ValidationError("--channel \(text): \(error)")
        }
    }
}

/// What every run has to be told.
struct PairArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Model that reads: a folder (Hugging Face layout) or a hub id in the local cache.", valueName: "dir"),
        completion: .directory)
    var modelA: String

    @Option(
        help: ArgumentHelp("Model that answers: a folder or a hub id, as above.", valueName: "dir"),
        completion: .directory)
    var modelB: String

    @Option(help: ArgumentHelp("Read A after so many blocks; 0 is the embedding.", valueName: "k"))
    var layerK: Int?

    @Option(help: ArgumentHelp("Write into B after so many blocks; 0 is the embedding.", valueName: "j"))
    var layerJ: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            In place of --layer-k and --layer-j: channels, several if wanted. A's texts are read once for all of them, \
            and each has its own W, files and scores. 20:18+22:20 is one channel that writes B at two blocks at once, \
            each with its own reading of A and its own W.
            """, valueName: "k:j"))
    var channel: [ValueList<GivenChannel>] = []

    @Option(
        name: .customLong("channels"), parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            In place of --channel: all channels between two ranges of blocks, 1-30:1-30, with steps 2-30/4:8-32/8. Where \
            nothing else is said, W's are fitted by ridge and answers scored by likelihood.
            """, valueName: "range"))
    var ranges: [ValueList<ChannelRange>] = []

    @Option(help: ArgumentHelp("Folder of the run's files.", valueName: "dir"), completion: .directory)
    var output: String

    func validate() throws {
        _ = try channels()
    }

    /// Whether ranges of blocks are gone through.
    var isSweep: Bool { !ranges.isEmpty }

    /// Of `--channel` or `--channels`, or of `--layer-k` and `--layer-j`.
    func channels() throws -> [Channel] {
        let ranges = ranges.elements()
        for range in ranges { try range.validate() }
        if !ranges.isEmpty, !channel.isEmpty || layerK != nil || layerJ != nil {
            throw ValidationError("--channels stands in place of --channel, --layer-k and --layer-j")
        }
        let given: [GivenChannel] = channel.elements()
        let channel = try isSweep ? ranges.flatMap(\.channels) : given.map { try $0.channel() }
        switch (layerK, layerJ, channel.isEmpty) {
        case (let k?, let j?, true):
            guard k >= 0, j >= 0 else { throw ValidationError("--layer-k \(k) --layer-j \(j): expected 0 or more") }
            return [Channel(k: k, j: j)]
        case (nil, nil, false):
            if let twice = channel.first(where: { wanted in channel.count { $0 == wanted } > 1 }) {
                throw ValidationError("--channel \(twice): given twice")
            }
            return channel
        case (_, _, false): throw ValidationError("--channel stands in place of --layer-k and --layer-j")
        case (nil, _, true):
            throw ValidationError("missing --layer-k: after how many blocks A is read (or --channel K:J)")
        case (_, nil, true):
            throw ValidationError("missing --layer-j: after how many blocks B is written (or --channel K:J)")
        }
    }
}

import Devices
import Models
import Run

/// The first phase of an evaluation: what one model has to say to the other.
extension UnitEngine {
    /// What came of a message, whatever it is made of.
    struct Told {
        /// Tokens cut off the prompt that the message comes from.
        var omitted = 0
        var passesOfA = Cost.Passes()
        var bytes = 0
    }

    /// A's activation on a prompt, mapped into B's space.
    struct Spoken {
        /// W · A's activation, [d_B]; A's bare activation, [d_A], where the run has no W.
        var vector: [Float]
        var told: Told
    }

    /// What A has written on a prompt.
    struct Written {
        var text: String
        var told: Told
    }

    /// The messages of one unit: each prompt's once, whichever items and conditions use it.
    struct Messages {
        var spoken: [String: Spoken] = [:]
        /// By prompt and length.
        var written: [Int: [String: Written]] = [:]
    }

    /// Everything that the unit's conditions tell.
    /// - Parameter newTokens: positions that the answer needs: prompts are cut to leave room for them.
    func messages(for unit: EvaluateUnit, newTokens: Int) throws -> Messages {
        let (a, _, _) = try pair()
        var messages = Messages()
        var activationSources: [String] = []
        var writtenSources: [(newTokens: Int, prompts: [String])] = []
        for condition in unit.conditions {
            guard let message = condition.message else { continue }
            let prompts = unit.items.compactMap { $0.prompts[message.source] }
            switch message {
            case .activation, .noise: activationSources += prompts
            case .words(_, let newTokens): writtenSources.append((newTokens, prompts))
            }
        }
        messages.spoken = try activations(
            of: activationSources, in: a, at: unit.channel.k, over: unit.channel, newTokens: newTokens)
        for (words, prompts) in writtenSources {
            let written = try self.written(on: prompts, by: a, newTokens: words, form: unit.form)
            messages.written[words, default: [:]].merge(written) { first, _ in first }
        }
        return messages
    }

    /// A's activations after `layer` blocks at each text's last token, mapped by the channel's W.
    func activations(
        of texts: [String], in a: LoadedModel, at layer: Int, over channel: Channel, newTokens: Int
    ) throws -> [String: Spoken] {
        let distinct = Self.distinct(texts)
        guard !distinct.isEmpty else { return [:] }
        let prompts = try distinct.map { try a.prompt($0, newTokens: newTokens) }
        let streams = try a.model.residualStreams(of: prompts.map(\.tokens), at: ActivationSite(afterBlocks: layer))
        let projection = try training.projection(of: channel)
        var spoken: [String: Spoken] = [:]
        for (place, text) in distinct.enumerated() {
            let vector = try projection.map { try $0.project(streams[place], on: device) } ?? streams[place]
            spoken[text] = Spoken(
                vector: vector,
                told: Told(
                    omitted: prompts[place].omitted,
                    passesOfA: Cost.Passes(count: 1, blocks: layer, tokens: prompts[place].tokens.count),
                    bytes: MemoryLayout<Float>.size * vector.count))
        }
        return spoken
    }

    /// What A writes on each prompt: up to a stop string of the answers', where these are texts.
    private func written(
        on texts: [String], by a: LoadedModel, newTokens: Int, form: AnswerForm
    ) throws -> [String: Written] {
        let distinct = Self.distinct(texts)
        var stops: [String] = []
        if case .text(let limits) = form { stops = limits.stopStrings }
        let limits = GenerationLimits(maximumNewTokens: newTokens, stopStrings: stops)
        let questions = try distinct.map { text in
            Question(condition: 0, model: a, isA: true, prompt: try a.prompt(text, newTokens: newTokens))
        }
        let answers = try answer(questions, choices: nil, limits: limits)
        var written: [String: Written] = [:]
        for (text, answer) in zip(distinct, answers) {
            written[text] = Written(
                text: answer.text,
                told: Told(
                    omitted: answer.omittedPromptTokens, passesOfA: answer.cost.passesOfA,
                    bytes: answer.text.utf8.count))
        }
        return written
    }

    /// In the order of first appearance, each once: partners are often items of the same unit.
    private static func distinct(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}

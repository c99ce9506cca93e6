package import Run

/// What the models read of one item, and what each of its answers rests on.
package struct ItemReading: Codable, Hashable, Sendable {
    /// Each once, whichever conditions have it read.
    package var prompts: [Prompt]
    /// By condition, by answer.
    package var answers: [[AnswerReading]]

    package init(prompts: [Prompt], answers: [[AnswerReading]]) {
        self.prompts = prompts
        self.answers = answers
    }

    package struct Prompt: Codable, Hashable, Sendable {
        /// The model and the prompt's role, such as `b/full`. Unique among an item's.
        package var name: String
        package var model: ModelSide
        /// What the tokens say, special ones among them.
        package var text: String
        /// Where activations are read and written.
        package var mark: Mark
        /// As the model read them: with its chat template, cut on the left where there were too many.
        package var tokens: [Int32]
        /// Tokens that were cut off.
        package var omitted: Int

        package init(
            name: String, model: ModelSide, text: String, mark: Mark, tokens: [Int32], omitted: Int
        ) {
            self.name = name
            self.model = model
            self.text = text
            self.mark = mark
            self.tokens = tokens
            self.omitted = omitted
        }
    }

    /// A token of a prompt, in what its tokens say.
    package struct Mark: Codable, Hashable, Sendable {
        /// Its place, from 0; nil where that is another one in each message.
        package var token: Int?
        /// UTF-16 code units of the text that are the token's, and those behind them; none where it is no part of the text
        /// by itself.
        package var units: Int
        package var unitsBehind: Int

        package init(token: Int?, units: Int, unitsBehind: Int = 0) {
            self.token = token
            self.units = units
            self.unitsBehind = unitsBehind
        }
    }

    package struct AnswerReading: Codable, Hashable, Sendable {
        /// Among the item's prompts.
        package var prompt: Int
        /// Nil where the model was told nothing.
        package var message: Message?

        package init(prompt: Int, message: Message?) {
            self.prompt = prompt
            self.message = message
        }
    }

    package struct Message: Codable, Hashable, Sendable {
        package var told: ToldMessage
        /// Whose it is, where it is another item's: its place in the order of evaluation.
        package var partner: Int?
        /// What it comes from; nil where it comes from no prompt.
        package var source: Source?
        /// Where it was put into a stream; nil for words.
        package var written: Position?

        package init(told: ToldMessage, partner: Int? = nil, source: Source? = nil, written: Position? = nil) {
            self.told = told
            self.partner = partner
            self.source = source
            self.written = written
        }
    }

    package struct Source: Codable, Hashable, Sendable {
        /// Among the item's prompts; nil where it is the partner's.
        package var prompt: Int?
        package var model: ModelSide
        /// Where the stream was read; nil where the model wrote words.
        package var read: Position?

        package init(prompt: Int? = nil, model: ModelSide, read: Position?) {
            self.prompt = prompt
            self.model = model
            self.read = read
        }
    }

    /// In a model's stream over a prompt.
    package struct Position: Codable, Hashable, Sendable {
        package var model: ModelSide
        /// The stream after so many blocks: one number for each of the channel's links.
        package var blocks: [Int]
        /// The tokens' places in the prompt, from 0; at least one.
        package var tokens: Range<Int>

        package init(model: ModelSide, blocks: [Int], tokens: Range<Int>) {
            self.model = model
            self.blocks = blocks
            self.tokens = tokens
        }

        /// At one token.
        package init(model: ModelSide, blocks: [Int], token: Int) {
            self.init(model: model, blocks: blocks, tokens: token..<token + 1)
        }
    }
}

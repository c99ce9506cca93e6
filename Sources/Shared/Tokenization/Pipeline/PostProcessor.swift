/// The special tokens around a text (tokenizers, `processors`): for one text alone, pairs are not encoded here.
struct PostProcessor: Sendable {
    private enum Part: Sendable {
        case text
        case tokens([Int32])
    }

    /// Templates, applied one after the other.
    private var templates: [[Part]] = []

    /// Adds nothing.
    init() {}

    init(_ field: TokenizerField, idCount: Int, depth: Int = 0) throws(TokenizerError) {
        switch try field.type() {
        case "Sequence" where depth < 8:
            try field.allow(["type", "processors"])
            for part in try field.required("processors").elements() {
                templates += try PostProcessor(part, idCount: idCount, depth: depth + 1).templates
            }
            guard templates.count <= 8 else { throw field.invalid("at most 8 templates", found: "\(templates.count)") }
        case "ByteLevel":
            // It trims offsets into the text, which are not kept here.
            try field.allow(["type", "add_prefix_space", "trim_offsets", "use_regex"])
        case "TemplateProcessing":
            try field.allow(["type", "single", "pair", "special_tokens"])
            templates = [try Self.template(field, idCount)]
        case "BertProcessing", "RobertaProcessing":
            try field.allow(["type", "sep", "cls", "trim_offsets", "add_prefix_space"])
            templates = [
                [
                    .tokens([try Self.tokenAndID(try field.required("cls"), idCount)]), .text,
                    .tokens([try Self.tokenAndID(try field.required("sep"), idCount)]),
                ]
            ]
        default:
            throw try field.required("type").unsupported(
                understood: "Sequence, ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing")
        }
    }

    func apply(to ids: [Int32]) -> [Int32] {
        var ids = ids
        for template in templates {
            var result: [Int32] = []
            result.reserveCapacity(ids.count + template.count)
            for part in template {
                switch part {
                case .text: result += ids
                case .tokens(let tokens): result += tokens
                }
            }
            ids = result
        }
        return ids
    }

    private static func template(_ field: TokenizerField, _ idCount: Int) throws(TokenizerError) -> [Part] {
        var texts = 0
        var parts: [Part] = []
        let specials = try field.optional("special_tokens")
        for piece in try field.required("single").elements() {
            try piece.allow(["SpecialToken", "Sequence"])
            if let sequence = try piece.optional("Sequence") {
                let id = try sequence.required("id")
                guard try id.string() == "A" else { throw id.unsupported(understood: "A in a single text") }
                texts += 1
                parts.append(.text)
                continue
            }
            let id = try piece.required("SpecialToken").required("id")
            guard let special = try specials?.optional(try id.string()) else {
                throw id.invalid("a name that \(field.path).special_tokens has")
            }
            var tokens: [Int32] = []
            for token in try special.required("ids").elements() {
                tokens.append(Int32(try token.integer(in: 0...max(0, idCount - 1))))
            }
            parts.append(.tokens(tokens))
        }
        guard texts == 1, parts.count <= 1024 else {
            throw try field.required("single").invalid("the text A once", found: "it \(texts) times")
        }
        return parts
    }

    /// Reads `["</s>", 2]`.
    private static func tokenAndID(_ field: TokenizerField, _ idCount: Int) throws(TokenizerError) -> Int32 {
        let elements = try field.elements()
        guard elements.count == 2 else { throw field.invalid("a token and its id") }
        return Int32(try elements[1].integer(in: 0...max(0, idCount - 1)))
    }
}

import CWireMessages
import Run

extension Channel {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Channel> {
        let message = writer.new(wire__channel__init)
        (message.pointee.has_k, message.pointee.k) = writer.field(k)
        (message.pointee.has_j, message.pointee.j) = writer.field(j)
        (message.pointee.has_fit, message.pointee.fit) = writer.field(fit.code)
        if isReverse { (message.pointee.has_reverse, message.pointee.reverse) = writer.field(true) }
        (message.pointee.n_further, message.pointee.further) = writer.messages(Array(links.dropFirst())) {
            $0.write(writer)
        }
        return message
    }

    init(_ pointer: UnsafeMutablePointer<Wire__Channel>?, _ name: String) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) -> Channel in
            let first = Link(
                k: try Field.number(message.has_k, message.k, "k", in: 0...WireLimits.layers),
                j: try Field.number(message.has_j, message.j, "j", in: 0...WireLimits.layers))
            let fit: ProjectionFit = try Field.choice(message.has_fit, message.fit, "fit")
            let further = try Field.messages(message.n_further, message.further, "further") {
                (link) throws(WireError) in try Link(link)
            }
            let isReverse =
                message.has_reverse == 0 ? false : try Field.flag(message.has_reverse, message.reverse, "reverse")
            do {
                return try Channel([first] + further, fit: fit, isReverse: isReverse)
            } catch {
                throw WireError(field: "further", expected: "other blocks of B, ascending", found: "\(error)")
            }
        }
    }
}

extension Channel.Link {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Link> {
        let message = writer.new(wire__link__init)
        (message.pointee.has_k, message.pointee.k) = writer.field(k)
        (message.pointee.has_j, message.pointee.j) = writer.field(j)
        return message
    }

    fileprivate init(_ message: Wire__Link) throws(WireError) {
        self.init(
            k: try Field.number(message.has_k, message.k, "k", in: 0...WireLimits.layers),
            j: try Field.number(message.has_j, message.j, "j", in: 0...WireLimits.layers))
    }
}

extension TextActivations {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__TextActivations> {
        let message = writer.new(wire__text_activations__init)
        (message.pointee.has_model, message.pointee.model) = writer.field(site.model.code)
        (message.pointee.has_blocks, message.pointee.blocks) = writer.field(site.blocks)
        (message.pointee.n_texts, message.pointee.texts) = writer.list(texts)
        message.pointee.values = writer.matrix(values)
        return message
    }

    init(_ message: Wire__TextActivations, _ tensors: inout TensorFrames) throws(WireError) {
        let texts = try Field.numbers(message.n_texts, message.texts, "texts")
        let values = try tensors.matrix(message.values, "values")
        try values.require(rows: texts.count, "values")
        guard values.columns > 0 else {
            throw WireError(field: "values", expected: "at least one column", found: "0")
        }
        self.init(
            site: Site(
                try Field.choice(message.has_model, message.model, "model"),
                blocks: try Field.number(message.has_blocks, message.blocks, "blocks", in: 0...WireLimits.layers)),
            texts: texts, values: values)
    }
}

extension FloatMatrix {
    /// Refuses another number of rows.
    func require(rows expected: Int, _ name: String) throws(WireError) {
        guard rows == expected else {
            throw WireError(field: name, expected: "\(expected) rows", found: "\(rows)")
        }
    }
}

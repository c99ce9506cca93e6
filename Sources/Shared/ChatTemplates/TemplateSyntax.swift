/// What a template is made of.
indirect enum Statement {
    case text(String)
    case output(Expression)
    /// Of each branch the condition, nil for `else`.
    case condition([(Expression?, [Statement])])
    case loop(names: [String], over: Expression, filter: Expression?, body: [Statement], otherwise: [Statement])
    case assignment(name: String, attribute: String?, Expression)
}

/// An expression, and the line that it stands in.
struct Expression {
    indirect enum Kind {
        case literal(TemplateValue)
        case name(String)
        case list([Expression])
        case dictionary([(Expression, Expression)])
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, from: Expression?, to: Expression?, step: Expression?)
        case call(Expression, [Argument])
        case filter(Expression, String, [Argument])
        case test(Expression, String, [Argument], negated: Bool)
        case not(Expression)
        case negative(Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case operation(String, Expression, Expression)
        case choice(Expression, condition: Expression, otherwise: Expression?)
    }

    struct Argument {
        let name: String?
        let value: Expression
    }

    let kind: Kind
    let line: Int
}

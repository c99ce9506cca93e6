/// What a template is made of.
indirect enum Statement {
    case text(String)
    case output(Expression)
    /// Of each branch the condition, nil for `else`.
    case condition([(Expression?, [Statement])])
    case loop(Loop)
    case assignment(Target, Expression)
    /// `{% set x %}…{% endset %}`, through filters where there are any.
    case capture(Target, [FilterUse], body: [Statement])
    case filtered([FilterUse], body: [Statement], line: Int)
    case macro(MacroDefinition)
    case call(Expression, MacroDefinition)
    case with([(Target, Expression)], body: [Statement])
    case leave
    case next

    struct Loop {
        let target: Target
        let over: Expression
        let filter: Expression?
        let isRecursive: Bool
        let body: [Statement]
        let otherwise: [Statement]
    }

    /// What a value is given to.
    indirect enum Target {
        case name(String)
        case attribute(of: String, String)
        case tuple([Target])
    }

    struct FilterUse {
        let name: String
        let arguments: [Expression.Argument]
        let line: Int
    }
}

/// A macro, or the body of a `call`.
struct MacroDefinition {
    let name: String
    let parameters: [(name: String, standard: Expression?)]
    let body: [Statement]
    /// Whether the body asks for the arguments that no parameter takes.
    let takesMore: (plain: Bool, named: Bool)
    let line: Int
}

/// An expression, and the line that it stands in.
struct Expression {
    indirect enum Kind {
        case literal(TemplateValue)
        case name(String)
        case list([Expression])
        case tuple([Expression])
        case dictionary([(Expression, Expression)])
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, from: Expression?, to: Expression?, step: Expression?)
        case call(Expression, [Argument])
        case filter(Expression, Statement.FilterUse)
        case test(Expression, String, [Argument])
        case not(Expression)
        case negative(Expression)
        case positive(Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case operation(String, Expression, Expression)
        /// `a < b <= c`.
        case comparison(Expression, [(symbol: String, Expression)])
        case concatenation([Expression])
        case choice(Expression, condition: Expression, otherwise: Expression?)
    }

    struct Argument {
        let name: String?
        let value: Expression
    }

    let kind: Kind
    let line: Int
}

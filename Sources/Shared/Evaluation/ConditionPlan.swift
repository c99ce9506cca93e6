package import Run

/// Which conditions a task is run under.
package enum ConditionPlan {
    /// In the order in which they are run and reported.
    ///
    /// ``Condition/bPrompt`` is left out where B's own prompt is the full one (``Condition/bFull`` is that) or the
    /// bare cue (``Condition/noContext`` is that). GSM8K has no context, so its question is its full prompt.
    package static func conditions(for task: EvaluationTask, bPrompt: BPrompt) -> [Condition] {
        let hasContext =
            switch task {
            case .squad: true
            case .gsm8k: false
            }
        let ownPromptDiffers = bPrompt == .question && hasContext
        return Condition.allCases.filter { $0 != .bPrompt || ownPromptDiffers }
    }
}

/// A setting as `coordinator run` takes it: by the name of its flag, without the dashes.
package struct RunSetting: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case text(String)
        case texts([String])
        case count(Int)
        case seed(UInt64)
        case number(Double)
        /// Of a flag without a value.
        case isOn(Bool)
    }

    package let flag: String
    package let value: Value

    package init(_ flag: String, _ value: Value) {
        self.flag = flag
        self.value = value
    }
}

extension RunConfiguration {
    /// All settings that say something, in the order of the flags' help: given again they make the same run. What is
    /// left to its default by saying nothing is left out.
    package var settings: [RunSetting] {
        pair + data + trainingSettings + evaluationSettings + [
            RunSetting("compute-type", .text(computeType.rawValue)), RunSetting("chat", .isOn(chat)),
        ] + readingSettings + [RunSetting("seed", .seed(seed))]
    }

    private var readingSettings: [RunSetting] {
        let variables = reading.templateVariables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let texts = [("template-variable", variables), ("ignore-config-field", reading.ignoredConfigFields)]
        let text = [("template-date", reading.templateDate), ("think-end", reading.thinkEnd)]
        return texts.filter { !$0.1.isEmpty }.map { RunSetting($0.0, .texts($0.1)) }
            + text.compactMap { flag, text in text.map { RunSetting(flag, .text($0)) } }
    }

    private var pair: [RunSetting] {
        var settings = [RunSetting("model-a", .text(modelA)), RunSetting("model-b", .text(modelB))]
        let lines = channels.lines
        if lines.count == 1, !lines[0].hasSeveralLinks {
            settings += [RunSetting("layer-k", .count(lines[0].k)), RunSetting("layer-j", .count(lines[0].j))]
        } else {
            settings.append(RunSetting("channel", .texts(lines.map(\.description))))
        }
        let fits = ProjectionFit.allCases.filter { fit in channels.contains { $0.fit == fit } }
        if fits != [.adam] { settings.append(RunSetting("fit", .text(fits.map(\.rawValue).joined(separator: ",")))) }
        settings.append(RunSetting("experiments", .text(experiments.map(\.rawValue).joined(separator: ","))))
        switch projection {
        case .trained: break
        case .files(let files): settings.append(RunSetting("projection", .texts(files)))
        case .none: settings.append(RunSetting("no-projection", .isOn(true)))
        }
        return settings
    }

    private var data: [RunSetting] {
        var settings: [RunSetting] = []
        var own: [String] = []
        func add(_ flag: String, _ files: [String]) {
            if let first = files.first, first.hasSuffix(".yaml") || first.hasSuffix(".yml") {
                if !own.contains(first) { own.append(first) }
            } else {
                // Several are those of a folder.
                settings.append(RunSetting(flag, .text(files.count == 1 ? files[0] : ".")))
            }
        }
        if let split = training.fitOn {
            add(split, training.files)
        } else if !training.files.isEmpty {
            settings.append(RunSetting("c4", .texts(training.files)))
        }
        for (task, files) in evaluation.files.sorted(by: { $0.key < $1.key }) { add(task, files) }
        if !own.isEmpty { settings.append(RunSetting("task", .texts(own))) }
        if evaluation.shots > 0 { settings.append(RunSetting("shots", .count(evaluation.shots))) }
        for (flag, file) in [("verify-a", verifyA), ("verify-b", verifyB)] {
            if let file { settings.append(RunSetting(flag, .text(file))) }
        }
        if let groups = evaluation.groups {
            settings.append(RunSetting("groups", .text(groups.joined(separator: ","))))
        }
        if let limit = evaluation.limit { settings.append(RunSetting("limit", .count(limit))) }
        if let skipUnreadable { settings.append(RunSetting("skip-unreadable", .count(skipUnreadable))) }
        return settings
    }

    private var trainingSettings: [RunSetting] {
        let heldOut = training.heldOut.map { [RunSetting("held-out", .count($0))] } ?? []
        let fitOn = training.fitOn.map { [RunSetting("fit-on", .text($0))] } ?? []
        let reverse = training.reverse == true ? [RunSetting("reverse", .isOn(true))] : []
        return fitOn + [RunSetting("rows", .count(training.rows))] + heldOut + reverse + [
            RunSetting("epochs", .count(training.epochs)), RunSetting("batch", .count(training.batch)),
            RunSetting("shard-rows", .count(training.shardRows)),
            RunSetting("learning-rate", .number(training.learningRate)),
            RunSetting("init", .text(training.initialization.rawValue)),
            RunSetting("cut", .text(training.cut.rawValue)),
            RunSetting("max-tokens", .count(training.maximumTokens)),
        ]
    }

    private var evaluationSettings: [RunSetting] {
        var settings = [
            RunSetting("op", .text(operation.rawValue)), RunSetting("alpha", .number(strength)),
        ]
        if matchesNorm == true { settings.append(RunSetting("match-norm", .isOn(true))) }
        if let positions { settings.append(RunSetting("position", .text(positions.description))) }
        if let others = evaluation.others { settings.append(RunSetting("others", .count(others))) }
        settings += [
            RunSetting("message-tokens", .count(evaluation.messageTokens)),
            RunSetting("debate-rounds", .count(evaluation.debateRounds)),
            RunSetting("endpoints", .text(evaluation.endpoints.map(\.rawValue).joined(separator: ","))),
        ]
        if let conditions = evaluation.conditions {
            settings.append(RunSetting("conditions", .text(conditions.joined(separator: ","))))
        }
        settings += [
            RunSetting("b-prompt", .text(evaluation.bPrompt.rawValue)),
            RunSetting("protocol", .text(evaluation.preset.rawValue)),
        ]
        if !similarity.layers.isEmpty {
            settings.append(
                RunSetting("similarity-layers", .text(similarity.layers.map(String.init).joined(separator: ","))))
        }
        return settings + [
            RunSetting("similarity-tokens", .count(similarity.newTokens)),
            RunSetting("similarity-prompts", .texts(similarity.prompts)),
        ]
    }
}

import Run

/// Workers that answer wrongly. A share of the units of workers from elsewhere counts only once two have given the
/// same answer; where two answers differ a third worker decides, and whoever was wrong is ended by name. What it alone
/// computed is done again.
///
/// The coordinator's own workers are believed: they are its program, on its machine.
extension RunControl {
    // MARK: Units that two have to agree on

    /// Takes an answer to a unit in that is not finished.
    /// - Returns: whether it counts.
    mutating func confirm(
        _ unit: UnitID, _ digest: String, by place: Int, at now: Instant, _ effects: inout [Effect]
    ) -> Bool {
        let name = workers[place].registration.worker
        let known = claims[unit] ?? []
        guard !known.isEmpty || needsConfirmation(unit, place) else {
            authors[unit] = Author(worker: name, isConfirmed: workers[place].isOwn)
            return true
        }
        if known.contains(where: { $0.worker == name }) {
            // It held the unit twice, having been taken for lost in between: now it is for others alone.
            giveBack(unit)
            return false
        }
        guard workers[place].isOwn || known.contains(where: { $0.digest == digest }) else {
            claim(unit, digest, by: name, known, at: now, &effects)
            return false
        }
        claims[unit] = nil
        authors[unit] = Author(worker: name, isConfirmed: true)
        let losers = known.filter { $0.digest != digest }.map(\.worker)
        if !losers.isEmpty { settleAlarm(on: unit) }
        for loser in losers { convict(loser, of: unit, at: now, &effects) }
        return true
    }

    private mutating func claim(
        _ unit: UnitID, _ digest: String, by name: String, _ known: [Claim], at now: Instant,
        _ effects: inout [Effect]
    ) {
        let all = known + [Claim(worker: name, digest: digest)]
        claims[unit] = all
        if all.count >= limits.answersPerUnit {
            fail("no two of \(all.count) workers give the same answer to \(unit)", at: now, &effects)
        } else if all.count > 1 {
            raise("two answers to \(unit) differ: \(Self.names(all)); another worker is asked", on: unit, at: now)
        }
        giveBack(unit)
    }

    private func needsConfirmation(_ unit: UnitID, _ place: Int) -> Bool {
        guard limits.verifiedShare > 0, !workers[place].isOwn, !unsettled.contains(unit) else { return false }
        if limits.verifiedShare >= 1 { return true }
        guard readyPlaces.contains(where: { $0 != place }) else { return false }
        var generator = NamedGenerator(seed: limits.verificationSeed, purpose: "verification", key: unit.description)
        return generator.uniform() < limits.verifiedShare
    }

    /// Where nobody is left who could give another answer, the next one counts by itself. Unless all of them are to be
    /// confirmed: then the run waits.
    mutating func excuseFromConfirmation(at now: Instant, _ effects: inout [Effect]) {
        guard limits.verifiedShare < 1, !claims.isEmpty else { return }
        for unit in claims.keys.sorted() where holders[unit] == nil {
            let isAnyLeft = readyPlaces.contains { mayTake(unit, $0) }
            if isAnyLeft || readyPlaces.isEmpty { continue }
            if let all = claims.removeValue(forKey: unit), all.count > 1 {
                raise(
                    "ALARM: two answers to \(unit) differ: \(Self.names(all)), and nobody else is there to tell which is "
                        + "right; the next one counts", on: unit, at: now)
            }
            unsettled.insert(unit)
            giveBack(unit)
        }
    }

    // MARK: Answers to what is done

    /// Takes an answer to a unit in that is finished.
    mutating func compare(
        _ unit: UnitID, _ digest: String, from place: Int, at now: Instant, _ effects: inout [Effect]
    ) {
        let isOfStep = isStepped && unit.stage == .train
        let first =
            done[unit] ?? persisting[unit] ?? (isOfStep ? stage.shardDigests[unit.index - firstUnitOfStep] : nil)
        guard let first else { return }
        let name = workers[place].registration.worker
        guard first != digest else {
            if isOfStep { workers[place].supplies[0].note(ownShard: unit) }
            if let author = authors[unit]?.worker, author != name { authors[unit]?.isConfirmed = true }
            return
        }
        dispute(unit, first, digest, by: place, at: now, &effects)
    }

    private mutating func dispute(
        _ unit: UnitID, _ first: String, _ second: String, by place: Int, at now: Instant, _ effects: inout [Effect]
    ) {
        let name = workers[place].registration.worker
        guard let author = authors[unit], author.worker != name else {
            raise(
                "ALARM: a second answer to \(unit) differs from the first, which counts: "
                    + (authors[unit] == nil ? "\(name)'s from that of an earlier coordinator" : "both are of \(name)"),
                on: unit, at: now)
            return
        }
        if author.isConfirmed { return convict(name, of: unit, at: now, &effects) }
        let answers = [Claim(worker: author.worker, digest: first), Claim(worker: name, digest: second)]
        let isAnyLeft = workers.contains { worker in
            worker.presence.isReady && !answers.contains { $0.worker == worker.registration.worker }
        }
        guard isAnyLeft, isAtWork(unit.stage), stage.activity == .working, life == .running else {
            raise(
                "ALARM: two answers to \(unit) differ: \(author.worker)'s, which counts, and \(name)'s: a result depended "
                    + "on who computed it", on: unit, at: now)
            return
        }
        raise("two answers to \(unit) differ: \(Self.names(answers)); another worker is asked", on: unit, at: now)
        reopen(unit, answers, &effects)
    }

    /// A unit's answer counts no more; it is asked again.
    mutating func reopen(_ unit: UnitID, _ answers: [Claim], _ effects: inout [Effect]) {
        if persisting[unit] != nil {
            disputes[unit] = answers
            return
        }
        authors[unit] = nil
        if !answers.isEmpty { claims[unit] = answers }
        if isStepped, unit.stage == .train {
            stage.shardDigests[unit.index - firstUnitOfStep] = nil
        } else if done.removeValue(forKey: unit) != nil {
            if isAtWork(unit.stage) {
                stage.doneCount -= 1
                stage.counted -= plan[unit.stage]?.count(ofUnit: unit.index) ?? 0
            }
            effects.append(.retract(unit))
        }
        giveBack(unit)
    }

    // MARK: Who was wrong

    /// A worker answered a unit otherwise than others: it is ended, and what it alone computed is done again.
    private mutating func convict(_ name: String, of unit: UnitID, at now: Instant, _ effects: inout [Effect]) {
        let own = authors.filter { $0.value.worker == name && !$0.value.isConfirmed }.map(\.key).sorted()
        record(
            "answers wrongly: \(unit), otherwise than others; it is ended, and \(own.count) units that it alone computed "
                + "are done again", worker: name, at: now)
        if let place = places[name] {
            let reason = "answered \(unit) otherwise than others"
            if let peer = workers[place].presence.peer { effects.append(.send(peer, .refusal(reason: "it \(reason)"))) }
            stopProcess(of: place, &effects)
            lose(place, because: reason, hasLeft: true, as: .barred("it \(reason)"), at: now, &effects)
            setPresence(.barred("it \(reason)"), of: place)
        }
        let extracted = isAtWork(.extract) ? nil : own.first { $0.stage == .extract }
        let isTaught = trainers.contains(name) || own.contains { $0.stage == .train && isTaken($0) }
        if extracted != nil || isTaught {
            unlearn(own, &effects)
            fail(
                "W was learned from what \(name) computed, which answers wrongly (\(unit)); that and what follows from it "
                    + "is taken back, and the same command does it again, without that worker", at: now, &effects)
            return
        }
        for (unit, answers) in claims {
            let others = answers.filter { $0.worker != name }
            claims[unit] = others.isEmpty ? nil : others
        }
        for unit in own { reopen(unit, [], &effects) }
    }

    /// W was learned from units that are wrong: they count no more, nor do steps and whatever was computed with W.
    private func unlearn(_ wrong: [UnitID], _ effects: inout [Effect]) {
        let known = Set(done.keys).union(persisting.keys)
        let following = known.filter { $0.stage != .extract }
        effects.append(.unlearn(following.union(known.intersection(wrong)).union([.firstOfTraining]).sorted()))
    }

    /// Whether W has taken the unit of the training in, or is about to.
    private func isTaken(_ unit: UnitID) -> Bool { !isAtWork(.train) || stage.activity != .working }

    /// The step at work has taken its shards in.
    mutating func forgetAuthorsOfStep() {
        guard let schedule = trainingSchedule else { return }
        for index in firstUnitOfStep..<firstUnitOfStep + schedule.shardsPerStep {
            guard let author = authors.removeValue(forKey: UnitID(.train, index)) else { continue }
            if !author.isConfirmed { trainers.insert(author.worker) }
        }
    }

    private static func names(_ answers: [Claim]) -> String {
        answers.map { "\($0.worker)'s" }.joined(separator: ", ")
    }
}

/// An answer that does not count yet.
struct Claim: Hashable, Sendable {
    var worker: String
    /// Of the result.
    var digest: String
}

/// Who computed what counts.
struct Author: Hashable, Sendable {
    var worker: String
    /// Whether another one gave the same answer, or it is the coordinator's own.
    var isConfirmed: Bool
}

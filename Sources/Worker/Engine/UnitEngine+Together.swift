import Devices
import Generation
import Models
package import Run

/// Units that ask models for answers, worked on together: their sequences are decoded side by side, whichever unit they
/// are of. A result leaves when its own unit is whole, and has the bits that it has alone.
extension UnitEngine {
    package func execute(
        _ first: Grant, besides next: () -> Grant?, finish: (LeaseID, Result<UnitResult, any Error>) -> Void
    ) {
        guard first.id.stage.asksForAnswers else {
            decoding = [:]
            finish(first.lease, Result { try execute(first) })
            return
        }
        var routines: [UnitRoutine] = []
        var candidate: Grant? = first
        while true {
            while openSequences < device.standardBatch, let grant = candidate ?? next() {
                candidate = nil
                begin(grant, &routines, finish)
            }
            guard !routines.isEmpty else { return }
            for (model, loop) in decoding where loop.isBusy { decode(loop, of: model, &routines, finish) }
        }
    }

    /// Sequences that have not ended, of both models.
    private var openSequences: Int { decoding.values.reduce(0) { $0 + $1.openCount } }

    private func begin(
        _ grant: Grant, _ routines: inout [UnitRoutine], _ finish: (LeaseID, Result<UnitResult, any Error>) -> Void
    ) {
        let routine = UnitRoutine(lease: grant.lease) { [unowned self] _ in try execute(grant) }
        routines.append(routine)
        run(routine, &routines, finish) { $0.resume() }
    }

    /// Takes a loop a step on, and the units whose continuations are there with it.
    private func decode(
        _ loop: DecodingLoop, of model: ObjectIdentifier, _ routines: inout [UnitRoutine],
        _ finish: (LeaseID, Result<UnitResult, any Error>) -> Void
    ) {
        do {
            let began = ContinuousClock.now
            let open = waiting.filter { $0.key.model == model }.map {
                ($0.value, sequences: loop.openCount(of: $0.key.batch))
            }
            let whole = try loop.step()
            share((ContinuousClock.now - began) / .seconds(1), among: open)
            for (key, routine) in waiting where key.model == model {
                note(loop.share(of: key.batch), ofTheWishOf: routine)
            }
            for (batch, results) in whole {
                guard let routine = waiting.removeValue(forKey: Waiting(model: model, batch: batch)) else { continue }
                run(routine, &routines, finish) { $0.resume(with: .success(results)) }
            }
        } catch {
            // The device failed: so have all units that waited for it.
            for key in waiting.keys.filter({ $0.model == model }).sorted(by: { $0.batch < $1.batch }) {
                guard let routine = waiting.removeValue(forKey: key) else { continue }
                run(routine, &routines, finish) { $0.resume(with: .failure(error)) }
            }
        }
    }

    /// Of a step's time each unit has as much as its sequences are of all that wait or are decoded.
    private func share(_ seconds: Double, among open: [(UnitRoutine, sequences: Int)]) {
        let all = Double(open.reduce(0) { $0 + $1.sequences })
        guard all > 0 else { return }
        for (routine, sequences) in open { routine.spending.add(seconds * Double(sequences) / all) }
    }

    /// Notes how much of a unit is done: as much of its answers as there are, and of those that it waits for this share.
    private func note(_ share: Double, ofTheWishOf routine: UnitRoutine) {
        guard let stretch = routine.stretch else { return }
        meter?.note(
            stretch.lowerBound + share * (stretch.upperBound - stretch.lowerBound), of: routine.lease)
    }

    /// Lets a unit run until it waits for continuations, which are then decoded with the others', or ends.
    private func run(
        _ routine: UnitRoutine, _ routines: inout [UnitRoutine],
        _ finish: (LeaseID, Result<UnitResult, any Error>) -> Void, _ resume: (UnitRoutine) -> Void
    ) {
        running = routine
        resume(routine)
        while let wish = routine.wish {
            do {
                let loop = decodingLoop(of: wish.model)
                let batch = try loop.add(wish.requests)
                waiting[Waiting(model: ObjectIdentifier(wish.model), batch: batch)] = routine
                running = nil
                return
            } catch {
                routine.resume(with: .failure(error))
            }
        }
        running = nil
        routines.removeAll { $0 === routine }
        if let result = routine.result {
            if case .success(.evaluate(let found)) = result {
                let count = found.items.first?.answers.count ?? 0
                meter?.note(spending: routine.spending.byCondition(count: count), of: routine.lease)
            }
            finish(routine.lease, result)
        }
    }

    private func decodingLoop(of model: LanguageModel) -> DecodingLoop {
        if let loop = decoding[ObjectIdentifier(model)] { return loop }
        let isOnly = (try? pair()).map { $0.a.model === $0.b.model } ?? true
        let loop = DecodingLoop(model: model, maximumBatch: device.standardBatch, memoryShare: isOnly ? 1 : 0.5)
        decoding[ObjectIdentifier(model)] = loop
        return loop
    }

    /// Continuations, in the order of the requests: with those of the units beside this one, where there are any.
    ///
    /// What is asked twice is answered once: conditions that read the same and are told nothing, of one model or of two
    /// that are the same.
    /// - Parameter requests: all with the same limits.
    func continuations(of requests: [GenerationRequest], by model: LanguageModel) throws -> [GenerationResult] {
        var places: [Asked: Int] = [:]
        var distinct: [GenerationRequest] = []
        let order = requests.map { request in
            let asked = Asked(tokens: request.tokens, injections: request.injections)
            if let place = places[asked] { return place }
            places[asked] = distinct.count
            distinct.append(request)
            return distinct.count - 1
        }
        let results =
            try running?.continuations(of: distinct, by: model)
            ?? Generator(model: model, maximumBatch: device.standardBatch).generate(distinct)
        return order.map { results[$0] }
    }

    private struct Asked: Hashable {
        var tokens: [Int32]
        var injections: [Injection]
    }

    /// Whose continuations a batch of a model's loop is.
    struct Waiting: Hashable {
        var model: ObjectIdentifier
        var batch: DecodingLoop.BatchID
    }
}

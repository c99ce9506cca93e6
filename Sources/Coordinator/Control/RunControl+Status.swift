package import Run

extension RunControl {
    /// What the run is doing now. Bytes in and out are the transport's to fill in.
    package func status(at now: Instant) -> RunStatus {
        RunStatus(
            run: plan.run, phase: phase, elapsedSeconds: now.seconds(since: started),
            stages: plan.stages.enumerated().map { position, stage in
                status(of: stage, position: position, at: now)
            },
            loss: loss,
            workers: workers.map { status(of: $0, at: now) }, alarms: alarms.map(\.fault),
            faults: faults, faultCount: faultCount)
    }

    /// The kinds of device of the workers that have done a unit.
    package var deviceKindsAtWork: [DeviceKind] {
        workers.filter { $0.unitsDone > 0 }.map(\.registration.deviceKind)
    }

    private var phase: RunStatus.Phase {
        switch life {
        case .running: .running
        case .ending(.interrupted), .ended(.interrupted): .stopping
        case .ending(.done), .ended(.done): .done
        case .ending(.failed), .ended(.failed): .failed
        }
    }

    private func status(of planned: StagePlan, position: Int, at now: Instant) -> StageStatus {
        var unitsDone = 0
        var seconds = 0.0
        var inThisLife = 0
        if position < stagePosition {
            unitsDone = planned.total
            seconds = stageSeconds[planned.stage] ?? 0
            inThisLife = stageUnits[planned.stage] ?? 0
        } else if position == stagePosition {
            unitsDone = stage.doneCount
            seconds = now.seconds(since: stage.began)
            inThisLife = stage.doneCount - stage.doneBefore
        }
        let rate = inThisLife > 0 && seconds > 0 ? Double(inThisLife) / seconds : nil
        return StageStatus(
            stage: planned.stage, unitsDone: unitsDone, unitsTotal: planned.total, seconds: seconds, rate: rate,
            etaSeconds: position == stagePosition ? rate.map { Double(planned.total - unitsDone) / $0 } : nil)
    }

    private func status(of worker: WorkerRecord, at now: Instant) -> WorkerStatus {
        let state: WorkerStatus.State =
            switch worker.presence {
            case .lost, .barred: .lost
            case .loading: .loading
            case .ready: worker.leases.isEmpty ? .idle : .working
            }
        let active = worker.readySince.map { worker.lastHeard.seconds(since: $0) } ?? 0
        return WorkerStatus(
            worker: worker.registration.worker, host: worker.registration.host,
            processID: worker.registration.processID, deviceKind: worker.registration.deviceKind, state: state,
            unitsDone: worker.unitsDone, leases: worker.leases.count,
            rate: worker.unitsDone > 0 && active > 0 ? Double(worker.unitsDone) / active : nil,
            lastHeardSeconds: now.seconds(since: worker.lastHeard), bytesIn: 0, bytesOut: 0)
    }
}

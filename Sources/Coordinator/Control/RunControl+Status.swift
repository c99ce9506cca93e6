package import Run

extension RunControl {
    /// What the run is doing now. Bytes in and out are the transport's to fill in.
    package func status(at now: Instant) -> RunStatus {
        let underWay = underWay
        return RunStatus(
            run: plan.run, phase: phase, elapsedSeconds: now.seconds(since: started),
            etaSeconds: life == .running ? etaSeconds(at: now, underWay: underWay) : nil,
            stages: plan.stages.enumerated().map { position, stage in
                status(of: stage, position: position, underWay: underWay, at: now)
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
        case .ending(.interrupted): .stopping
        case .ended(.interrupted): .interrupted
        case .ending(.done), .ended(.done): .done
        case .ending(.failed), .ended(.failed): .failed
        }
    }

    private func status(
        of planned: StagePlan, position: Int, underWay: Double, at now: Instant
    ) -> StageStatus {
        let total = planned.countTotal
        var status = StageStatus(
            stage: planned.stage, unitsDone: 0, unitsTotal: planned.total, counted: planned.counted, total: total,
            seconds: 0, rate: nil, etaSeconds: nil)
        if position < stagePosition {
            status.unitsDone = planned.total
            status.done = total
            status.seconds = stageSeconds[planned.stage] ?? 0
            let count = stageCounts[planned.stage] ?? 0
            status.rate = count > 0 && status.seconds > 0 ? Double(count) / status.seconds : nil
        } else if position == stagePosition {
            status.unitsDone = stage.doneCount
            status.done = stage.counted
            status.underWay = min(Int(underWay), total - stage.counted)
            status.seconds = now.seconds(since: stage.began)
            status.rate = rate(at: now, underWay: underWay)
            status.etaSeconds = status.rate.map { Double(total - status.done - status.underWay) / $0 }
        }
        return status
    }

    private func status(of worker: WorkerRecord, at now: Instant) -> WorkerStatus {
        let state: WorkerStatus.State =
            switch worker.presence {
            case .lost, .barred: .lost
            case .loading: .loading
            case .ready: worker.leases.isEmpty ? .idle : .working
            }
        let held = worker.leases.first.flatMap { leases[$0] }
        let active = worker.readySince.map { worker.lastHeard.seconds(since: $0) } ?? 0
        return WorkerStatus(
            worker: worker.registration.worker, host: worker.registration.host,
            processID: worker.registration.processID, deviceKind: worker.registration.deviceKind,
            device: worker.registration.device, state: state,
            unitsDone: worker.unitsDone, leases: worker.leases.count,
            unit: held.map { "\($0.unit)" }, unitShare: held.flatMap(\.share), memoryBytes: worker.memoryBytes,
            rate: worker.unitsDone > 0 && active > 0 ? Double(worker.unitsDone) / active : nil,
            lastHeardSeconds: now.seconds(since: worker.lastHeard), bytesIn: 0, bytesOut: 0)
    }
}

import CWireMessages
import Run

extension RunStatus {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__RunStatus> {
        let message = writer.new(wire__run_status__init)
        (message.pointee.has_run, message.pointee.run) = writer.field(run)
        (message.pointee.has_phase, message.pointee.phase) = writer.field(phase.code)
        (message.pointee.has_elapsed_seconds, message.pointee.elapsed_seconds) = writer.field(elapsedSeconds)
        (message.pointee.has_eta_seconds, message.pointee.eta_seconds) = writer.field(etaSeconds)
        (message.pointee.n_stages, message.pointee.stages) = writer.messages(stages) { $0.write(writer) }
        (message.pointee.n_scores, message.pointee.scores) = writer.messages(scores) { $0.write(writer) }
        (message.pointee.has_loss, message.pointee.loss) = writer.field(loss)
        (message.pointee.has_training_bytes_per_step, message.pointee.training_bytes_per_step) = writer.field(
            trainingBytesPerStep)
        (message.pointee.n_workers, message.pointee.workers) = writer.messages(workers) { $0.write(writer) }
        (message.pointee.n_alarms, message.pointee.alarms) = writer.messages(alarms) { $0.write(writer) }
        (message.pointee.n_faults, message.pointee.faults) = writer.messages(faults) { $0.write(writer) }
        (message.pointee.has_fault_count, message.pointee.fault_count) = writer.field(faultCount)
        return message
    }

    init(_ message: Wire__RunStatus) throws(WireError) {
        self.init(
            run: try Field.text(message.has_run, message.run, "run"),
            phase: try Field.choice(message.has_phase, message.phase, "phase"),
            elapsedSeconds: try Field.measure(message.has_elapsed_seconds, message.elapsed_seconds, "elapsed_seconds"),
            etaSeconds: try Field.optionalMeasure(message.has_eta_seconds, message.eta_seconds, "eta_seconds"),
            stages: try Field.messages(message.n_stages, message.stages, "stages") { (stage) throws(WireError) in
                try StageStatus(stage)
            },
            scores: try Field.messages(message.n_scores, message.scores, "scores") { (score) throws(WireError) in
                try RunningScore(score)
            },
            // A training that diverges has an infinite loss or none at all: the one who watches shall see it.
            loss: message.has_loss == 0 ? nil : message.loss,
            trainingBytesPerStep: try Field.optionalMeasure(
                message.has_training_bytes_per_step, message.training_bytes_per_step, "training_bytes_per_step"),
            workers: try Field.messages(message.n_workers, message.workers, "workers") { (worker) throws(WireError) in
                try WorkerStatus(worker)
            },
            alarms: try Field.messages(message.n_alarms, message.alarms, "alarms") { (alarm) throws(WireError) in
                try Fault(alarm)
            },
            faults: try Field.messages(message.n_faults, message.faults, "faults") { (fault) throws(WireError) in
                try Fault(fault)
            },
            faultCount: try Field.number(message.has_fault_count, message.fault_count, "fault_count"))
    }
}

extension StageStatus {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__StageStatus> {
        let message = writer.new(wire__stage_status__init)
        (message.pointee.has_stage, message.pointee.stage) = writer.field(stage.rawValue)
        (message.pointee.has_units_done, message.pointee.units_done) = writer.field(unitsDone)
        (message.pointee.has_units_total, message.pointee.units_total) = writer.field(unitsTotal)
        (message.pointee.has_seconds, message.pointee.seconds) = writer.field(seconds)
        (message.pointee.has_rate, message.pointee.rate) = writer.field(rate)
        (message.pointee.has_eta_seconds, message.pointee.eta_seconds) = writer.field(etaSeconds)
        (message.pointee.has_counted, message.pointee.counted) = writer.field(counted)
        (message.pointee.has_done, message.pointee.done) = writer.field(done)
        (message.pointee.has_under_way, message.pointee.under_way) = writer.field(underWay)
        (message.pointee.has_total, message.pointee.total) = writer.field(total)
        return message
    }

    fileprivate init(_ message: Wire__StageStatus) throws(WireError) {
        self.init(
            stage: try Field.stage(message.has_stage, message.stage, "stage"),
            unitsDone: try Field.number(message.has_units_done, message.units_done, "units_done"),
            unitsTotal: try Field.number(message.has_units_total, message.units_total, "units_total"),
            counted: try Field.name(message.has_counted, message.counted, "counted"),
            done: try Field.number(message.has_done, message.done, "done"),
            underWay: try Field.number(message.has_under_way, message.under_way, "under_way"),
            total: try Field.number(message.has_total, message.total, "total"),
            seconds: try Field.measure(message.has_seconds, message.seconds, "seconds"),
            rate: try Field.optionalMeasure(message.has_rate, message.rate, "rate"),
            etaSeconds: try Field.optionalMeasure(message.has_eta_seconds, message.eta_seconds, "eta_seconds"))
    }
}

extension RunningScore {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__RunningScore> {
        let message = writer.new(wire__running_score__init)
        (message.pointee.has_stage, message.pointee.stage) = writer.field(stage.rawValue)
        message.pointee.channel = channel.write(writer)
        (message.pointee.has_items, message.pointee.items) = writer.field(items)
        (message.pointee.has_items_total, message.pointee.items_total) = writer.field(itemsTotal)
        (message.pointee.has_contrast, message.pointee.contrast) = writer.field(contrast)
        (message.pointee.has_metric, message.pointee.metric) = writer.field(metric)
        (message.pointee.has_mean, message.pointee.mean) = writer.field(mean)
        (message.pointee.has_low, message.pointee.low) = writer.field(low)
        (message.pointee.has_high, message.pointee.high) = writer.field(high)
        (message.pointee.has_better, message.pointee.better) = writer.field(better)
        (message.pointee.has_worse, message.pointee.worse) = writer.field(worse)
        (message.pointee.n_conditions, message.pointee.conditions) = writer.messages(conditions) { $0.write(writer) }
        return message
    }

    fileprivate init(_ message: Wire__RunningScore) throws(WireError) {
        self.init(
            stage: try Field.stage(message.has_stage, message.stage, "stage"),
            channel: try Channel(message.channel, "channel"),
            items: try Field.number(message.has_items, message.items, "items"),
            itemsTotal: try Field.number(message.has_items_total, message.items_total, "items_total"),
            contrast: try Field.name(message.has_contrast, message.contrast, "contrast"),
            metric: try Field.name(message.has_metric, message.metric, "metric"),
            mean: try Field.finite(message.has_mean, message.mean, "mean"),
            low: try Field.finite(message.has_low, message.low, "low"),
            high: try Field.finite(message.has_high, message.high, "high"),
            better: try Field.number(message.has_better, message.better, "better"),
            worse: try Field.number(message.has_worse, message.worse, "worse"),
            conditions: try Field.messages(message.n_conditions, message.conditions, "conditions") {
                (condition) throws(WireError) in
                try ConditionMean(condition)
            })
    }
}

extension RunningScore.ConditionMean {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__ConditionMean> {
        let message = writer.new(wire__condition_mean__init)
        (message.pointee.has_condition, message.pointee.condition) = writer.field(condition)
        (message.pointee.has_mean, message.pointee.mean) = writer.field(mean)
        (message.pointee.has_low, message.pointee.low) = writer.field(low)
        (message.pointee.has_high, message.pointee.high) = writer.field(high)
        return message
    }

    fileprivate init(_ message: Wire__ConditionMean) throws(WireError) {
        self.init(
            condition: try Field.name(message.has_condition, message.condition, "condition"),
            mean: try Field.finite(message.has_mean, message.mean, "mean"),
            low: try Field.finite(message.has_low, message.low, "low"),
            high: try Field.finite(message.has_high, message.high, "high"))
    }
}

extension WorkerStatus {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__WorkerStatus> {
        let message = writer.new(wire__worker_status__init)
        (message.pointee.has_worker, message.pointee.worker) = writer.field(worker)
        (message.pointee.has_host, message.pointee.host) = writer.field(host)
        (message.pointee.has_process_id, message.pointee.process_id) = writer.field(processID)
        (message.pointee.has_device_kind, message.pointee.device_kind) = writer.field(deviceKind.rawValue)
        (message.pointee.has_device, message.pointee.device) = writer.field(device)
        (message.pointee.has_state, message.pointee.state) = writer.field(state.code)
        (message.pointee.has_units_done, message.pointee.units_done) = writer.field(unitsDone)
        (message.pointee.has_leases, message.pointee.leases) = writer.field(leases)
        (message.pointee.has_rate, message.pointee.rate) = writer.field(rate)
        (message.pointee.has_last_heard_seconds, message.pointee.last_heard_seconds) = writer.field(lastHeardSeconds)
        (message.pointee.has_bytes_in, message.pointee.bytes_in) = writer.field(bytesIn)
        (message.pointee.has_bytes_out, message.pointee.bytes_out) = writer.field(bytesOut)
        (message.pointee.has_unit, message.pointee.unit) = writer.field(unit)
        (message.pointee.has_unit_share, message.pointee.unit_share) = writer.field(unitShare)
        (message.pointee.has_memory_bytes, message.pointee.memory_bytes) = writer.field(memoryBytes)
        return message
    }

    fileprivate init(_ message: Wire__WorkerStatus) throws(WireError) {
        self.init(
            worker: try Field.text(message.has_worker, message.worker, "worker"),
            host: try Field.text(message.has_host, message.host, "host"),
            processID: try Field.processID(message.has_process_id, message.process_id, "process_id"),
            deviceKind: DeviceKind(
                rawValue: try Field.text(message.has_device_kind, message.device_kind, "device_kind")),
            device: try Field.text(message.has_device, message.device, "device"),
            state: try Field.choice(message.has_state, message.state, "state"),
            unitsDone: try Field.number(message.has_units_done, message.units_done, "units_done"),
            leases: try Field.number(message.has_leases, message.leases, "leases"),
            unit: try Field.optionalName(message.has_unit, message.unit, "unit"),
            unitShare: try Field.optionalMeasure(message.has_unit_share, message.unit_share, "unit_share"),
            memoryBytes: message.has_memory_bytes == 0 ? nil : message.memory_bytes,
            rate: try Field.optionalMeasure(message.has_rate, message.rate, "rate"),
            lastHeardSeconds: try Field.measure(
                message.has_last_heard_seconds, message.last_heard_seconds, "last_heard_seconds"),
            bytesIn: try Field.value(message.has_bytes_in, message.bytes_in, "bytes_in"),
            bytesOut: try Field.value(message.has_bytes_out, message.bytes_out, "bytes_out"))
    }
}

extension Fault {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Fault> {
        let message = writer.new(wire__fault__init)
        (message.pointee.has_at_seconds, message.pointee.at_seconds) = writer.field(atSeconds)
        (message.pointee.has_worker, message.pointee.worker) = writer.field(worker)
        (message.pointee.has_what, message.pointee.what) = writer.field(what)
        return message
    }

    fileprivate init(_ message: Wire__Fault) throws(WireError) {
        self.init(
            atSeconds: try Field.measure(message.has_at_seconds, message.at_seconds, "at_seconds"),
            worker: try Field.optionalText(message.has_worker, message.worker, "worker"),
            what: try Field.text(message.has_what, message.what, "what"))
    }
}

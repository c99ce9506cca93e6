import CWireMessages
import Run

// Each enumeration as its wire code. Reading inverts these maps, so none of them may give the code 0.

extension InjectionOperation {
    var code: Wire__InjectionOperation {
        switch self {
        case .replace: WIRE__INJECTION_OPERATION__INJECTION_OPERATION_REPLACE
        case .sum: WIRE__INJECTION_OPERATION__INJECTION_OPERATION_SUM
        case .mean: WIRE__INJECTION_OPERATION__INJECTION_OPERATION_MEAN
        }
    }

    init(_ present: Presence, _ code: Wire__InjectionOperation, _ name: String) throws(WireError) {
        self = try Field.choice(present, code, name, among: Self.allCases) { $0.code }
    }
}

extension ComputePrecision {
    var code: Wire__ComputePrecision {
        switch self {
        case .float32: WIRE__COMPUTE_PRECISION__COMPUTE_PRECISION_FLOAT32
        case .bfloat16: WIRE__COMPUTE_PRECISION__COMPUTE_PRECISION_BFLOAT16
        }
    }

    init(_ present: Presence, _ code: Wire__ComputePrecision, _ name: String) throws(WireError) {
        self = try Field.choice(present, code, name, among: Self.allCases) { $0.code }
    }
}

extension ProjectionInitialization {
    var code: Wire__ProjectionInitialization {
        switch self {
        case .xavier: WIRE__PROJECTION_INITIALIZATION__PROJECTION_INITIALIZATION_XAVIER
        case .kaiming: WIRE__PROJECTION_INITIALIZATION__PROJECTION_INITIALIZATION_KAIMING
        }
    }

    init(_ present: Presence, _ code: Wire__ProjectionInitialization, _ name: String) throws(WireError) {
        self = try Field.choice(present, code, name, among: Self.allCases) { $0.code }
    }
}

extension EvaluationTask {
    var code: Wire__EvaluationTask {
        switch self {
        case .squad: WIRE__EVALUATION_TASK__EVALUATION_TASK_SQUAD
        case .gsm8k: WIRE__EVALUATION_TASK__EVALUATION_TASK_GSM8K
        }
    }

    init(_ present: Presence, _ code: Wire__EvaluationTask, _ name: String) throws(WireError) {
        self = try Field.choice(present, code, name, among: Self.allCases) { $0.code }
    }
}

extension Condition {
    var code: Wire__Condition {
        switch self {
        case .bFull: WIRE__CONDITION__CONDITION_B_FULL
        case .aFull: WIRE__CONDITION__CONDITION_A_FULL
        case .injected: WIRE__CONDITION__CONDITION_INJECTED
        case .random: WIRE__CONDITION__CONDITION_RANDOM
        case .shuffled: WIRE__CONDITION__CONDITION_SHUFFLED
        case .bPrompt: WIRE__CONDITION__CONDITION_B_PROMPT
        case .noContext: WIRE__CONDITION__CONDITION_NO_CONTEXT
        }
    }

    init(_ present: Presence, _ code: Wire__Condition, _ name: String) throws(WireError) {
        self = try Field.choice(present, code, name, among: Self.allCases) { $0.code }
    }
}

extension RunStatus.Phase {
    private static let all: [Self] = [.running, .stopping, .done, .failed]

    var code: Wire__RunPhase {
        switch self {
        case .running: WIRE__RUN_PHASE__RUN_PHASE_RUNNING
        case .stopping: WIRE__RUN_PHASE__RUN_PHASE_STOPPING
        case .done: WIRE__RUN_PHASE__RUN_PHASE_DONE
        case .failed: WIRE__RUN_PHASE__RUN_PHASE_FAILED
        }
    }

    init(_ present: Presence, _ code: Wire__RunPhase, _ name: String) throws(WireError) {
        self = try Field.choice(present, code, name, among: Self.all) { $0.code }
    }
}

extension WorkerStatus.State {
    private static let all: [Self] = [.loading, .idle, .working, .lost]

    var code: Wire__WorkerState {
        switch self {
        case .loading: WIRE__WORKER_STATE__WORKER_STATE_LOADING
        case .idle: WIRE__WORKER_STATE__WORKER_STATE_IDLE
        case .working: WIRE__WORKER_STATE__WORKER_STATE_WORKING
        case .lost: WIRE__WORKER_STATE__WORKER_STATE_LOST
        }
    }

    init(_ present: Presence, _ code: Wire__WorkerState, _ name: String) throws(WireError) {
        self = try Field.choice(present, code, name, among: Self.all) { $0.code }
    }
}

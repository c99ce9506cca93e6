import CWireMessages
import Run

/// An enumeration as its wire code. Reading inverts the map, so no case may have the code 0.
protocol WireEnumeration: RawRepresentable<String>, CaseIterable {
    associatedtype Code: RawRepresentable & Equatable
    var code: Code { get }
}

extension InjectionOperation: WireEnumeration {
    var code: Wire__InjectionOperation {
        switch self {
        case .replace: WIRE__INJECTION_OPERATION__INJECTION_OPERATION_REPLACE
        case .sum: WIRE__INJECTION_OPERATION__INJECTION_OPERATION_SUM
        case .mean: WIRE__INJECTION_OPERATION__INJECTION_OPERATION_MEAN
        }
    }
}

extension ComputeType: WireEnumeration {
    var code: Wire__ComputeType {
        switch self {
        case .float32: WIRE__COMPUTE_TYPE__COMPUTE_TYPE_FLOAT32
        case .bfloat16: WIRE__COMPUTE_TYPE__COMPUTE_TYPE_BFLOAT16
        }
    }
}

extension ProjectionInitialization: WireEnumeration {
    var code: Wire__ProjectionInitialization {
        switch self {
        case .xavier: WIRE__PROJECTION_INITIALIZATION__PROJECTION_INITIALIZATION_XAVIER
        case .kaiming: WIRE__PROJECTION_INITIALIZATION__PROJECTION_INITIALIZATION_KAIMING
        }
    }
}

extension ProjectionFit: WireEnumeration {
    var code: Wire__ProjectionFit {
        switch self {
        case .adam: WIRE__PROJECTION_FIT__PROJECTION_FIT_ADAM
        case .ridge: WIRE__PROJECTION_FIT__PROJECTION_FIT_RIDGE
        case .procrustes: WIRE__PROJECTION_FIT__PROJECTION_FIT_PROCRUSTES
        case .reducedRank: WIRE__PROJECTION_FIT__PROJECTION_FIT_REDUCED_RANK
        case .whitened: WIRE__PROJECTION_FIT__PROJECTION_FIT_WHITENED
        }
    }
}

extension ModelSide: WireEnumeration {
    var code: Wire__ModelSide {
        switch self {
        case .a: WIRE__MODEL_SIDE__MODEL_SIDE_A
        case .b: WIRE__MODEL_SIDE__MODEL_SIDE_B
        }
    }
}

extension ParityFigure: WireEnumeration {
    var code: Wire__ParityFigure {
        switch self {
        case .tokenIDs: WIRE__PARITY_FIGURE__PARITY_FIGURE_TOKEN_IDS
        case .decodedTexts: WIRE__PARITY_FIGURE__PARITY_FIGURE_DECODED_TEXTS
        case .streams: WIRE__PARITY_FIGURE__PARITY_FIGURE_RESIDUAL_STREAMS
        case .partialStreams: WIRE__PARITY_FIGURE__PARITY_FIGURE_PARTIAL_STREAMS
        case .logits: WIRE__PARITY_FIGURE__PARITY_FIGURE_LOGITS
        case .continuations: WIRE__PARITY_FIGURE__PARITY_FIGURE_GREEDY_CONTINUATIONS
        }
    }
}

extension RunStatus.Phase: WireEnumeration {
    var code: Wire__RunPhase {
        switch self {
        case .running: WIRE__RUN_PHASE__RUN_PHASE_RUNNING
        case .stopping: WIRE__RUN_PHASE__RUN_PHASE_STOPPING
        case .done: WIRE__RUN_PHASE__RUN_PHASE_DONE
        case .failed: WIRE__RUN_PHASE__RUN_PHASE_FAILED
        case .interrupted: WIRE__RUN_PHASE__RUN_PHASE_INTERRUPTED
        }
    }
}

extension WorkerStatus.State: WireEnumeration {
    var code: Wire__WorkerState {
        switch self {
        case .loading: WIRE__WORKER_STATE__WORKER_STATE_LOADING
        case .idle: WIRE__WORKER_STATE__WORKER_STATE_IDLE
        case .working: WIRE__WORKER_STATE__WORKER_STATE_WORKING
        case .lost: WIRE__WORKER_STATE__WORKER_STATE_LOST
        }
    }
}

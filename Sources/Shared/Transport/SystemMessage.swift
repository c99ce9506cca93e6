import CZMQ

/// The text of an errno of the system or of libzmq.
func systemMessage(_ code: Int32) -> String {
    zmq_strerror(code).map { String(cString: $0) } ?? "error \(code)"
}

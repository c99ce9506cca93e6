import Foundation

/// Errors of the system, said in a line: what Foundation spreads over domains, codes and dictionaries.
package enum SystemFailure {
    /// The error's own description; of one of the system's the file and the reason, such as
    /// `/var/runs: Permission denied`.
    package static func text(of error: any Error) -> String {
        guard isOfSystem(error) else { return String(describing: error) }
        let path = (error as? CocoaError).flatMap { $0.filePath ?? $0.url?.path }
        return (path.map { $0 + ": " } ?? "") + reason(of: error)
    }

    /// The reason alone.
    package static func reason(of error: any Error) -> String {
        if let code = posixCode(of: error) { return String(cString: strerror(code)) }
        return isOfSystem(error) ? error.localizedDescription : String(describing: error)
    }

    /// Every error can be had as an NSError; those that are one come from Foundation.
    private static func isOfSystem(_ error: any Error) -> Bool {
        error is CocoaError || error is POSIXError || type(of: error) == NSError.self
    }

    private static func posixCode(of error: any Error) -> Int32? {
        // A cast to CocoaError does not ask for the domain.
        let plain = error as NSError
        if plain.domain == NSPOSIXErrorDomain { return Int32(exactly: plain.code) }
        return (error as? CocoaError)?.underlying.flatMap(posixCode)
    }
}

import Foundation

/// A library that is opened at run time, and stays open.
package struct DynamicLibrary: @unchecked Sendable {  // a handle that nobody closes
    package let path: String
    private let handle: UnsafeMutableRawPointer

    /// Why a library cannot be opened, in the loader's words.
    package struct Failure: Error {
        package let reason: String
    }

    /// - Parameter path: a file, or a name that the system's loader looks for.
    package init(_ path: String) throws(Failure) {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw Failure(reason: dlerror().map { String(cString: $0) } ?? path)
        }
        self.path = path
        self.handle = handle
    }

    /// The function `name`, of the C type that the caller knows it to have.
    package func function<T>(_ name: String, _ type: T.Type = T.self) throws(Failure) -> T {
        guard let address = dlsym(handle, name) else { throw Failure(reason: "\(path) has no \(name)") }
        return unsafeBitCast(address, to: type)
    }
}

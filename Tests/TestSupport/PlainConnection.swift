import Foundation
import Glibc

/// A TCP connection to this machine that speaks no protocol: bytes of the test's own, or none.
package final class PlainConnection {
    private let descriptor: Int32

    package struct Refused: Error {
        package let endpoint: String
        package let code: Int32
    }

    /// - Parameter endpoint: `tcp://…:PORT`, of which the port counts.
    package init(_ endpoint: String) throws {
        guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Refused(endpoint: endpoint, code: EINVAL)
        }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Refused(endpoint: endpoint, code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code != 0 else { return }
        // What a signal interrupts goes on by itself.
        guard errno == EINTR else { throw Refused(endpoint: endpoint, code: errno) }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while poll(&waiting, 1, -1) < 0, errno == EINTR {}
        var (flaw, size): (Int32, socklen_t) = (0, socklen_t(MemoryLayout<Int32>.size))
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &flaw, &size)
        guard flaw == 0 else { throw Refused(endpoint: endpoint, code: flaw) }
    }

    deinit { close(descriptor) }

    /// Sends all of it; where the other side hangs up, no more.
    package func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Whether the other side closes the connection within so many seconds of silence.
    package func isHungUpOn(within seconds: Int) -> Bool {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let received = recv(descriptor, &buffer, buffer.count, 0)
            if received <= 0 { return received == 0 || errno == ECONNRESET }
        }
    }
}

import CoordinatorControl
import Foundation
import Run
import Transport
import Wire

/// The sockets that workers come by: a private one for those that this coordinator starts, and one at the address
/// where it was told to listen, with keys where there are any.
///
/// Belongs to the loop. A connection is known by its socket and the identity that the socket gave it.
final class WorkerSockets {
    private var sockets: [RouterSocket] = []
    private var privateFolder: URL?
    /// Called with whole messages, and where they come from.
    var onMessage: (PeerID, [Frame]) -> Void = { _, _ in }
    /// Called with what befalls a connection; its identity where that is known.
    var onEvent: (PeerID?, SocketEvent) -> Void = { _, _ in }

    /// Where local workers connect, if any may.
    private(set) var privateEndpoint: Endpoint?
    /// Where workers from elsewhere connect, if any may.
    private(set) var publicEndpoint: Endpoint?

    /// Opens the sockets.
    /// - Parameters:
    ///   - listen: the address for workers from elsewhere.
    ///   - hasLocalWorkers: whether there is to be a private socket.
    ///   - maximumFrameBytes: the largest frame that a worker may send.
    ///   - maximumConnections: at each of the sockets.
    func open(
        on loop: MessageLoop, listen: Endpoint?, hasLocalWorkers: Bool, keys: ServerKeys?, maximumFrameBytes: Int,
        maximumConnections: Int
    ) throws {
        var options = SocketOptions()
        options.maximumFrameBytes = maximumFrameBytes
        options.maximumFrames = MessageLimits.frames
        // A worker says little that is not an answer; what it says beyond this waits on its own side.
        options.receiveHighWaterMark = 64
        options.introductionTimeout = .seconds(30)
        options.maximumConnections = maximumConnections
        if hasLocalWorkers || listen == nil {
            let socket = try loop.bindRouter(to: makePrivateEndpoint(), options: options)
            privateEndpoint = socket.endpoint
            attach(socket)
        }
        if let listen {
            options.security =
                keys.map { .curveServer($0.own) } ?? SocketOptions.securityWithoutKeys(listen, listens: true)
            let socket = try loop.bindRouter(to: listen, options: options)
            publicEndpoint = socket.endpoint
            attach(socket)
        }
    }

    /// Removes the private socket's folder.
    func removeFolder() {
        if let privateFolder { try? FileManager.default.removeItem(at: privateFolder) }
    }

    func send(_ frames: [Frame], to peer: PeerID) throws {
        guard let index = peer.bytes.first.map(Int.init), sockets.indices.contains(index) else { return }
        try sockets[index].send(frames, to: Peer(Array(peer.bytes.dropFirst())))
    }

    /// Closes the connections of keys that are not admitted any more.
    func closeConnections(unless isAdmitted: (String) -> Bool) {
        for socket in sockets where socket.endpoint == publicEndpoint {
            socket.closeConnections(unless: isAdmitted)
        }
    }

    /// Closes a connection that a message of the peer's came by.
    func close(_ connection: Connection, of peer: PeerID) {
        guard let index = peer.bytes.first.map(Int.init), sockets.indices.contains(index) else { return }
        sockets[index].close(connection)
    }

    private func attach(_ socket: RouterSocket) {
        let index = UInt8(sockets.count)
        let isPrivate = socket.endpoint == privateEndpoint
        func id(_ peer: Peer) -> PeerID { PeerID([index] + peer.bytes, isPrivate: isPrivate) }
        socket.onReceive { [unowned self] peer, frames in onMessage(id(peer), frames) }
        socket.onEvent { [unowned self] event in
            switch event {
            case .unreachable(let peer, _): onEvent(id(peer), event)
            case .messageRefused(let peer?, _, _, _): onEvent(id(peer), event)
            default: onEvent(nil, event)
            }
        }
        sockets.append(socket)
    }

    private func makePrivateEndpoint() throws -> Endpoint {
        let folder = try PrivateFolder.make()
        privateFolder = folder
        return try Endpoint("ipc://\(folder.path)/workers")
    }

    /// Makes the private socket again where somebody has cleared the folder that it was in.
    /// - Returns: whether it was gone.
    func restorePrivateEndpoint() -> Bool {
        guard let privateFolder, let socket = sockets.first, socket.endpoint == privateEndpoint else { return false }
        var status = stat()
        guard lstat(privateFolder.appendingPathComponent("workers").path, &status) != 0 else { return false }
        try? PrivateFolder.create(privateFolder)
        socket.listenAnew()
        return true
    }
}

extension SocketEvent {
    /// Who was turned away by the socket itself, and why; nil where the event says nothing of the kind, or the
    /// admission of keys has told it already.
    var turnedAway: (address: String, reason: String)? {
        switch self {
        case .handshakeFailed(.notAdmitted, _): nil
        case .handshakeFailed(let failure, let address):
            (address ?? "a peer that had gone before its address was read", failure.reason)
        case .acceptFailed: ("a peer", "\(self)")
        case .silent(_, let address), .crowded(_, let address): (address ?? "a peer", "it connected and said nothing")
        default: nil
        }
    }
}

extension HandshakeFailure {
    fileprivate var reason: String {
        switch self {
        case .connectionLost: "it broke off before it had introduced itself"
        case .wrongKey: "it takes this coordinator for one with another key"
        case .mechanismMismatch: "it came without keys, or with keys where none are used"
        case .protocolError, .notAdmitted: "what it sent is no greeting of a worker's"
        }
    }
}

extension RunInputs {
    /// The largest frame, in bytes, that a worker of this run has reason to send: a header, a gradient or block of W
    /// with Adam's state, the activations of a unit's texts at one site, or the sums of closed forms.
    var largestFrame: Int {
        let float = MemoryLayout<Float>.size
        let texts = max(Self.textsPerUnit, configuration.training.shardRows)
        let w = dimensionA.multipliedReportingOverflow(by: dimensionB)
        let block = w.partialValue.multipliedReportingOverflow(by: 4 * float)
        let unit = texts.multipliedReportingOverflow(by: max(dimensionA, dimensionB) * float)
        guard !w.overflow, !block.overflow, !unit.overflow else { return MessageLimits.tensorBytes }
        let sums = sumsParts.reduce(0) { max($0, $1.count * MemoryLayout<Double>.size) }
        return min(
            MessageLimits.tensorBytes, max(WireLimits.headerBytes, block.partialValue, unit.partialValue, sums))
    }
}

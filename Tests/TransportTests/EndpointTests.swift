import Testing

@testable import Transport

struct EndpointTests {
    @Test(arguments: [
        ("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555", true),
        ("tcp://127.9.9.9:1", "tcp://127.9.9.9:1", true),
        ("tcp://localhost:65535", "tcp://127.0.0.1:65535", true),
        ("tcp://127.0.0.1:*", "tcp://127.0.0.1:*", true),
        ("tcp://[::1]:80", "tcp://[::1]:80", true),
        ("tcp://[0:0:0:0:0:0:0:1]:80", "tcp://[::1]:80", true),
        ("ipc:///tmp/a b", "ipc:///tmp/a b", true),
        ("ipc://relative", "ipc://relative", true),
        ("tcp://*:5555", "tcp://*:5555", false),
        ("tcp://0.0.0.0:5555", "tcp://0.0.0.0:5555", false),
        ("tcp://10.0.0.1:5555", "tcp://10.0.0.1:5555", false),
        ("tcp://[::]:5555", "tcp://[::]:5555", false),
        ("tcp://[fe80::1]:5555", "tcp://[fe80::1]:5555", false),
        ("tcp://gpu-3.example.org:5555", "tcp://gpu-3.example.org:5555", false),
        ("tcp://127.0.0.1.example.org:5555", "tcp://127.0.0.1.example.org:5555", false),
        ("tcp://localhost.example.org:5555", "tcp://localhost.example.org:5555", false),
    ])
    func `an endpoint is read, and knows who can reach it`(text: String, normal: String, isLocal: Bool) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint.text == normal)
        #expect(endpoint.isLocalOnly == isLocal)
    }

    @Test(arguments: [
        "", "127.0.0.1:5555", "tcp://", "tcp://127.0.0.1", "tcp://:5555", "tcp://127.0.0.1:", "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:+5", "tcp://127.0.0.1:١", "tcp://1.2.3:5",
        "tcp://256.0.0.1:5", "tcp://::1:5555", "tcp://[::1:5555", "tcp://[::1]x:5555", "tcp://[127.0.0.1]:5",
        "tcp://eth0;10.0.0.1:5555", "tcp://host name:5", "tcp://host/:5", "udp://127.0.0.1:5", "inproc://a", "ipc://",
        "ipc://*", "ipc://@abstract", "ipc://a\nb", "ipc://" + String(repeating: "a", count: 108),
        "TCP://127.0.0.1:5555",
    ])
    func `other text is refused in one line`(text: String) {
        let error = #expect(throws: TransportError.self) { try Endpoint(text) }
        #expect(error?.description.contains("\n") == false)
    }
}

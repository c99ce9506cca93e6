import CoordinatorHost
import CoordinatorPage

/// The live page of a coordinator under load, in its process as `coordinator run --page` has it.
struct LoadPage {
    private let feed = PageFeed()
    private let server: PageServer
    private let following: Task<Void, Never>
    let address: PageAddress

    init(of run: RunServer) async throws {
        server = PageServer(at: PageAddress(host: "127.0.0.1", port: 0), token: nil, feed: feed, title: "load")
        address = try await server.start()
        following = Task { [feed] in await feed.follow { await run.toldStatus() } }
    }

    /// Returns when so many look.
    func wait(for viewers: Int) async throws {
        let limit = ContinuousClock.now + .seconds(30)
        while feed.counts.viewers < viewers {
            guard ContinuousClock.now < limit else {
                throw BenchmarkFailure(description: "\(feed.counts.viewers) of \(viewers) viewers came")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func end() async {
        following.cancel()
        await following.value
        await server.stop(within: 0)
    }
}

import Console
import CoordinatorHost
import CoordinatorPage
import Foundation
import Reports

/// The live page beside a run: every second it is shown what the run does, whether anybody looks or not.
struct LivePage {
    private let feed: PageFeed
    private let server: PageServer
    /// Where it is.
    let address: PageAddress

    /// Ports after the usual one that are tried where nobody chose one.
    private static let otherPorts = 16

    /// Serves the page that the arguments ask for.
    /// - Parameter place: `--page`; the usual address where it has no value.
    /// - Throws: ``PageError``.
    static func open(_ place: String, tokenFile: String?, title: String) async throws -> LivePage {
        let isChosen = place != PageAddress.standard.description
        let wanted = try PageAddress(place)
        let token = try PageToken.read(file: tokenFile, environment: ProcessInfo.processInfo.environment)
        guard wanted.isLocalOnly || token != nil else { throw PageError.noToken(wanted) }
        let feed = PageFeed()
        var address = wanted
        while true {
            let server = PageServer(at: address, token: token, feed: feed, title: title)
            do {
                return LivePage(feed: feed, server: server, address: try await server.start())
            } catch {
                await server.stop(within: 0)
                guard !isChosen, address.port < wanted.port + Self.otherPorts else { throw error }
                address.port += 1
            }
        }
    }

    /// Shows the run until the task is cancelled.
    func follow(_ host: RunServer) async { await feed.follow { await host.toldStatus() } }

    /// Shows how the run ended, and its report where there is one, to those who look; then nobody is served any more.
    func end(_ host: RunServer, in folder: RunFolder) async {
        let status = await host.toldStatus()
        let report = status.phase == .done ? try? folder.read(RunReport.pageFile, limit: 1 << 30) : nil
        feed.publish(status, report: report)
        await server.stop()
    }
}

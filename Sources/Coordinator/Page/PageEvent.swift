import Foundation
import Messaging
import Wire

/// What the page is told: the status as everybody is told it, as much of it as the page shows, how the run came there,
/// and whether the report is there.
struct PageEvent {
    var shown: ShownStatus
    var history: PageHistory
    var hasReport: Bool

    /// One event of a stream: a line of JSON.
    var bytes: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let history = (try? encoder.encode(history)) ?? Data("{}".utf8)
        let text =
            #"data: {"status":"# + StatusDocument(.status(shown.status)).json + #","history":"#
            + String(decoding: history, as: UTF8.self) + #","report":\#(hasReport),"workers_left_out":"#
            + "\(shown.workersLeftOut)}\n\n"
        return Data(text.utf8)
    }
}

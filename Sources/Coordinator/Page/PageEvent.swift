import Foundation
import Messaging
import Run
import Wire

/// What the page is told: the status as everybody is told it, how the run came there, and whether the report is there.
struct PageEvent {
    var status: RunStatus
    var history: PageHistory
    var hasReport: Bool

    /// One event of a stream: a line of JSON.
    var bytes: Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let history = (try? encoder.encode(history)) ?? Data("{}".utf8)
        let text =
            #"data: {"status":"# + StatusDocument(.status(status)).json + #","history":"#
            + String(decoding: history, as: UTF8.self) + #","report":\#(hasReport)}"# + "\n\n"
        return Data(text.utf8)
    }
}
